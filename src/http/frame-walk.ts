// Where the frames of a WebSocket end (RFC 6455, 5.2), and nothing else of them: between two frames the gateway can say a
// word of its own.

/** Two bytes, a length of up to eight, a mask of four. */
const MAX_HEAD = 14;
const MASKED = 0x80;
const LENGTH = 0x7f;

export class FrameWalk {
  readonly #head = Buffer.alloc(MAX_HEAD);
  /** Bytes of a head that is not whole yet. */
  #known = 0;
  /** Bytes of the payload that are still to come. */
  #left = 0;

  /** Nothing of a frame is open. */
  get isBetween(): boolean {
    return this.#known === 0 && this.#left === 0;
  }

  /** Walks over all of it. */
  pass(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) at = this.toEnd(chunk, at);
  }

  /** Walks on to the end of the frame, or of the chunk when that comes first; returns how far. */
  toEnd(chunk: Buffer, from = 0): number {
    let at = from;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, chunk.length - at);
        this.#left -= step;
        at += step;
        if (this.#left === 0) return at;
        continue;
      }
      this.#head[this.#known++] = chunk[at++] as number;
      if (this.#known < headLength(this.#head, this.#known)) continue;
      this.#left = payloadLength(this.#head);
      this.#known = 0;
      if (this.#left === 0) return at;
    }
    return at;
  }
}

function headLength(head: Buffer, known: number): number {
  if (known < 2) return 2;
  const second = head[1] as number;
  const length = second & LENGTH;
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + (second & MASKED ? 4 : 0);
}

function payloadLength(head: Buffer): number {
  const length = (head[1] as number) & LENGTH;
  if (length === 126) return head.readUInt16BE(2);
  // More than a number can say exactly: nobody will see its end.
  return length === 127 ? Number(head.readBigUInt64BE(2)) : length;
}

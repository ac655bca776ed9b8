// The messages of a gRPC call on their way to the backend: each is held until it is whole and the rules have seen it,
// and no longer, since either side may wait for the other before it goes on. At most the bound and one chunk in memory.
import type { GatehouseError } from '../base/errors.ts';
import type { BodySink, BodySource } from '../http/body.ts';

/** Flag and length (gRPC over HTTP/2, Length-Prefixed-Message). */
const PREFIX_BYTES = 5;
const EMPTY = Buffer.alloc(0);

/** What is made of a message with its prefix, or of its beginning: undefined, or why the call ends here. */
export type Judge = (message: Buffer, isLonger: boolean) => GatehouseError | undefined;

export class MessageWatch implements BodySource, BodySink {
  readonly length: number | undefined = undefined;
  readonly #source: BodySource;
  readonly #inspectBytes: number;
  readonly #judge: Judge;
  #sink: BodySink | undefined;
  #held: Buffer = EMPTY;
  /** Bytes that still belong to a message whose beginning was looked at. */
  #passing = 0;

  /** `inspectBytes`: how much of a message is looked at. */
  constructor(source: BodySource, inspectBytes: number, judge: Judge) {
    this.#source = source;
    this.#inspectBytes = inspectBytes;
    this.#judge = judge;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    this.#source.start(this);
  }

  resume(): void {
    this.#source.resume();
  }

  cancel(): void {
    this.#sink = undefined;
    this.#held = EMPTY;
    this.#source.cancel();
  }

  write(chunk: Uint8Array): boolean {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const length = this.#seenLength();
    if (length === 0 || this.#sink === undefined) return true;
    const seen = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return this.#sink.write(seen);
  }

  end(trailers: readonly string[]): void {
    const rest = this.#held;
    this.#held = EMPTY;
    if (rest.length > 0) {
      // A message that is cut off; the backend decides what it makes of it.
      if (this.#refuses(rest, true)) return;
      this.#sink?.write(rest);
    }
    this.#sink?.end(trailers);
  }

  fail(error: GatehouseError): void {
    this.#sink?.fail(error);
  }

  /** How many of the held bytes may go on: whole messages that were looked at, and the rest of a longer one. */
  #seenLength(): number {
    let seen = 0;
    while (seen < this.#held.length) {
      if (this.#passing > 0) {
        const rest = Math.min(this.#passing, this.#held.length - seen);
        this.#passing -= rest;
        seen += rest;
        continue;
      }
      const length = this.#messageLength(seen);
      if (length === undefined) break;
      const end = Math.min(seen + length, seen + this.#inspectBytes);
      if (this.#held.length < end) break;
      const isLonger = end < seen + length;
      if (this.#refuses(this.#held.subarray(seen, end), isLonger)) return 0;
      this.#passing = seen + length - end;
      seen = end;
    }
    return seen;
  }

  /** undefined: not known yet. What has no such prefix is taken as it comes. */
  #messageLength(at: number): number | undefined {
    const left = this.#held.length - at;
    if ((this.#held[at] as number) > 1) return left;
    return left < PREFIX_BYTES ? undefined : PREFIX_BYTES + this.#held.readUInt32BE(at + 1);
  }

  #refuses(message: Buffer, isLonger: boolean): boolean {
    const error = this.#judge(message, isLonger);
    if (error === undefined) return false;
    const sink = this.#sink;
    this.cancel();
    sink?.fail(error);
    return true;
  }
}

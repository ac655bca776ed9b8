// The body bytes of one read as one piece: a read of many small chunks is one write to the sink, and
// the common single span is a view of the read and no copy.

export class Gather {
  #input: Buffer | undefined;
  #from = 0;
  #to = 0;
  /** In use from the second span on. */
  #joined: Buffer | undefined;
  #length = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  add(input: Buffer, from: number, to: number): void {
    if (this.#input === undefined) {
      this.#input = input;
      this.#from = from;
      this.#to = to;
    } else {
      this.#joined ??= this.#startJoined(this.#input);
      input.copy(this.#joined, this.#length, from, to);
    }
    this.#length += to - from;
  }

  /** Hands the bytes over and is empty again. `mustCopy`: the piece may not be a view of the read. */
  take(mustCopy: boolean): Buffer {
    const input = this.#input as Buffer;
    let piece: Buffer;
    if (this.#joined !== undefined) piece = this.#joined.subarray(0, this.#length);
    else if (mustCopy) piece = copyOf(input, this.#from, this.#to);
    else piece = input.subarray(this.#from, this.#to);
    this.#input = undefined;
    this.#joined = undefined;
    this.#length = 0;
    return piece;
  }

  /** All spans are of one read, so they never need more room than is left of it. */
  #startJoined(input: Buffer): Buffer {
    const joined = Buffer.allocUnsafe(input.length - this.#from);
    input.copy(joined, 0, this.#from, this.#to);
    return joined;
  }
}

function copyOf(input: Buffer, from: number, to: number): Buffer {
  const copy = Buffer.allocUnsafe(to - from);
  input.copy(copy, 0, from, to);
  return copy;
}

// The body bytes of one read as one piece: a read of many small chunks is one write to the sink, and
// the common single span is a view of the read and no copy.
import type { Release } from '../../http/body.ts';
import { lendSlab, SLAB_BYTES, type Slab } from './slabs.ts';

/** Less than this is not worth a slab. */
const MIN_LENT_BYTES = SLAB_BYTES / 2;

export class Gather {
  /** Of the piece that was lent last: to be called when its bytes are written; undefined: nobody waits for it. */
  release: Release | undefined;
  #input: Buffer | undefined;
  #from = 0;
  #to = 0;
  /** In use from the second span on. */
  #joined: Buffer | undefined;
  /** Where `joined` is one. */
  #slab: Slab | undefined;
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
    if (this.#slab !== undefined) {
      piece = copyOf(this.#slab.bytes, 0, this.#length);
      this.#slab.release();
    } else if (this.#joined !== undefined) piece = this.#joined.subarray(0, this.#length);
    else if (mustCopy) piece = copyOf(input, this.#from, this.#to);
    else piece = input.subarray(this.#from, this.#to);
    this.#clear();
    return piece;
  }

  /** The same, and where `release` is set the piece is overwritten after that is called. */
  lend(mustCopy: boolean): Buffer {
    const length = this.#length;
    if (mustCopy && this.#joined === undefined && isWorthSlab(length)) {
      this.#slab = lendSlab();
      (this.#input as Buffer).copy(this.#slab.bytes, 0, this.#from, this.#to);
    }
    this.release = this.#slab?.release;
    if (this.#slab === undefined) return this.take(mustCopy);
    const piece = this.#slab.bytes.subarray(0, length);
    this.#clear();
    return piece;
  }

  #clear(): void {
    this.#input = undefined;
    this.#joined = undefined;
    this.#slab = undefined;
    this.#length = 0;
  }

  /** All spans are of one read, so they never need more room than is left of it. */
  #startJoined(input: Buffer): Buffer {
    const room = input.length - this.#from;
    if (isWorthSlab(room)) this.#slab = lendSlab();
    const joined = this.#slab?.bytes ?? Buffer.allocUnsafe(room);
    input.copy(joined, 0, this.#from, this.#to);
    return joined;
  }
}

function isWorthSlab(bytes: number): boolean {
  return bytes >= MIN_LENT_BYTES && bytes <= SLAB_BYTES;
}

function copyOf(input: Buffer, from: number, to: number): Buffer {
  const copy = Buffer.allocUnsafe(to - from);
  input.copy(copy, 0, from, to);
  return copy;
}

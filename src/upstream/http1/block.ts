// Finds the lines of a head or of trailers up to their empty line. The common case, all of it in one
// read, is a search and no copy; parts that come in pieces are kept, checked as they come, and bounded.
import { CLASSES, CR, LF, VALUE } from './syntax.ts';

/** More bytes are needed. */
export const INCOMPLETE = -1;
/** The lines are longer than allowed. */
export const TOO_LONG = -2;
/** A byte that no line may hold, a bare CR or a bare LF. */
export const MALFORMED = -3;

const BLANK_LINE = Buffer.from('\r\n\r\n', 'latin1');
const NOTHING = Buffer.alloc(0);
const FIRST_KEPT_BYTES = 1024;

export class BlockReader {
  /** Holds the block from `start` to `end`, blank line included, after `take` has answered with a position. */
  bytes: Buffer = NOTHING;
  start = 0;
  end = 0;
  #kept: Buffer = NOTHING;
  #keptLength = 0;

  /** True between the first byte of a block and its last. */
  get hasPart(): boolean {
    return this.#keptLength > 0;
  }

  /** The bytes of a block that is not whole yet; a view. */
  get part(): Buffer {
    return this.#kept.subarray(0, this.#keptLength);
  }

  /** Takes bytes from `at` on. Answers where the block ends in `input`, or one of the constants above. */
  take(input: Buffer, at: number, maxBytes: number): number {
    if (this.#keptLength > 0) return this.#takeMore(input, at, maxBytes);
    const blank = input.indexOf(BLANK_LINE, at);
    if (blank === -1) return this.#keep(input, at, maxBytes);
    this.bytes = input;
    this.start = at;
    this.end = blank + BLANK_LINE.length;
    return this.end - at > maxBytes ? TOO_LONG : this.end;
  }

  /** Lets go of the bytes, so that an idle connection holds no memory. */
  release(): void {
    this.bytes = NOTHING;
    this.#kept = NOTHING;
    this.#keptLength = 0;
  }

  #takeMore(input: Buffer, at: number, maxBytes: number): number {
    const before = this.#keptLength;
    const state = this.#keep(input, at, maxBytes);
    const blank = this.part.indexOf(BLANK_LINE, Math.max(0, before - BLANK_LINE.length + 1));
    if (blank === -1) return state;
    this.bytes = this.#kept;
    this.start = 0;
    this.end = blank + BLANK_LINE.length;
    this.#kept = NOTHING;
    this.#keptLength = 0;
    return at + this.end - before;
  }

  #keep(input: Buffer, at: number, maxBytes: number): number {
    const before = this.#keptLength;
    const taken = Math.min(input.length - at, maxBytes - before);
    const length = before + taken;
    if (length > this.#kept.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(maxBytes, Math.max(FIRST_KEPT_BYTES, length * 2)));
      this.#kept.copy(grown, 0, 0, before);
      this.#kept = grown;
    }
    input.copy(this.#kept, before, at, at + taken);
    this.#keptLength = length;
    if (!isPlausible(this.#kept, before, length)) return MALFORMED;
    return length === maxBytes ? TOO_LONG : INCOMPLETE;
  }
}

/**
 * Whether the new bytes can be part of lines that end in CRLF. Without this check a backend that ends
 * lines with a bare LF would keep us waiting for a blank line that never comes.
 */
function isPlausible(bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i += 1) {
    const byte = bytes[i] as number;
    const afterCr = i > 0 && bytes[i - 1] === CR;
    if (afterCr ? byte !== LF : byte !== CR && ((CLASSES[byte] as number) & VALUE) === 0) return false;
  }
  return true;
}

// What the scan said of values that came before. Bounded: two generations, and the older one is dropped whole.
import type { Hits } from './field.ts';

/** Entries of one generation. */
const MAX_ENTRIES = 2_000;
/** Longer values hardly ever repeat. */
const MAX_VALUE_LENGTH = 512;
/** Places of the doorkeeper, a power of two. */
const DOORKEEPER_SIZE = 8_192;

export class ValueCache {
  #young = new Map<string, Hits>();
  #old = new Map<string, Hits>();
  /** Prints of values seen once: only what comes again is kept, so that a flood of new values costs next to nothing. */
  readonly #seen = new Uint16Array(DOORKEEPER_SIZE);

  get(value: string): Hits | undefined {
    if (value.length > MAX_VALUE_LENGTH) return undefined;
    const young = this.#young.get(value);
    if (young !== undefined) return young;
    const old = this.#old.get(value);
    if (old !== undefined) this.#keep(value, old);
    return old;
  }

  set(value: string, hits: Hits): void {
    if (value.length > MAX_VALUE_LENGTH) return;
    const print = printOf(value);
    const place = print & (DOORKEEPER_SIZE - 1);
    const mark = (print >>> 13) & 0xffff;
    if (this.#seen[place] !== mark) {
      this.#seen[place] = mark;
      return;
    }
    // A copy: a slice would keep the whole body alive that it was cut from.
    this.#keep(Buffer.from(value, 'latin1').toString('latin1'), hits);
  }

  #keep(value: string, hits: Hits): void {
    if (this.#young.size >= MAX_ENTRIES) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(value, hits);
  }
}

/** A rough print of a value from a few of its bytes; a false meeting only keeps a value too early. */
function printOf(value: string): number {
  const { length } = value;
  const step = 1 + (length >> 4);
  let print = length;
  for (let i = 0; i < length; i += step) print = (Math.imul(print, 31) + value.charCodeAt(i)) | 0;
  return Math.imul(print ^ (print >>> 15), 0x2c1b3c6d) >>> 0;
}

// What the scan said of values that came before. Bounded: when it is full it begins anew.
import type { Hits } from './field.ts';

const MAX_ENTRIES = 4_000;
/** Longer values hardly ever repeat. */
const MAX_VALUE_LENGTH = 512;
/** Places of the doorkeeper, a power of two. */
const DOORKEEPER_SIZE = 8_192;
/** Bits of a print by which a value has its place in front. */
const FRONT_BITS = 6;

interface Entry {
  readonly value: string;
  readonly hits: Hits;
}

export class ValueCache {
  /** What came last, by print: a few headers make up most of what comes again, and need no hash to be found. */
  readonly #front: (Entry | undefined)[] = Array.from({ length: 1 << FRONT_BITS }, () => undefined);
  readonly #known = new Map<string, Entry>();
  /** Prints of values seen once: only what comes again is kept, so that a flood of new values costs next to nothing. */
  readonly #seen = new Uint16Array(DOORKEEPER_SIZE);

  /** Whether the value asked for last was seen before, and so may be kept. */
  #isKnownPrint = false;

  get(value: string): Hits | undefined {
    if (value.length > MAX_VALUE_LENGTH) {
      this.#isKnownPrint = false;
      return undefined;
    }
    const print = printOf(value);
    const near = print >>> (32 - FRONT_BITS);
    const last = this.#front[near];
    if (last !== undefined && last.value === value) return last.hits;
    const place = print & (DOORKEEPER_SIZE - 1);
    const mark = (print >>> 13) & 0xffff;
    this.#isKnownPrint = this.#seen[place] === mark;
    if (!this.#isKnownPrint) {
      this.#seen[place] = mark;
      return undefined;
    }
    const entry = this.#known.get(value);
    if (entry !== undefined) this.#front[near] = entry;
    return entry?.hits;
  }

  /** Keeps what was found for the value that was asked for last. */
  set(value: string, hits: Hits): void {
    if (!this.#isKnownPrint) return;
    if (this.#known.size >= MAX_ENTRIES) this.#known.clear();
    // A copy: a slice would keep the whole body alive that it was cut from.
    const copy = Buffer.from(value, 'latin1').toString('latin1');
    this.#known.set(copy, { value: copy, hits });
  }
}

/** A rough print of a value from a few of its bytes; a false meeting only keeps a value too early. */
function printOf(value: string): number {
  const { length } = value;
  if (length === 0) return 0;
  const last = length - 1;
  let print = Math.imul(length, 0x9e3779b1) ^ value.charCodeAt(last);
  print = Math.imul(print ^ value.charCodeAt(0), 0x85ebca6b);
  print = Math.imul(print ^ value.charCodeAt(last >> 1), 0xc2b2ae35) ^ (print >>> 13);
  print = Math.imul(print ^ value.charCodeAt(last >> 2), 0x27d4eb2f) ^ (print >>> 15);
  print = Math.imul(print ^ value.charCodeAt(last - (last >> 2)), 0x165667b1) ^ (print >>> 13);
  return Math.imul(print ^ value.charCodeAt(last - (last >> 3)), 0x2c1b3c6d) >>> 0;
}

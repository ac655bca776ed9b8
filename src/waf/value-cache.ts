// What the scan said of values that came before. Bounded: each value has one place, and a later one may take it.
import type { Hits } from './field.ts';

/** A power of two. */
const PLACES = 4_096;
/** Longer values hardly ever repeat. */
const MAX_VALUE_LENGTH = 512;
/** Places of the doorkeeper, a power of two. */
const DOORKEEPER_SIZE = 8_192;

export class ValueCache {
  /** By place: a value, its print and what was found. Room is taken when the first value is kept. */
  #values: (string | undefined)[] = [];
  #hits: Hits[] = [];
  readonly #prints = new Int32Array(PLACES);
  /** Prints of values seen once: only what comes again is kept, so that a flood of new values costs next to nothing. */
  readonly #seen = new Uint16Array(DOORKEEPER_SIZE);

  /** Of the value asked for last. */
  #print = 0;
  /** Whether it was seen before, and so may be kept. */
  #isKnownPrint = false;

  get(value: string): Hits | undefined {
    this.#isKnownPrint = false;
    if (value.length > MAX_VALUE_LENGTH) return undefined;
    const print = printOf(value);
    const place = print & (PLACES - 1);
    if (this.#prints[place] === print && this.#values[place] === value) return this.#hits[place];
    this.#print = print;
    const door = print & (DOORKEEPER_SIZE - 1);
    const mark = (print >>> 13) & 0xffff;
    this.#isKnownPrint = this.#seen[door] === mark;
    this.#seen[door] = mark;
    return undefined;
  }

  /** Keeps what was found for the value that was asked for last. */
  set(value: string, hits: Hits): void {
    if (!this.#isKnownPrint) return;
    if (this.#values.length === 0) {
      this.#values = new Array(PLACES).fill(undefined);
      this.#hits = new Array(PLACES).fill(hits);
    }
    const place = this.#print & (PLACES - 1);
    this.#prints[place] = this.#print;
    // A copy: a slice would keep the whole body alive that it was cut from.
    this.#values[place] = Buffer.from(value, 'latin1').toString('latin1');
    this.#hits[place] = hits;
  }
}

/** A rough print of a value from a few of its bytes; where two values meet in one, each takes the place of the other. */
function printOf(value: string): number {
  const { length } = value;
  if (length === 0) return 0;
  const last = length - 1;
  let print = Math.imul(length, 0x9e3779b1) ^ value.charCodeAt(last);
  print = Math.imul(print ^ value.charCodeAt(0), 0x85ebca6b);
  print = Math.imul(print ^ value.charCodeAt(last >> 1), 0xc2b2ae35) ^ (print >>> 13);
  print = Math.imul(print ^ value.charCodeAt(last >> 2), 0x27d4eb2f) ^ (print >>> 15);
  print = Math.imul(print ^ value.charCodeAt(last - (last >> 2)), 0x165667b1) ^ (print >>> 13);
  print = Math.imul(print ^ value.charCodeAt(last - (last >> 3)), 0x2c1b3c6d);
  return print ^ (print >>> 16);
}

// What the scan said of values that came before. Bounded: each value has one place, and a later one may take it.
import { type Hits, NO_HITS } from './field.ts';

/** Places at first and at most, powers of two: a header has few values, and a small table stays near the processor. */
const FEW_PLACES = 64;
const MANY_PLACES = 4_096;
/** So often for each place the table must have been too small before it grows. */
const CROWD = 4;
/** Longer values hardly ever repeat. */
const MAX_VALUE_LENGTH = 512;

export class ValueCache {
  /** By place: a value, its print and what was found. */
  #values: (string | undefined)[] = new Array(FEW_PLACES).fill(undefined);
  #hits: Hits[] = new Array(FEW_PLACES).fill(NO_HITS);
  #prints = new Int32Array(FEW_PLACES);
  /** The print of what was last asked for in vain: only what comes again is kept, a flood of new values costs nothing. */
  #seen = new Int32Array(FEW_PLACES);

  /** Values that were asked for in vain where another one was before, since the table last grew. */
  #crowded = 0;

  /** Of the value asked for last. */
  #print = 0;
  /** Whether it was seen before, and so may be kept. */
  #isKnownPrint = false;

  get(value: string): Hits | undefined {
    this.#isKnownPrint = false;
    if (value.length > MAX_VALUE_LENGTH) return undefined;
    const print = printOf(value);
    const place = print & (this.#prints.length - 1);
    if (this.#prints[place] === print && this.#values[place] === value) return this.#hits[place];
    this.#print = print;
    const before = this.#seen[place];
    this.#isKnownPrint = before === print;
    this.#seen[place] = print;
    if (before !== 0 && before !== print && ++this.#crowded > CROWD * this.#seen.length) this.#grow();
    return undefined;
  }

  /** Keeps what was found for the value that was asked for last. */
  set(value: string, hits: Hits): void {
    if (!this.#isKnownPrint) return;
    const place = this.#print & (this.#prints.length - 1);
    this.#prints[place] = this.#print;
    // A copy: a slice would keep the whole body alive that it was cut from.
    this.#values[place] = Buffer.from(value, 'latin1').toString('latin1');
    this.#hits[place] = hits;
  }

  /** What was kept comes again soon. */
  #grow(): void {
    this.#crowded = 0;
    const places = this.#prints.length * 4;
    if (places > MANY_PLACES) return;
    this.#values = new Array(places).fill(undefined);
    this.#hits = new Array(places).fill(NO_HITS);
    this.#prints = new Int32Array(places);
    this.#seen = new Int32Array(places);
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

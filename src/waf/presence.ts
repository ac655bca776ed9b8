// Which kinds of bytes a value holds, as one word: it tells without trying which transformations leave the value
// alone, and which rules cannot match it.
import { chunk, latin1Chunk } from './pattern/latin1.ts';

/** Bits for classes of bytes; the last bit of a word is set for every value. */
const MAX_CLASSES = 31;
/** In every word: for what cannot tell from the bytes whether it would change a value. */
export const ALWAYS: number = 1 << 31;
/** Marks that patterns ask for; each has a class of its own as long as there are bits. */
const TELLING = '()<=|$`{[:@>;!?}]~';

const WORD = /\w/;

/** Longer texts are read faster as bytes: a piece of a string finds its whole anew for each character. */
const SHORT_TEXT = 16;

export class Presence {
  /** For each byte the bit of its class; 0 for bytes that nothing asks about. */
  readonly #bits = new Int32Array(256);

  /** `sets`: groups of bytes that will be asked about. Bytes that no set tells apart share a bit. */
  constructor(sets: readonly (readonly number[])[]) {
    const places = new Map<string, number>();
    for (let byte = 0; byte < 256; byte++) {
      const key = sets.map((set) => (set.includes(byte) ? '1' : '0')).join('');
      if (!key.includes('1')) continue;
      // Beyond the last bit classes are merged: a set then seems present more often, never less.
      const place = places.get(key) ?? Math.min(places.size, MAX_CLASSES - 1);
      places.set(key, place);
      this.#bits[byte] = 1 << place;
    }
    let next = places.size;
    for (const mark of TELLING) {
      const byte = mark.charCodeAt(0);
      if (next < MAX_CLASSES - 1 && this.#bits[byte] === 0) this.#bits[byte] = 1 << next++;
    }
    // What is left shares the last bit: everything but letters, digits and the underscore leaves a trace.
    const rest = 1 << Math.min(next, MAX_CLASSES - 1);
    for (let byte = 0; byte < 256; byte++) {
      if (this.#bits[byte] === 0 && !WORD.test(String.fromCharCode(byte))) this.#bits[byte] = rest;
    }
  }

  /** The word in which a value with any of these bytes has a bit in common; ALWAYS when some of them leave no trace. */
  word(bytes: readonly number[]): number {
    let word = 0;
    for (const byte of bytes) word |= (this.#bits[byte] as number) || ALWAYS;
    return word;
  }

  of(value: string): number {
    const bits = this.#bits;
    let word = ALWAYS;
    if (value.length < SHORT_TEXT) {
      for (let i = 0; i < value.length; i++) word |= bits[value.charCodeAt(i) & 0xff] as number;
      return word;
    }
    for (let at = 0, length = 0; at < value.length; at += length) {
      length = latin1Chunk(value, at);
      for (let i = 0; i < length; i++) word |= bits[chunk[i] as number] as number;
    }
    return word;
  }
}

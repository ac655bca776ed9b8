// Which kinds of bytes a value holds, as one word: it tells without trying which transformations leave the value alone.

/** Bits for classes of bytes; the last bit of a word is set for every value. */
const MAX_CLASSES = 31;
/** In every word: for what cannot tell from the bytes whether it would change a value. */
export const ALWAYS: number = 1 << 31;

export class Presence {
  /** For each byte the bit of its class; 0 for bytes that nothing asks about. */
  readonly #bits = new Int32Array(256);

  /** `sets`: groups of bytes that will be asked about. Bytes that no set tells apart share a bit. */
  constructor(sets: readonly (readonly number[])[]) {
    const groups = new Map<string, number>();
    for (let byte = 0; byte < 256; byte++) {
      const key = sets.map((set) => (set.includes(byte) ? '1' : '0')).join('');
      if (!key.includes('1')) continue;
      // Beyond the last bit classes are merged: a set then seems present more often, never less.
      const place = groups.get(key) ?? Math.min(groups.size, MAX_CLASSES - 1);
      groups.set(key, place);
      this.#bits[byte] = 1 << place;
    }
  }

  /** The word in which a value with any of these bytes has a bit in common. */
  word(bytes: readonly number[]): number {
    let word = 0;
    for (const byte of bytes) word |= this.#bits[byte] as number;
    return word;
  }

  of(value: string): number {
    const bits = this.#bits;
    let word = ALWAYS;
    for (let i = 0; i < value.length; i++) word |= bits[value.charCodeAt(i) & 0xff] as number;
    return word;
  }
}

// What the scan found in the texts of long values: rules that run afterwards need not read them again.

/** What the automata of a family were asked about one text, and what they found, by number of the pattern. */
export interface Reading {
  /** Of those patterns that are looked for as they are, by their text. */
  readonly places: ReadonlyMap<string, number>;
  readonly wanted: Uint32Array;
  readonly found: Uint32Array;
}

/** Of all texts together: what is beyond is read again. */
const MAX_BYTES = 4 * 1024 * 1024;

export class Readings {
  readonly #byText = new Map<string, Reading[]>();
  #bytes = 0;

  add(text: string, reading: Reading): void {
    const known = this.#byText.get(text);
    if (known !== undefined) known.push(reading);
    else if (this.#bytes + text.length <= MAX_BYTES) {
      this.#bytes += text.length;
      this.#byText.set(text, [reading]);
    }
  }

  /** Whether the text has a match of the pattern; undefined: nobody has looked. */
  has(text: string, pattern: string): boolean | undefined {
    for (const { places, wanted, found } of this.#byText.get(text) ?? []) {
      const place = places.get(pattern);
      if (place === undefined) continue;
      const [word, bit] = [place >> 5, 1 << (place & 31)];
      if (((wanted[word] as number) & bit) !== 0) return ((found[word] as number) & bit) !== 0;
    }
    return undefined;
  }
}

// The texts of the value in hand, each made when somebody asks for it.
import { meets } from './queries.ts';
import type { Ask } from './recipe.ts';
import { transformed } from './text-memo.ts';
import type { Text } from './texts.ts';

export class MadeTexts {
  readonly #presenceOf: (text: string) => number;
  #recipe: readonly Text[] = [];
  readonly #made: (string | undefined)[] = [];
  /** Presence words of decoded texts; 0: not looked at yet. */
  readonly #present: number[] = [];

  constructor(presenceOf: (text: string) => number) {
    this.#presenceOf = presenceOf;
  }

  begin(value: string, recipe: readonly Text[]): void {
    this.#recipe = recipe;
    for (let i = 0; i < recipe.length; i++) {
      this.#made[i] = undefined;
      this.#present[i] = 0;
    }
    this.#made[0] = value;
  }

  at(place: number): string {
    const known = this.#made[place];
    if (known !== undefined) return known;
    const { from, triggers, transform, minLength } = this.#recipe[place] as Text;
    const before = this.at(from);
    let text = before;
    // Nothing that is asked of it could match so little.
    if (transform.mostLength !== undefined && transform.mostLength(before) < minLength) text = '';
    else if ((triggers & this.#presentAt(from)) !== 0) text = transformed(transform, before);
    this.#made[place] = text;
    return text;
  }

  /** Whether a text that was made is the one that it was made from. */
  isUnchanged(place: number): boolean {
    return this.#made[place] === this.#made[(this.#recipe[place] as Text).from];
  }

  /** False: the text lacks what each of the questions needs. */
  mayMatch({ text, query: { needs } }: Ask): boolean {
    if (needs === undefined || !(this.#recipe[text] as Text).isDecoded) return true;
    const present = this.#presentAt(text);
    for (const own of needs) if (meets(present, own)) return true;
    return false;
  }

  /** What can be told from the value alone has been: only what decoders made is looked at. */
  #presentAt(place: number): number {
    const { isDecoded, mayHold, from } = this.#recipe[place] as Text;
    if (!isDecoded) return mayHold;
    let present = this.#present[place] as number;
    if (present === 0) {
      const text = this.at(place);
      present = text === this.#made[from] ? this.#presentAt(from) : this.#presenceOf(text);
      this.#present[place] = present;
    }
    return present;
  }
}

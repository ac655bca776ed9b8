// What has to be done for a value that holds certain kinds of bytes: which transformations can change it, which
// automata and tests can still say yes. Worked out once for each combination, then only looked up.
import type { Presence } from './presence.ts';
import { type FamilySize, groupsOf, type Query, type Question, type QuestionGroup } from './queries.ts';
import { demandLength, type Node, type Text, textsOf } from './texts.ts';

/** A query and the text that it is about. */
export interface Ask {
  /** Number among the texts of the recipe. */
  readonly text: number;
  readonly query: Query;
  /** All of it is asked of the text before, too. */
  readonly repeats: boolean;
}

/** What is done for a value: the texts that are made of it, and what they are asked. */
export interface Recipe {
  readonly texts: readonly Text[];
  readonly asks: readonly Ask[];
}

/** Combinations of bytes that a plan has recipes for, and that it remembers to have been asked for once. */
const MAX_RECIPES = 256;
const MAX_SEEN = 1_024;
const MAX_ROUGH_RECIPES = 512;
/** New recipes that one exchange may cause; then rough ones serve, and then the one for any value, which does most work. */
export const NEW_RECIPES = 4;
export const NEW_ROUGH_RECIPES = 128;

/** Shared by all plans of a rule set. */
export interface Meter {
  /** How many may still be worked out for the exchange under way. */
  recipes: number;
  roughRecipes: number;
  /** Bytes that automata walked over in all exchanges, and a share for each walk. */
  walked: number;
}

/** The recipes of one plan. */
export class RecipeBook {
  readonly #nodes: readonly Node[];
  readonly #groups: readonly QuestionGroup[];
  readonly #families: number;
  readonly #presence: Presence;
  readonly #meter: Meter;
  /** What different transformations are set off by, as presence bits. */
  readonly #triggers: readonly number[];
  /** Bits that make a difference here. */
  readonly #relevant: number;
  readonly #known = new Map<number, Recipe>();
  /** Combinations without a recipe: most that odd values have never come again, and a rough one serves them as well. */
  readonly #seen = new Set<number>();
  readonly #rough = new Map<number, Recipe>();
  readonly #any: Recipe;

  constructor(
    nodes: readonly Node[],
    questions: readonly Question[],
    sizes: readonly FamilySize[],
    presence: Presence,
    meter: Meter,
  ) {
    this.#nodes = nodes;
    this.#groups = groupsOf(questions, sizes);
    this.#families = sizes.length;
    this.#presence = presence;
    this.#meter = meter;
    const asked = questions.flatMap(({ needs }) => needs).reduce((all, need) => all | need, 0);
    this.#triggers = [...new Set(nodes.map(({ triggers }) => triggers))];
    this.#relevant = this.#triggers.reduce((all, word) => all | word, asked);
    this.#any = this.#make(-1);
  }

  /** The presence word of a value, as far as it matters here. */
  presenceOf(value: string): number {
    return this.#presence.of(value) & this.#relevant;
  }

  find(present: number): Recipe {
    const known = this.#known.get(present);
    if (known !== undefined) return known;
    const meter = this.#meter;
    if (meter.recipes <= 0 || !this.#isSeen(present)) return this.#findRough(this.#roughly(present));
    meter.recipes--;
    if (this.#known.size >= MAX_RECIPES) {
      this.#known.clear();
      for (const group of this.#groups) group.forget();
    }
    const recipe = this.#make(present);
    this.#known.set(present, recipe);
    return recipe;
  }

  #isSeen(present: number): boolean {
    if (this.#seen.delete(present)) return true;
    if (this.#seen.size >= MAX_SEEN) this.#seen.clear();
    this.#seen.add(present);
    return false;
  }

  /** All bits but those by which a transformation would be set off that the value does not set off. */
  #roughly(present: number): number {
    let missing = 0;
    for (const word of this.#triggers) if ((present & word) === 0) missing |= word;
    return ~missing;
  }

  /** A recipe for all values in which the same transformations find work: it asks what some of them cannot match. */
  #findRough(present: number): Recipe {
    const known = this.#rough.get(present);
    if (known !== undefined) return known;
    const meter = this.#meter;
    if (meter.roughRecipes <= 0) return this.#any;
    meter.roughRecipes--;
    if (this.#rough.size >= MAX_ROUGH_RECIPES) this.#rough.clear();
    const recipe = this.#make(present);
    this.#rough.set(present, recipe);
    return recipe;
  }

  /** `present`: the presence word of the value. */
  #make(present: number): Recipe {
    const { texts, ofNode } = textsOf(present, this.#nodes);
    const families = this.#families;
    /** By text and family. */
    const queries = Array.from<Query | undefined>({ length: texts.length * families });
    for (const group of this.#groups) {
      const text = ofNode[group.node] as number;
      const query = group.queryFor((texts[text] as Text).mayHold);
      if (query === null) continue;
      const place = text * families + group.family;
      queries[place] = queries[place]?.with(query) ?? query;
    }
    const asks: Ask[] = [];
    for (let place = 0; place < queries.length; place++) {
      const query = queries[place];
      if (query === undefined) continue;
      const text = Math.floor(place / families);
      demandLength(texts, text, query.minLength);
      const before = queries[(texts[text] as Text).from * families + query.family];
      asks.push({ text, query, repeats: text !== 0 && before?.includes(query) === true });
    }
    return { texts, asks };
  }
}

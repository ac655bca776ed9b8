// What has to be done for a value that holds certain kinds of bytes: which transformations can change it, which
// automata and tests can still say yes. Worked out once for each combination, then only looked up.
import type { Presence } from './presence.ts';
import { demandLength, type Node, type Text, textsOf } from './texts.ts';

/** What one rule asks of the text behind a node. */
export interface Question {
  readonly rule: number;
  readonly node: number;
  readonly family: number;
  readonly form: 'pattern' | 'words' | 'test';
  /** The number of the pattern or word list in its family. */
  readonly place: number;
  /** The rule matches where the pattern, or the words, are not found. */
  readonly negated: boolean;
  readonly test: ((value: string) => boolean) | undefined;
  /** Shorter texts do not match. */
  readonly minLength: number;
  /** Words of presence bits: a text that lacks all bits of one does not match. */
  readonly needs: readonly number[];
}

/** All that is asked of one text by the automata of one family. */
export interface Ask {
  /** Number among the texts of the recipe. */
  readonly text: number;
  readonly family: number;
  /** Of each question its `needs`, where all have some: a text that meets none of them need not be looked at. */
  readonly needs: readonly (readonly number[])[] | undefined;
  readonly patterns: Lookup | undefined;
  readonly words: Lookup | undefined;
  readonly tests: readonly { readonly rule: number; readonly test: (value: string) => boolean }[];
  /** Shorter texts match nothing here. */
  readonly minLength: number;
  /** All of it is asked of the text before, too. */
  repeats: boolean;
}

/** How the bits that an automaton sets become rules. */
export interface Lookup {
  /** Bits that say that a rule may match. */
  readonly mask: Uint32Array;
  /** All bits that are looked at. */
  readonly wanted: Uint32Array;
  /** By number of the pattern or list. */
  readonly rules: readonly (readonly number[] | undefined)[];
  /** Rules that match where a bit is not set. */
  readonly without: readonly Question[];
}

/** How many words the bit sets of a family have. */
export interface FamilySize {
  readonly patternWords: number;
  readonly wordWords: number;
}

/** By family: the rules of each pattern and each word list, the same for all recipes of a plan. */
export interface RuleTables {
  readonly patterns: readonly (readonly number[] | undefined)[];
  readonly words: readonly (readonly number[] | undefined)[];
}

/** What is done for a value: the texts that are made of it, and what they are asked. */
export interface Recipe {
  readonly texts: readonly Text[];
  readonly asks: readonly Ask[];
}

/** `present`: the presence word of the value. */
export function recipeFor(
  present: number,
  nodes: readonly Node[],
  questions: readonly Question[],
  sizes: readonly FamilySize[],
  tables: readonly RuleTables[],
): Recipe {
  const { texts, ofNode } = textsOf(present, nodes);
  const byText = new Map<string, Question[]>();
  for (const question of questions) {
    const text = ofNode[question.node] as number;
    if (!meets((texts[text] as Text).mayHold, question.needs)) continue;
    const key = `${text} ${question.family}`;
    const same = byText.get(key);
    if (same === undefined) byText.set(key, [question]);
    else same.push(question);
  }
  const asks = Array.from(byText, ([key, asked]) => {
    const [text, family] = key.split(' ').map(Number) as [number, number];
    return askAll(text, family, asked, sizes[family] as FamilySize, tables[family] as RuleTables);
  });
  for (const ask of asks) {
    demandLength(texts, ask.text, ask.minLength);
    const { from } = texts[ask.text] as Text;
    ask.repeats = ask.text !== 0 && asks.some((other) => other.text === from && includes(other, ask));
  }
  return { texts, asks };
}

function includes(all: Ask, some: Ask): boolean {
  if (all.family !== some.family || !looksFor(all.patterns, some.patterns) || !looksFor(all.words, some.words))
    return false;
  return some.tests.every(({ rule }) => all.tests.some((other) => other.rule === rule));
}

function looksFor(all: Lookup | undefined, some: Lookup | undefined): boolean {
  if (some === undefined) return true;
  return some.without.length === 0 && some.mask.every((word, i) => (word & ~(all?.mask[i] ?? 0)) === 0);
}

/** Whether a text with these presence bits can match at all. */
export function meets(present: number, needs: readonly number[]): boolean {
  for (const need of needs) if ((present & need) === 0) return false;
  return true;
}

/** Of more questions one nearly always finds what it needs. */
const FEW_NEEDS = 4;

function askAll(text: number, family: number, asked: readonly Question[], size: FamilySize, tables: RuleTables): Ask {
  const tests = new Map(asked.flatMap(({ rule, test }) => (test === undefined ? [] : [[rule, { rule, test }]])));
  const patterns = asked.filter(({ form }) => form === 'pattern');
  const words = asked.filter(({ form }) => form === 'words');
  const needs = asked.map((question) => question.needs);
  return {
    text,
    family,
    needs: needs.length <= FEW_NEEDS && needs.every(({ length }) => length > 0) ? needs : undefined,
    patterns: lookup(patterns, size.patternWords, tables.patterns),
    words: lookup(words, size.wordWords, tables.words),
    tests: [...tests.values()],
    minLength: Math.min(...asked.map(({ minLength }) => minLength)),
    repeats: false,
  };
}

function lookup(asked: readonly Question[], words: number, rules: Lookup['rules']): Lookup | undefined {
  if (asked.length === 0) return undefined;
  const mask = new Uint32Array(words);
  const wanted = new Uint32Array(words);
  for (const { place, negated } of asked) {
    const bit = 1 << (place & 31);
    wanted[place >> 5] = (wanted[place >> 5] as number) | bit;
    if (!negated) mask[place >> 5] = (mask[place >> 5] as number) | bit;
  }
  return { mask, wanted, rules, without: asked.filter(({ negated }) => negated) };
}

/** A rule that asks for a pattern behind one chain is named when it is found behind another too: one too many, seldom. */
function tablesOf(questions: readonly Question[], families: number): RuleTables[] {
  return Array.from({ length: families }, (_, family) => {
    const own = questions.filter((question) => question.family === family && !question.negated);
    return {
      patterns: rulesByPlace(own.filter(({ form }) => form === 'pattern')),
      words: rulesByPlace(own.filter(({ form }) => form === 'words')),
    };
  });
}

function rulesByPlace(questions: readonly Question[]): number[][] {
  const rules: number[][] = [];
  for (const { place, rule } of questions) {
    const same = rules[place];
    if (same === undefined) rules[place] = [rule];
    else if (!same.includes(rule)) same.push(rule);
  }
  return rules;
}

/** Combinations of bytes that a plan remembers. */
const MAX_RECIPES = 256;
/** New combinations that one exchange may cause; then the recipe for any value serves, which does more work. */
export const NEW_RECIPES = 48;

/** Shared by all plans of a rule set. `recipes`: how many combinations may still be worked out for the exchange under way. */
export interface Meter {
  recipes: number;
  /** Bytes that automata walked over in all exchanges, and a share for each walk. */
  walked: number;
}

/** The recipes of one plan. */
export class RecipeBook {
  readonly #nodes: readonly Node[];
  readonly #questions: readonly Question[];
  readonly #sizes: readonly FamilySize[];
  readonly #presence: Presence;
  readonly #meter: Meter;
  /** Bits that make a difference here. */
  readonly #relevant: number;
  readonly #known = new Map<number, Recipe>();
  readonly #any: Recipe;
  readonly #tables: readonly RuleTables[];

  constructor(
    nodes: readonly Node[],
    questions: readonly Question[],
    sizes: readonly FamilySize[],
    presence: Presence,
    meter: Meter,
  ) {
    this.#nodes = nodes;
    this.#questions = questions;
    this.#sizes = sizes;
    this.#presence = presence;
    this.#meter = meter;
    const asked = questions.flatMap(({ needs }) => needs).reduce((all, need) => all | need, 0);
    this.#relevant = nodes.reduce((all, { triggers }) => all | triggers, asked);
    this.#tables = tablesOf(questions, sizes.length);
    this.#any = recipeFor(-1, nodes, questions, sizes, this.#tables);
  }

  /** The presence word of a value, as far as it matters here. */
  presenceOf(value: string): number {
    return this.#presence.of(value) & this.#relevant;
  }

  find(present: number): Recipe {
    const known = this.#known.get(present);
    if (known !== undefined) return known;
    if (this.#meter.recipes <= 0) return this.#any;
    this.#meter.recipes--;
    if (this.#known.size >= MAX_RECIPES) this.#known.clear();
    const recipe = recipeFor(present, this.#nodes, this.#questions, this.#sizes, this.#tables);
    this.#known.set(present, recipe);
    return recipe;
  }
}

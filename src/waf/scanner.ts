// Finds out, for one value at a time, which rules can match it. It never misses a rule that would match; it may
// name one that does not, and the ordered evaluation has the last word.
import type { Hits } from './field.ts';
import { NO_HITS } from './field.ts';
import { MadeTexts } from './made-texts.ts';
import type { UnionMatcher } from './pattern/union.ts';
import type { WordMatcher } from './pattern/words.ts';
import type { FamilySize, Lookup } from './queries.ts';
import type { Readings } from './readings.ts';
import type { Ask, Meter, RecipeBook } from './recipe.ts';
import { ValueCache } from './value-cache.ts';

/** The automata that all plans of one family of values share. */
export interface Family extends FamilySize {
  readonly patterns: UnionMatcher;
  /** See Reading. */
  readonly places: ReadonlyMap<string, number>;
  readonly words: WordMatcher;
}

/** What the automata of a family are asked about one text, and what they found in it. */
interface Answer {
  value: string;
  readonly wanted: Uint32Array;
  readonly patterns: Uint32Array;
  readonly words: Uint32Array;
  asksPatterns: boolean;
  asksWords: boolean;
  isWalked: boolean;
}

/** What a walk costs beside its bytes, in bytes. */
const WALK_BYTES = 64;

/** Everything that is asked of the values of one kind (parameters, one header, …). */
export class ValuePlan {
  readonly #recipes: RecipeBook;
  readonly #families: readonly Family[];
  readonly #meter: Meter;
  readonly #cache = new ValueCache();
  readonly #own: ValueScan;

  constructor(recipes: RecipeBook, families: readonly Family[], meter: Meter) {
    this.#recipes = recipes;
    this.#families = families;
    this.#meter = meter;
    this.#own = new ValueScan(recipes, families, meter);
  }

  /** The numbers of the rules that may match. */
  scan(value: string): Hits {
    const known = this.#cache.get(value);
    if (known !== undefined) return known;
    const parts = this.#own.begin(value);
    for (let part = 0; part < parts; part++) this.#own.do(part);
    const { hits } = this.#own;
    this.#cache.set(value, hits);
    return hits;
  }

  /** The same for a value so long that others may have their turn in between: stops behind each text of it. */
  *scanInParts(value: string, readings: Readings): Generator<undefined, Hits, void> {
    const scan = new ValueScan(this.#recipes, this.#families, this.#meter);
    const parts = scan.begin(value);
    for (let part = 0; part < parts; part++) {
      scan.do(part);
      yield;
    }
    scan.tell(readings);
    return scan.hits;
  }
}

/** The scan of one value. Between two parts of it other values may be scanned, by others of these. */
class ValueScan {
  readonly #recipes: RecipeBook;
  readonly #families: readonly Family[];
  readonly #meter: Meter;
  readonly #texts: MadeTexts;
  #asks: readonly Ask[] = [];
  #hits: number[] | undefined;
  /** By family: room for answers, used again for each value. */
  readonly #answers: Answer[][];
  readonly #answered: number[];
  /** By ask: where its answer stands; undefined: there is nothing to find. */
  readonly #prepared: (Answer | undefined)[] = [];

  constructor(recipes: RecipeBook, families: readonly Family[], meter: Meter) {
    this.#recipes = recipes;
    this.#meter = meter;
    this.#families = families;
    this.#texts = new MadeTexts((text) => recipes.presenceOf(text));
    this.#answers = families.map(() => []);
    this.#answered = families.map(() => 0);
  }

  /** How many parts there are. */
  begin(value: string): number {
    const { texts, asks } = this.#recipes.find(this.#recipes.presenceOf(value));
    this.#texts.begin(value, texts);
    this.#answered.fill(0);
    this.#asks = asks;
    this.#hits = undefined;
    return 2 * asks.length;
  }

  /** Does a part, from 0 in order: first all texts are made that are asked, then they are read. */
  do(part: number): void {
    const { length } = this.#asks;
    if (part < length) this.#prepare(this.#asks[part] as Ask, part);
    else this.#put(this.#asks[part - length] as Ask, this.#prepared[part - length]);
  }

  /** What was found in which text. The answers are its own from now on. */
  tell(readings: Readings): void {
    for (const [number, { places }] of this.#families.entries()) {
      for (const { value, wanted, patterns: found, asksPatterns, isWalked } of this.#answers[number] as Answer[]) {
        if (asksPatterns && isWalked) readings.add(value, { places, wanted, found });
      }
    }
  }

  get hits(): Hits {
    return this.#hits === undefined ? NO_HITS : [...new Set(this.#hits)];
  }

  /** Gathers what is asked of each different text, so that it is walked once. */
  #prepare(ask: Ask, place: number): void {
    const { family, patterns, words, minLength } = ask.query;
    this.#prepared[place] = undefined;
    const text = this.#texts.at(ask.text);
    if (text.length < minLength || (ask.repeats && this.#texts.isUnchanged(ask.text))) return;
    if (!this.#texts.mayMatch(ask)) return;
    const answer = this.#answerFor(text, family);
    this.#prepared[place] = answer;
    if (patterns !== undefined) addAll(patterns.wanted, answer.wanted);
    answer.asksPatterns ||= patterns !== undefined;
    answer.asksWords ||= words !== undefined;
  }

  #put({ query }: Ask, answer: Answer | undefined): void {
    if (answer === undefined) return;
    let hits = this.#hits;
    this.#walk(answer, query.family);
    if (query.patterns !== undefined) hits = collect(query.patterns, answer.patterns, hits);
    if (query.words !== undefined) hits = collect(query.words, answer.words, hits);
    for (const { rule, test } of query.tests) if (test(answer.value)) hits = add(hits, rule);
    this.#hits = hits;
  }

  /** Each different text is walked once by an automaton, however many chains of transformations lead to it. */
  #walk(answer: Answer, family: number): void {
    if (answer.isWalked) return;
    answer.isWalked = true;
    this.#meter.walked += answer.value.length + WALK_BYTES;
    const { patterns, words } = this.#families[family] as Family;
    const { value, asksPatterns, asksWords } = answer;
    if (asksPatterns && asksWords) {
      patterns.scanWith(words, value, answer.patterns, answer.words, answer.wanted);
    } else if (asksPatterns) patterns.scan(value, answer.patterns, answer.wanted);
    else if (asksWords) words.scan(value, answer.words);
  }

  #answerFor(text: string, family: number): Answer {
    const answers = this.#answers[family] as Answer[];
    const count = this.#answered[family] as number;
    for (let i = 0; i < count; i++) {
      const answer = answers[i] as Answer;
      if (answer.value === text) return answer;
    }
    this.#answered[family] = count + 1;
    const used = answers[count];
    if (used !== undefined) {
      used.value = text;
      if (used.asksPatterns) {
        used.patterns.fill(0);
        used.wanted.fill(0);
      }
      if (used.asksWords) used.words.fill(0);
      used.asksPatterns = false;
      used.asksWords = false;
      used.isWalked = false;
      return used;
    }
    const { patternWords, wordWords } = this.#families[family] as Family;
    const fresh: Answer = {
      value: text,
      patterns: new Uint32Array(patternWords),
      wanted: new Uint32Array(patternWords),
      words: new Uint32Array(wordWords),
      asksPatterns: false,
      asksWords: false,
      isWalked: false,
    };
    answers.push(fresh);
    return fresh;
  }
}

/** Adds the bits of a set to another. */
function addAll(bits: Uint32Array, to: Uint32Array): void {
  for (let i = 0; i < to.length; i++) to[i] = (to[i] as number) | (bits[i] as number);
}

function collect(
  { mask, rules, without }: Lookup,
  bits: Uint32Array,
  before: number[] | undefined,
): number[] | undefined {
  let hits = before;
  for (let i = 0; i < mask.length; i++) {
    let rest = (bits[i] as number) & (mask[i] as number);
    while (rest !== 0) {
      const bit = 31 - Math.clz32(rest);
      rest ^= 1 << bit;
      for (const rule of rules[i * 32 + bit] ?? []) hits = add(hits, rule);
    }
  }
  for (const { place, rule } of without) {
    if (((bits[place >> 5] as number) & (1 << (place & 31))) === 0) hits = add(hits, rule);
  }
  return hits;
}

function add(hits: number[] | undefined, rule: number): number[] {
  if (hits === undefined) return [rule];
  hits.push(rule);
  return hits;
}

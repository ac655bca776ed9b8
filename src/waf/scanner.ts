// Finds out, for one value at a time, which rules can match it. It never misses a rule that would match; it may
// name one that does not, and the ordered evaluation has the last word.
import type { Hits } from './field.ts';
import { NO_HITS } from './field.ts';
import { MadeTexts } from './made-texts.ts';
import type { UnionMatcher } from './pattern/union.ts';
import type { WordMatcher } from './pattern/words.ts';
import type { Ask, FamilySize, Lookup, RecipeBook } from './recipe.ts';
import { ValueCache } from './value-cache.ts';

/** The automata that all plans of one family of values share. */
export interface Family extends FamilySize {
  readonly patterns: UnionMatcher;
  readonly words: WordMatcher;
}

/** What the automata of a family found in one text. */
interface Answer {
  value: string;
  readonly patterns: Uint32Array;
  /** Whether all of `patterns` is known, else what `known` has bits for. */
  hasPatterns: boolean;
  hasKnown: boolean;
  readonly known: Uint32Array;
  /** Room for what one walk looks for. */
  readonly wanted: Uint32Array;
  readonly words: Uint32Array;
  hasWords: boolean;
}

/** Everything that is asked of the values of one kind (parameters, one header, …). */
export class ValuePlan {
  readonly #recipes: RecipeBook;
  readonly #families: readonly Family[];
  readonly #cache = new ValueCache();
  readonly #texts: MadeTexts;
  /** By family: room for answers, used again for each value. */
  readonly #answers: Answer[][];
  readonly #answered: number[];

  constructor(recipes: RecipeBook, families: readonly Family[]) {
    this.#recipes = recipes;
    this.#families = families;
    this.#texts = new MadeTexts((text) => recipes.presenceOf(text));
    this.#answers = families.map(() => []);
    this.#answered = families.map(() => 0);
  }

  /** The numbers of the rules that may match. */
  scan(value: string): Hits {
    const known = this.#cache.get(value);
    if (known !== undefined) return known;
    const { texts, asks } = this.#recipes.find(this.#recipes.presenceOf(value));
    this.#texts.begin(value, texts);
    this.#answered.fill(0);
    let hits: number[] | undefined;
    for (const ask of asks) {
      const text = this.#texts.at(ask.text);
      if (text.length < ask.minLength || (ask.repeats && this.#texts.isUnchanged(ask.text))) continue;
      if (this.#texts.mayMatch(ask)) hits = this.#put(ask, text, hits);
    }
    const result = hits === undefined ? NO_HITS : [...new Set(hits)];
    this.#cache.set(value, result);
    return result;
  }

  #put(ask: Ask, text: string, before: number[] | undefined): number[] | undefined {
    let hits = before;
    if (ask.patterns !== undefined || ask.words !== undefined) {
      const answer = this.#answer(text, ask);
      if (ask.patterns !== undefined) hits = collect(ask.patterns, answer.patterns, hits);
      if (ask.words !== undefined) hits = collect(ask.words, answer.words, hits);
    }
    for (const { rule, test } of ask.tests) if (test(text)) hits = add(hits, rule);
    return hits;
  }

  /** Each different text is walked once by an automaton, however many chains of transformations lead to it. */
  #answer(text: string, { family, patterns, words }: Ask): Answer {
    const { patterns: matcher, words: wordMatcher } = this.#families[family] as Family;
    const answer = this.#answerFor(text, family);
    const wanted = patterns === undefined || answer.hasPatterns ? undefined : notKnown(answer, patterns.wanted);
    const asksWords = words !== undefined && !answer.hasWords;
    if (wanted !== undefined && asksWords) {
      matcher.scanWith(wordMatcher, text, answer.patterns, answer.words, wanted);
    } else if (wanted !== undefined) matcher.scan(text, answer.patterns, wanted);
    else if (asksWords) wordMatcher.scan(text, answer.words);
    if (wanted !== undefined) learn(answer, wanted, matcher.isPartial);
    answer.hasWords ||= asksWords;
    return answer;
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
      if (used.hasPatterns || used.hasKnown) used.patterns.fill(0);
      if (used.hasKnown) used.known.fill(0);
      if (used.hasWords) used.words.fill(0);
      used.hasPatterns = false;
      used.hasKnown = false;
      used.hasWords = false;
      return used;
    }
    const { patternWords, wordWords } = this.#families[family] as Family;
    const fresh: Answer = {
      value: text,
      patterns: new Uint32Array(patternWords),
      hasPatterns: false,
      hasKnown: false,
      known: new Uint32Array(patternWords),
      wanted: new Uint32Array(patternWords),
      words: new Uint32Array(wordWords),
      hasWords: false,
    };
    answers.push(fresh);
    return fresh;
  }
}

/** Those of the patterns of which it is not known whether they match; undefined: none. */
function notKnown(answer: Answer, asked: Uint32Array): Uint32Array | undefined {
  if (!answer.hasKnown) return asked;
  const { known, wanted } = answer;
  let any = 0;
  for (let i = 0; i < wanted.length; i++) {
    wanted[i] = (asked[i] as number) & ~(known[i] as number);
    any |= wanted[i] as number;
  }
  return any === 0 ? undefined : wanted;
}

function learn(answer: Answer, wanted: Uint32Array, isPartial: boolean): void {
  if (!isPartial) {
    answer.hasPatterns = true;
    return;
  }
  const { known } = answer;
  answer.hasKnown = true;
  for (let i = 0; i < known.length; i++) known[i] = (known[i] as number) | (wanted[i] as number);
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

// Finds out, for one value at a time, which rules can match it. It never misses a rule that would match; it may
// name one that does not, and the ordered evaluation has the last word.
import type { Hits } from './field.ts';
import { NO_HITS } from './field.ts';
import type { UnionMatcher } from './pattern/union.ts';
import type { WordMatcher } from './pattern/words.ts';
import type { Presence } from './presence.ts';
import type { Transform } from './transforms/registry.ts';
import { ValueCache } from './value-cache.ts';

/** The automata that all plans of one family of values share, and the room for their answers. */
export interface Family {
  readonly patterns: UnionMatcher;
  readonly words: WordMatcher;
  readonly patternWords: number;
  readonly wordWords: number;
}

/** One transformation after a parent's; the root (number 0) is the value as it came. */
export interface Node {
  readonly parent: number;
  readonly transform: Transform;
  /** Presence bits of which the value needs one, or nothing on the way here changes it. */
  readonly triggers: number;
}

/** What is asked of the value behind one node. */
export interface Group {
  readonly node: number;
  readonly family: number;
  /** Which patterns and word lists count here. */
  readonly patternMask: Uint32Array;
  readonly wordMask: Uint32Array;
  /** Rules by number of the pattern or list. */
  readonly patternRules: readonly (readonly number[] | undefined)[];
  readonly wordRules: readonly (readonly number[] | undefined)[];
  /** Rules that match where a pattern is not found. */
  readonly negated: readonly { readonly pattern: number; readonly rule: number }[];
  readonly negatedWords: readonly { readonly list: number; readonly rule: number }[];
  readonly tests: readonly { readonly rule: number; readonly test: (value: string) => boolean }[];
}

interface Answer {
  value: string;
  family: number;
  patterns: Uint32Array;
  words: Uint32Array;
}

/** Everything that is asked of the values of one kind (parameters, one header, …). */
export class ValuePlan {
  readonly #nodes: readonly Node[];
  readonly #groups: readonly Group[];
  readonly #families: readonly Family[];
  readonly #presence: Presence;
  readonly #cache = new ValueCache();
  /** By node, for the value in hand. */
  readonly #values: string[];
  readonly #answers: Answer[] = [];
  #answered = 0;

  constructor(nodes: readonly Node[], groups: readonly Group[], families: readonly Family[], presence: Presence) {
    this.#nodes = nodes;
    this.#groups = groups;
    this.#families = families;
    this.#presence = presence;
    this.#values = nodes.map(() => '');
  }

  /** The numbers of the rules that may match. */
  scan(value: string): Hits {
    const known = this.#cache.get(value);
    if (known !== undefined) return known;
    this.#transform(value);
    this.#answered = 0;
    let hits: number[] | undefined;
    for (const group of this.#groups) hits = this.#ask(group, hits);
    const result = hits === undefined ? NO_HITS : [...new Set(hits)];
    this.#cache.set(value, result);
    return result;
  }

  #transform(value: string): void {
    const nodes = this.#nodes;
    const values = this.#values;
    const present = this.#presence.of(value);
    values[0] = value;
    for (let i = 1; i < nodes.length; i++) {
      const node = nodes[i] as Node;
      values[i] = (node.triggers & present) === 0 ? value : node.transform.apply(values[node.parent] as string);
    }
  }

  #ask(group: Group, before: number[] | undefined): number[] | undefined {
    let hits = before;
    const value = this.#values[group.node] as string;
    const { patterns, words } = this.#answer(value, group.family);
    for (let i = 0; i < patterns.length; i++) {
      let bits = (patterns[i] as number) & (group.patternMask[i] as number);
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits);
        bits ^= 1 << bit;
        hits = add(hits, group.patternRules[i * 32 + bit]);
      }
    }
    for (let i = 0; i < words.length; i++) {
      let bits = (words[i] as number) & (group.wordMask[i] as number);
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits);
        bits ^= 1 << bit;
        hits = add(hits, group.wordRules[i * 32 + bit]);
      }
    }
    for (const { pattern, rule } of group.negated) {
      if (((patterns[pattern >> 5] as number) & (1 << (pattern & 31))) === 0) hits = add(hits, [rule]);
    }
    for (const { list, rule } of group.negatedWords) {
      if (((words[list >> 5] as number) & (1 << (list & 31))) === 0) hits = add(hits, [rule]);
    }
    for (const { rule, test } of group.tests) if (test(value)) hits = add(hits, [rule]);
    return hits;
  }

  /** Each different text is walked once per family, however many chains of transformations lead to it. */
  #answer(value: string, family: number): Answer {
    for (let i = 0; i < this.#answered; i++) {
      const answer = this.#answers[i] as Answer;
      if (answer.family === family && answer.value === value) return answer;
    }
    const { patterns, words, patternWords, wordWords } = this.#families[family] as Family;
    let answer = this.#answers[this.#answered];
    if (answer === undefined || answer.family !== family) {
      answer = { value, family, patterns: new Uint32Array(patternWords), words: new Uint32Array(wordWords) };
      this.#answers[this.#answered] = answer;
    } else {
      answer.value = value;
      answer.patterns.fill(0);
      answer.words.fill(0);
    }
    this.#answered++;
    patterns.scan(value, answer.patterns);
    words.scan(value, answer.words);
    return answer;
  }
}

function add(hits: number[] | undefined, rules: readonly number[] | undefined): number[] | undefined {
  if (rules === undefined) return hits;
  if (hits === undefined) return rules.slice();
  hits.push(...rules);
  return hits;
}

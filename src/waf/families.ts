// The automata of a rule set. Patterns and word lists are spread over a few families, so that a value is walked only by
// those that can still match it, and automata stay small: what needs a certain mark is not mixed with what does not.
import { WORD } from './pattern/byte-set.ts';
import { UnionMatcher } from './pattern/union.ts';
import type { UnionOptions } from './pattern/union-options.ts';
import { WordMatcher } from './pattern/words.ts';
import type { ScanPattern } from './scan-pattern.ts';
import type { Family } from './scanner.ts';
import type { Transform } from './transforms/registry.ts';

/**
 * plain: ordinary text and addresses can match. rare: needs a mark that these seldom have. wide: needs one of many
 * marks. base64: garbage that decoding makes of ordinary text. response: bodies of responses.
 */
export const FAMILIES = ['plain', 'rare', 'wide', 'base64', 'response'] as const;

export type FamilyName = (typeof FAMILIES)[number];

/** Marks that addresses are full of; a value that has one mostly has several. */
const ADDRESS_MARKS = bytesOf(':./?=&-+%;#@,');
/** A clause of more marks than this is met by nearly every value that has any. */
const FEW_MARKS = 6;

/** Which family a question belongs to by what its text must hold (sets of bytes, one of each). */
export function familyByMarks(clauses: readonly (readonly number[])[]): FamilyName {
  const marks = clauses.filter((clause) => !clause.some(isPlain)).sort((a, b) => a.length - b.length)[0];
  if (marks === undefined) return 'plain';
  if (marks.length > FEW_MARKS) return 'wide';
  return marks.some((byte) => ADDRESS_MARKS.includes(byte)) ? 'plain' : 'rare';
}

/** Letters, digits, the underscore and the blank. */
function isPlain(byte: number): boolean {
  return byte === 0x20 || WORD.has(byte);
}

function bytesOf(text: string): number[] {
  return Array.from(text, (char) => char.charCodeAt(0));
}

/** So few patterns need few states, and room for them is taken at once. */
const SMALL_UNION = 16;
const SMALL_UNION_STATES = 4_000;

const NO_PATTERNS = new UnionMatcher([]);
const NO_WORDS = new WordMatcher([]);

export class FamilyBuilder {
  readonly patterns: ScanPattern[] = [];
  /** By pattern: the chain behind which it is asked for. */
  readonly #chains: string[] = [];
  readonly words: (readonly string[])[] = [];
  readonly #places = new Map<string, number>();

  pattern(pattern: ScanPattern, chain: readonly Transform[]): number {
    return this.#place(`p${pattern.change}${pattern.text}`, () => {
      this.#chains.push(chain.map(({ name }) => name).join());
      return this.patterns.push(pattern) - 1;
    });
  }

  wordList(words: readonly string[]): number {
    return this.#place(`w${words.join('\0')}`, () => this.words.push(words) - 1);
  }

  build(): Family {
    return {
      patterns: this.patterns.length === 0 ? NO_PATTERNS : new UnionMatcher(this.patterns, this.#options()),
      places: new Map(this.patterns.flatMap((pattern, place) => (pattern.isExact ? [[pattern.text, place]] : []))),
      words: this.words.length === 0 ? NO_WORDS : new WordMatcher(this.words),
      patternWords: (this.patterns.length + 31) >> 5,
      wordWords: (this.words.length + 31) >> 5,
    };
  }

  #options(): UnionOptions {
    const isSmall = this.patterns.length <= SMALL_UNION;
    return { askedWith: this.#chains, ...(isSmall ? { maxStates: SMALL_UNION_STATES } : {}) };
  }

  #place(key: string, make: () => number): number {
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const place = make();
    this.#places.set(key, place);
    return place;
  }
}

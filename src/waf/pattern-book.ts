// What is known of patterns from earlier: their analysis, and what the scan looks for, with the automaton of each. A plan is
// made of that without reading a single pattern. It is told by the very text of a pattern, so another text is never
// mistaken for it; and what is not in the book is worked out.
import type { CaseChange } from './chain-tree.ts';
import type { Analysis } from './pattern/analysis.ts';
import { ByteSet } from './pattern/byte-set.ts';
import type { Nfa } from './pattern/nfa.ts';
import type { Pattern } from './pattern/pattern.ts';
import type { ScanFacts, ScanPattern } from './scan-pattern.ts';

/** As a file has it. Sets of bytes stand once, and are meant by their numbers. */
export interface BookText {
  readonly sets: readonly string[];
  readonly patterns: Readonly<Record<string, WrittenAnalysis>>;
  /** By the change of case and the text. */
  readonly scans: Readonly<Record<string, WrittenFacts>>;
}

interface WrittenAnalysis extends Omit<Analysis, 'clauses'> {
  readonly clauses: readonly number[];
}

interface WrittenFacts {
  readonly minLength: number;
  readonly clauses: readonly number[];
  readonly isCounter: boolean;
  readonly isEager: boolean;
  readonly op: readonly number[];
  readonly arg: readonly number[];
  readonly out: readonly number[];
  readonly branches: readonly number[];
  readonly sets: readonly number[];
  readonly start: number;
}

export class PatternBook {
  readonly #text: BookText;
  readonly #sets: (ByteSet | undefined)[] = [];

  constructor(text: BookText) {
    this.#text = text;
  }

  analysisOf(text: string): Analysis | undefined {
    const { patterns } = this.#text;
    const written = Object.hasOwn(patterns, text) ? patterns[text] : undefined;
    return written === undefined ? undefined : { ...written, clauses: this.#setsOf(written.clauses) };
  }

  factsOf(text: string, change: CaseChange): ScanFacts | undefined {
    const { scans } = this.#text;
    const key = keyOf(text, change);
    const written = Object.hasOwn(scans, key) ? scans[key] : undefined;
    if (written === undefined) return undefined;
    const { minLength, clauses, isCounter, isEager, op, arg, out, branches, sets, start } = written;
    const nfa: Nfa = {
      op: new Uint8Array(op),
      arg: new Int32Array(arg),
      out: new Int32Array(out),
      branches: new Int32Array(branches),
      pattern: new Uint16Array(op.length),
      sets: this.#setsOf(sets),
      starts: Int32Array.of(start),
    };
    return { minLength, clauses: this.#setsOf(clauses), isCounter, isEager, nfa };
  }

  #setsOf(numbers: readonly number[]): ByteSet[] {
    return numbers.map((number) => {
      this.#sets[number] ??= ByteSet.ofKey(this.#text.sets[number] as string);
      return this.#sets[number];
    });
  }
}

/** Of those that are exact; of the others more is needed than can be kept. */
export function writeBook(patterns: Iterable<readonly [string, Pattern]>, scans: Iterable<ScanPattern>): BookText {
  const numbers = new Map<string, number>();
  const numbersOf = (sets: readonly ByteSet[]): number[] =>
    sets.map(({ key }) => numbers.getOrInsertComputed(key, () => numbers.size));
  const exact = new Map([...patterns].filter(([, { isExact }]) => isExact));
  const analyses = Array.from(exact, ([text, { analysis }]): [string, WrittenAnalysis] => [
    text,
    { ...analysis, clauses: numbersOf(analysis.clauses) },
  ]);
  const facts = Array.from(scans)
    .filter(({ text }) => exact.has(text))
    .map(({ text, change, condition, isCounter, isEager, nfa }): [string, WrittenFacts] => {
      const { op, arg, out, branches, sets, starts } = nfa;
      const states = { op: [...op], arg: [...arg], out: [...out], branches: [...branches] };
      const marks = { minLength: condition.minLength, clauses: numbersOf(condition.clauses), isCounter, isEager };
      return [keyOf(text, change), { ...marks, ...states, sets: numbersOf(sets), start: starts[0] as number }];
    });
  return { sets: [...numbers.keys()], patterns: Object.fromEntries(analyses), scans: Object.fromEntries(facts) };
}

function keyOf(text: string, change: CaseChange): string {
  return `${change} ${text}`;
}

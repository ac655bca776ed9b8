// One automaton of those that read a value, and what takes its place.
import type { LazyDfa } from './lazy-dfa.ts';

/** An automaton, and the smaller ones that take its place when it may not make the states it needs. */
export class Lane {
  readonly dfa: LazyDfa;
  /** The patterns it reads for, as bits, and the first word that has any. */
  private readonly patterns: Uint32Array;
  private readonly firstWord: number;
  private readonly makeParts: () => Lane[];
  private made: readonly Lane[] | undefined;
  private readonly byPattern: Lane[] = [];
  private readonly numbers: readonly number[];
  private readonly isAlike: boolean;

  /** `makeParts` is called when the parts are first needed; `isAlike`: see grouping.ts. */
  constructor(dfa: LazyDfa, patterns: readonly number[], makeParts: () => Lane[], isAlike = false) {
    this.dfa = dfa;
    this.isAlike = isAlike;
    this.numbers = patterns;
    this.patterns = new Uint32Array((Math.max(0, ...patterns) >>> 5) + 1);
    for (const pattern of patterns) this.patterns[pattern >>> 5]! |= 1 << (pattern & 31);
    this.firstWord = Math.min(...patterns) >>> 5;
    this.makeParts = makeParts;
  }

  /** Whether one of its patterns is wanted and has no bit yet. */
  isOpen(wanted: Uint32Array, hits: Uint32Array): boolean {
    const { patterns } = this;
    for (let i = this.firstWord; i < patterns.length; i++)
      if ((patterns[i]! & wanted[i]! & ~hits[i]!) !== 0) return true;
    return false;
  }

  /** Whether so many of its large patterns have matched that the others by themselves need fewer states. */
  isTorn(hits: Uint32Array): boolean {
    if (!this.isAlike) return false;
    const { numbers } = this;
    let matched = 0;
    for (const own of numbers) matched += (hits[own >>> 5]! >>> (own & 31)) & 1;
    return matched * 2 > numbers.length;
  }

  get parts(): readonly Lane[] {
    this.made ??= this.makeParts();
    return this.made;
  }

  /** The part that reads for a pattern. */
  partOf(pattern: number): Lane {
    if (this.byPattern.length === 0) {
      for (const part of this.parts) for (const own of part.numbers) this.byPattern[own] = part;
    }
    return this.byPattern[pattern]!;
  }

  dropParts(): void {
    this.made = undefined;
    this.byPattern.length = 0;
  }
}

// A pattern as the scan looks for it: with the case of its letters as the text before it has them. What a plan is made of
// is told apart from the tree, because it may be known from earlier: then nobody has to read the pattern.
import type { CaseChange } from './chain-tree.ts';
import { analysePattern } from './pattern/analysis.ts';
import type { ByteSet } from './pattern/byte-set.ts';
import { isCounter } from './pattern/counter.ts';
import { foldPreimage, foldSuperset } from './pattern/fold.ts';
import type { Nfa } from './pattern/nfa.ts';
import { buildNfa } from './pattern/nfa-builder.ts';
import type { Node } from './pattern/node.ts';
import type { Pattern } from './pattern/pattern.ts';
import { isEager, type UnionPattern } from './pattern/union-pattern.ts';

/** All of a pattern that a plan is made of. */
export interface ScanFacts {
  readonly minLength: number;
  readonly clauses: readonly ByteSet[];
  readonly isCounter: boolean;
  readonly isEager: boolean;
  readonly nfa: Nfa;
}

export class ScanPattern implements UnionPattern {
  readonly text: string;
  readonly change: CaseChange;
  readonly #pattern: Pattern;
  readonly #known: ScanFacts | undefined;
  #node: Node | undefined;
  #nfa: Nfa | undefined;
  #condition: Pick<ScanFacts, 'minLength' | 'clauses'> | undefined;

  /** `known`: what was worked out earlier of the same text and change. */
  constructor(text: string, change: CaseChange, pattern: Pattern, known: ScanFacts | undefined) {
    this.text = text;
    this.change = change;
    this.#pattern = pattern;
    this.#known = known;
    this.#condition = known;
  }

  get node(): Node {
    this.#node ??= foldFor(this.change, this.#pattern.node);
    return this.#node;
  }

  /** Whether it is found where the pattern itself matches, and nowhere else. */
  get isExact(): boolean {
    return this.change === 'kept' && this.#pattern.isExact;
  }

  /** What a text must have at least to match. */
  get condition(): Pick<ScanFacts, 'minLength' | 'clauses'> {
    this.#condition ??= this.change === 'kept' ? this.#pattern.analysis : analysePattern(this.node);
    return this.#condition;
  }

  get isCounter(): boolean {
    return this.#known?.isCounter ?? isCounter(this.node);
  }

  get isEager(): boolean {
    return this.#known?.isEager ?? isEager(this.condition.minLength, this.nfa);
  }

  get nfa(): Nfa {
    this.#nfa ??= this.#known?.nfa ?? buildNfa([this.node]);
    return this.#nfa;
  }
}

/** The pattern as it must be looked for in a text whose letters were not made small. */
export function foldFor(change: CaseChange, node: Node): Node {
  if (change === 'kept') return node;
  return change === 'lower' ? foldPreimage(node) : foldSuperset(node);
}

// What a union needs to know of each of its patterns.
import { minLengthOf } from './analysis.ts';
import { OTHER } from './context.ts';
import { isCounter } from './counter.ts';
import type { Nfa } from './nfa.ts';
import { buildNfa } from './nfa-builder.ts';
import type { Node } from './node.ts';
import { Stepper } from './stepper.ts';

/** A pattern that so many bytes match by themselves is matched by nearly every value. */
const EAGER_BYTES = 48;

/** What is to be known of a pattern that is looked for. */
export interface UnionPattern {
  readonly node: Node;
  readonly isCounter: boolean;
  /** Matched by nearly every value: see isEager. */
  readonly isEager: boolean;
  /** Of this pattern alone. */
  readonly nfa: Nfa;
}

export function unionPattern(node: Node): UnionPattern {
  const nfa = buildNfa([node]);
  return { node, isCounter: isCounter(node), isEager: isEager(minLengthOf(node), nfa), nfa };
}

/** Whether so many bytes match a pattern by themselves that nearly every value does. `nfa`: of the pattern alone. */
export function isEager(minLength: number, nfa: Nfa): boolean {
  if (minLength > 1) return false;
  const stepper = new Stepper(nfa);
  const only = Int32Array.of(0);
  const isMatched = (column: number) => stepper.restartOf(only, OTHER, column).accepted.length > 0;
  return stepper.follow.alphabet.columnOf.filter(isMatched).length >= EAGER_BYTES;
}

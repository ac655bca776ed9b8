// A nondeterministic automaton as arrays, its states by number. See nfa-builder.ts for how patterns become one.
import type { ByteSet } from './byte-set.ts';

export const BYTE = 0;
export const SPLIT = 1;
export const ASSERT = 2;
export const SAVE = 3;
export const MATCH = 4;
/** The states that follow are for the backtracker alone: no automaton has them. */
export const LOOK = 5;
export const ATOMIC = 6;
export const REFERENCE = 7;

/** Bits of a LOOK's `arg`; an ATOMIC has the last one only. */
export const NEGATED = 1;
export const BEHIND = 2;
/** Groups are set within. */
export const SAVES = 4;
/** Bit of a REFERENCE's `arg`, above the number of its group. */
export const IGNORE_CASE = 16;

/**
 * States by number. `arg` is a set's number (BYTE), a context mask (ASSERT), a slot (SAVE), a count (SPLIT), bits
 * (LOOK, ATOMIC, REFERENCE); `out` is the next state, or the place in `branches` where several begin. SPLIT: the
 * preferred one first. LOOK: what is looked for, which ends in a MATCH of its own, then the next. ATOMIC: the same
 * with two nexts, for when a byte was taken and for when not. REFERENCE: those two.
 */
export interface Nfa {
  readonly op: Uint8Array;
  readonly arg: Int32Array;
  readonly out: Int32Array;
  readonly branches: Int32Array;
  readonly pattern: Uint16Array;
  readonly sets: readonly ByteSet[];
  /** First state of each pattern. */
  readonly starts: Int32Array;
}

/** Groups with a higher number are not reported: SecLang has TX:0 to TX:9. */
export const MAX_GROUP = 9;

/** Automata as one, in their order: the same as if it had been built of all their patterns. Each is of one pattern. */
export function joinNfas(parts: readonly Nfa[]): Nfa {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const states = parts.reduce((sum, { op }) => sum + op.length, 0);
  const op = new Uint8Array(states);
  const arg = new Int32Array(states);
  const out = new Int32Array(states);
  const pattern = new Uint16Array(states);
  const branches = new Int32Array(parts.reduce((sum, part) => sum + part.branches.length, 0));
  const starts = new Int32Array(parts.length);
  const sets: ByteSet[] = [];
  const setNumbers = new Map<string, number>();
  let base = 0;
  let firstBranch = 0;
  for (const [index, part] of parts.entries()) {
    const numbers = part.sets.map((set) => setNumbers.getOrInsertComputed(set.key, () => sets.push(set) - 1));
    for (let i = 0; i < part.op.length; i++) {
      const state = base + i;
      const kind = part.op[i]!;
      op[state] = kind;
      pattern[state] = index;
      arg[state] = kind === BYTE ? numbers[part.arg[i]!]! : kind === MATCH ? index : part.arg[i]!;
      out[state] = kind === SPLIT ? firstBranch + part.out[i]! : kind === MATCH ? 0 : base + part.out[i]!;
    }
    for (let i = 0; i < part.branches.length; i++) branches[firstBranch + i] = base + part.branches[i]!;
    starts[index] = base + part.starts[0]!;
    base += part.op.length;
    firstBranch += part.branches.length;
  }
  return { op, arg, out, branches, pattern, sets, starts };
}

// Which states of a program the backtracker remembers. From a state where no backreference can still read a group that
// is set already, the way on depends on the place alone: what failed there once fails always.
import type { Nfa } from './nfa.ts';
import { ATOMIC, LOOK, MATCH, REFERENCE, SAVE, SPLIT } from './nfa.ts';

export interface MemoPlan {
  /** By state: its number among those remembered, or -1. */
  readonly numberOf: Int32Array;
  readonly count: number;
}

/** Only states that several ways lead to are worth remembering: every repetition of work goes through one. */
export function planMemo(nfa: Nfa): MemoPlan {
  const ways = new Int32Array(nfa.op.length);
  for (let state = 0; state < nfa.op.length; state++) {
    for (const next of nextOf(nfa, state)) ways[next]!++;
    // What stands in a lookaround or an atomic group is begun anew from each way that leads there.
    if (nfa.op[state] === LOOK || nfa.op[state] === ATOMIC) ways[nfa.branches[nfa.out[state]!]!]! += 2;
  }
  const live = liveGroups(nfa);
  let count = 0;
  const numberOf = ways.map((many, state) => (many > 1 && live[state] === 0 && nfa.op[state] !== MATCH ? count++ : -1));
  return { numberOf, count };
}

/**
 * By state, the groups whose text a backreference may still read (bit n for group n), and those whose beginning will
 * be part of such a text (bit 16 + n).
 */
function liveGroups(nfa: Nfa): Int32Array {
  const live = new Int32Array(nfa.op.length);
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (let state = 0; state < live.length; state++) {
      const before = live[state]!;
      const after = before | liveAt(nfa, state, live);
      live[state] = after;
      if (after !== before) isChanged = true;
    }
  }
  return live;
}

function liveAt(nfa: Nfa, state: number, live: Int32Array): number {
  let next = 0;
  for (const target of nextOf(nfa, state)) next |= live[target]!;
  const arg = nfa.arg[state]!;
  if (nfa.op[state] === REFERENCE) return next | (1 << (arg & 15));
  if (nfa.op[state] !== SAVE) return next;
  const text = 1 << (arg >> 1);
  const start = text << 16;
  if ((arg & 1) === 0) return next & ~start;
  return (next & text) === 0 ? next : (next & ~text) | start;
}

function nextOf({ op, arg, out, branches }: Nfa, state: number): Int32Array {
  const from = out[state]!;
  switch (op[state]) {
    case MATCH:
      return NONE;
    case SPLIT:
      return branches.subarray(from, from + arg[state]!);
    case LOOK:
    case REFERENCE:
      return branches.subarray(from, from + 2);
    case ATOMIC:
      return branches.subarray(from, from + 3);
    default:
      return out.subarray(state, state + 1);
  }
}

const NONE = new Int32Array(0);

// A pattern made ready for the backtracker: its states, which of them are worth remembering, and what each can take.
import { type Alphabet, buildAlphabet } from './alphabet.ts';
import { type MemoPlan, planMemo } from './memo-plan.ts';
import type { Nfa } from './nfa.ts';
import { buildProgram } from './nfa-builder.ts';
import type { Term } from './node.ts';
import { openingsOf } from './openings.ts';

export interface Program {
  readonly nfa: Nfa;
  readonly plan: MemoPlan;
  readonly alphabet: Alphabet;
  /** See openingsOf. */
  readonly opens: Uint8Array;
}

/** `groups`: those whose places are kept. */
export function programOf(term: Term, groups: Iterable<number>): Program {
  let mask = 0;
  for (const group of groups) mask |= 1 << group;
  const nfa = buildProgram(term, mask);
  const alphabet = buildAlphabet(nfa.sets);
  return { nfa, plan: planMemo(nfa), alphabet, opens: openingsOf(nfa, alphabet) };
}

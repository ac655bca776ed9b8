// What a pattern finds in a value when every offset may begin a match. Unlike a plain search it goes back into what
// it has found, so its work is bounded by a number and not by the pattern alone.
import { buildNfa } from '../pattern/nfa.ts';
import { parsePattern } from '../pattern/parse.ts';
import { PikeMachine } from '../pattern/pike.ts';
import type { Matches, Span } from './operator.ts';

/** Steps of the automaton for one value, a fraction of a second; what lies behind is not looked at. */
const MAX_STEPS = 500_000;

/**
 * Overlapping matches of a pattern: a text of 19 digits holds four numbers of 16. Line ends are seen by `^` and `$`, and
 * what stands before a match by `^` and `\b`. Throws a PatternError for a pattern that cannot be.
 */
export function candidatesOf(pattern: string): Matches {
  const machine = new PikeMachine(buildNfa([parsePattern(pattern, { multiline: true })], { captures: true }));
  return (value) => candidates(machine, value);
}

function* candidates(machine: PikeMachine, value: string): Iterable<Span> {
  const limit = machine.work + MAX_STEPS;
  for (let offset = 0; offset < value.length && machine.work < limit; ) {
    const [start, end] = machine.exec(value, offset) ?? [];
    if (start === undefined || end === undefined) return;
    yield { start, end };
    offset = start + 1;
  }
}

// What a pattern finds in a value when every offset may begin a match. Unlike a plain search it goes back into what
// it has found, so each attempt is bounded by a number and not by the pattern alone.
import { buildNfa } from '../pattern/nfa-builder.ts';
import { parsePattern } from '../pattern/parse.ts';
import { SubmatchMachine } from '../pattern/submatch.ts';
import type { Matches, Span } from './operator.ts';

/** Longest text that counts as one match: no number that is verified comes near it. */
const MAX_MATCH = 256;
/** Offsets of one value at which a match is looked for; what lies behind is not looked at. */
const MAX_OFFSETS = 65_536;

/**
 * Overlapping matches of a pattern: a text of 19 digits holds four numbers of 16. Line ends are seen by `^` and `$`, and
 * what stands before a match by `^` and `\b`. Throws a PatternError for a pattern that cannot be.
 */
export function candidatesOf(pattern: string): Matches {
  const machine = new SubmatchMachine(buildNfa([parsePattern(pattern, { multiline: true })], { captures: true }));
  return (value) => candidates(machine, value);
}

function* candidates(machine: SubmatchMachine, value: string): Iterable<Span> {
  const last = Math.min(value.length, MAX_OFFSETS);
  for (let offset = 0; offset < last; offset++) {
    // One byte before, for what looks behind, and one behind the longest match, for what looks ahead.
    const from = Math.max(0, offset - 1);
    const to = Math.min(value.length, offset + MAX_MATCH + 1);
    const [start, end] = machine.exec(value.slice(from, to), offset - from) ?? [];
    if (start === undefined || end === undefined || end === start) continue;
    if (from + end === to && to < value.length) continue;
    yield { start: from + start, end: from + end };
  }
}

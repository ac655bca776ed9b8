// Compiled patterns by their text. A rule set names many of them more than once, is checked before it is compiled, and
// comes back at the next reload: each text is compiled once.
import { compilePattern, type Pattern } from './pattern/pattern.ts';

/** Patterns kept; a rule set has a few hundred. */
const MAX_PATTERNS = 4_096;

const known = new Map<string, Pattern>();

/** Throws PatternError for a text that is no pattern. */
export function patternOf(text: string): Pattern {
  let pattern = known.get(text);
  if (pattern === undefined) {
    pattern = compilePattern(text);
    if (known.size >= MAX_PATTERNS) known.clear();
    known.set(text, pattern);
  }
  return pattern;
}

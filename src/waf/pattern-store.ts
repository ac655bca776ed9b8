// Compiled patterns by their text. A rule set names many of them more than once, is checked before it is compiled, and
// comes back at the next reload: each text is compiled once. Of those in a book not even that: what is known of them is
// enough until somebody needs the tree.
import type { CaseChange } from './chain-tree.ts';
import { compilePattern, Pattern } from './pattern/pattern.ts';
import type { PatternBook } from './pattern-book.ts';
import { ScanPattern } from './scan-pattern.ts';

/** Patterns kept; a rule set has a few hundred. */
const MAX_PATTERNS = 4_096;

const known = new Map<string, Pattern>();
const scans = new Map<string, ScanPattern>();
let book: PatternBook | undefined;

/** What is said there is believed from now on of texts that are not known yet. */
export function useBook(found: PatternBook): void {
  book = found;
}

/** Throws PatternError for a text that is no pattern. */
export function patternOf(text: string): Pattern {
  return kept(known, text, () => {
    const analysis = book?.analysisOf(text);
    return analysis === undefined ? compilePattern(text) : new Pattern(() => compilePattern(text).node, analysis);
  });
}

/** The same as the scan looks for it. `pattern`: that of the text. */
export function scanPatternOf(text: string, change: CaseChange, pattern: Pattern): ScanPattern {
  return kept(scans, `${change} ${text}`, () => new ScanPattern(text, change, pattern, book?.factsOf(text, change)));
}

/** All that were asked for, by their texts. */
export function allPatterns(): {
  readonly patterns: ReadonlyMap<string, Pattern>;
  readonly scans: Iterable<ScanPattern>;
} {
  return { patterns: known, scans: scans.values() };
}

function kept<T>(map: Map<string, T>, key: string, make: () => T): T {
  let found = map.get(key);
  if (found === undefined) {
    found = make();
    if (map.size >= MAX_PATTERNS) map.clear();
    map.set(key, found);
  }
  return found;
}

// Which rules a removal or an update means: ids, ranges and lists of them, or a pattern for tags or messages.

import type { IdRange, Rule, RuleSelector } from '../rule.ts';
import type { Reading } from './known.ts';
import { isUsablePattern } from './known.ts';
import type { Span } from './span.ts';
import { part, trimmed } from './span.ts';

/** `942100`, `942100-942999`, `1,5 7-9`: separated by commas or blanks. undefined: faults were noted. */
export function readIds(written: Span, { faults }: Reading): IdRange[] | undefined {
  const ranges: IdRange[] = [];
  for (const match of written.text.matchAll(/[^\s,]+/g)) {
    const item = part(written, match.index, match.index + match[0].length);
    const [, first, last = first] = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(item.text) ?? [];
    const range = { from: Number(first), to: Number(last) };
    if (first === undefined || range.to < range.from) {
      faults.add(item, 'bad-value', `${item.text} is no rule id and no range of ids such as 100-199`);
      return undefined;
    }
    ranges.push(range);
  }
  if (ranges.length > 0) return ranges;
  faults.add(written, 'bad-value', 'the ids of rules are missing');
  return undefined;
}

/** Reads what stands behind `ById`, `ByTag` or `ByMsg`. undefined: faults were noted. */
export function readRuleSelector(by: RuleSelector['by'], written: Span, reading: Reading): RuleSelector | undefined {
  if (by === 'id') {
    const ranges = readIds(written, reading);
    return ranges === undefined ? undefined : { by, ranges };
  }
  const pattern = trimmed(written);
  if (pattern.text === '') {
    reading.faults.add(written, 'bad-value', 'the pattern is missing');
    return undefined;
  }
  return isUsablePattern(pattern.text, pattern, reading) ? { by, pattern: pattern.text } : undefined;
}

/**
 * Makes the test whether a selector means a rule. Patterns run on the rules' own texts only, here at load, so JavaScript's
 * patterns are enough. undefined: JavaScript cannot compile the pattern.
 */
export function compileRuleSelector(selector: RuleSelector): ((rule: Rule) => boolean) | undefined {
  if (selector.by === 'id') {
    return ({ id }) => selector.ranges.some(({ from, to }) => id >= from && id <= to);
  }
  const pattern = compile(selector.pattern);
  if (pattern === undefined) return undefined;
  return selector.by === 'tag'
    ? ({ tags }) => tags.some((tag) => pattern.test(tag))
    : ({ links }) => links.some(({ msg }) => msg !== undefined && pattern.test(msg));
}

function compile(pattern: string): RegExp | undefined {
  const isFolded = pattern.startsWith('(?i)');
  try {
    return new RegExp(isFolded ? pattern.slice('(?i)'.length) : pattern, isFolded ? 'is' : 's');
  } catch {
    return undefined;
  }
}

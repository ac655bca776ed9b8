// What a rule looks at: `ARGS|!ARGS:id|&REQUEST_HEADERS:Host|TX:/^x_/|XML:/*` to targets and exclusions.

import { didYouMean } from '../../config/suggest.ts';
import type { Exclusion, Selector, Target } from '../rule.ts';
import { variableKind, variableNames } from '../variables.ts';
import type { Reading } from './known.ts';
import { isUsablePattern } from './known.ts';
import { refusedVariables, remedy } from './refused.ts';
import type { Span } from './span.ts';
import { findUnescaped, lowerCase, part, reworded, trimmed, unescapeQuotes } from './span.ts';

export interface TargetList {
  readonly targets: readonly Target[];
  readonly exclusions: readonly Exclusion[];
}

/** No rule looks at more; a longer list is a mistake, and would make every later look through it slow. */
const maxTargets = 1000;
/** The XPath expressions that exist: all texts, and all attribute values. */
const xmlPaths: readonly string[] = ['/*', '//@*'];

/**
 * Reads a list of targets. `separators` is `|` in a rule; updates and `ctl` write commas as well. Selectors are names
 * (without regard to case) or patterns between slashes, either of them in single quotes when it holds a separator.
 * `areRemoved`: a rule stops looking at them, so that XML as a whole is clear enough.
 */
export function readTargets(list: Span, separators: string, reading: Reading, areRemoved = false): TargetList {
  const targets: Target[] = [];
  const exclusions: Exclusion[] = [];
  let at = 0;
  let count = 0;
  do {
    const end = endOfTarget(list.text, at, separators);
    const target = readTarget(trimmed(part(list, at, end)), reading, areRemoved);
    if (target?.isExcluded === true) exclusions.push(target.exclusion);
    else if (target !== undefined) targets.push({ ...target.exclusion, count: target.isCounted });
    at = end + 1;
    count += 1;
  } while (at <= list.text.length && count < maxTargets);
  if (at <= list.text.length)
    reading.faults.add(part(list, at), 'too-much', `a list has at most ${maxTargets} targets`);
  return { targets, exclusions };
}

/** Where the target ends that begins here: at a separator outside of quotes and of a pattern. */
function endOfTarget(text: string, from: number, separators: string): number {
  const isSeparator = (at: number): boolean => at >= text.length || separators.includes(text[at] ?? '');
  let at = from;
  while (text[at] !== ':' && !isSeparator(at)) at += 1;
  const opener = text[at] === ':' ? text[at + 1] : undefined;
  if (opener === "'" || (opener === '/' && !isXml(text.slice(from, at)))) {
    do at = findUnescaped(text, opener, at + (text[at] === ':' ? 2 : 1));
    while (at > 0 && opener === '/' && !isSeparator(at + 1));
    // What is never closed goes to the end of the list, and is one fault there.
    if (at < 0) return text.length;
  }
  while (!isSeparator(at)) at += 1;
  return at;
}

interface ReadTarget {
  readonly exclusion: Exclusion;
  readonly isExcluded: boolean;
  readonly isCounted: boolean;
}

function readTarget(written: Span, reading: Reading, isRemoved: boolean): ReadTarget | undefined {
  const { faults } = reading;
  const mark = written.text[0];
  const isExcluded = mark === '!';
  const isCounted = mark === '&';
  const rest = isExcluded || isCounted ? trimmed(part(written, 1)) : written;
  const colon = rest.text.indexOf(':');
  const name = trimmed(colon < 0 ? rest : part(rest, 0, colon));
  const variable = name.text.toUpperCase();
  const kind = variableKind(variable);
  if (kind === undefined) {
    addUnknown(name, reading);
    return undefined;
  }
  if (isCounted && kind === 'single') {
    faults.add(written, 'bad-value', `${variable} is one value and not a collection, so it cannot be counted with &`);
    return undefined;
  }
  if (colon >= 0 && kind === 'single') {
    faults.add(rest, 'bad-value', `${variable} is one value and not a collection, so nothing can be picked from it`);
    return undefined;
  }
  if (colon < 0) {
    const isLookedAt = !isExcluded && !isRemoved;
    if (kind === 'xml' && isLookedAt) faults.add(rest, 'bad-value', 'say which part: XML:/* or XML://@*');
    return { exclusion: { variable }, isExcluded, isCounted };
  }
  const selector = readSelector(trimmed(part(rest, colon + 1)), kind === 'xml', reading);
  return selector === undefined ? undefined : { exclusion: { variable, selector }, isExcluded, isCounted };
}

function addUnknown(name: Span, { faults }: Reading): void {
  const variable = name.text.toUpperCase();
  const reason = Object.hasOwn(refusedVariables, variable) ? refusedVariables[variable] : undefined;
  if (reason !== undefined) faults.add(name, 'not-available', `${variable} is not available: ${reason}; ${remedy}`);
  else if (name.text === '') faults.add(name, 'seclang-syntax', 'a variable is missing here');
  else if (/^[!&]/.test(name.text)) faults.add(name, 'seclang-syntax', 'a target takes one of ! and &, and only once');
  else {
    const [collection = '', ...member] = name.text.split('.');
    const isDotted = member.length > 0 && variableKind(collection.toUpperCase()) !== undefined;
    const hint = isDotted ? `; did you mean "${name.text.replace('.', ':')}"?` : didYouMean(name.text, variableNames());
    faults.add(name, 'unknown-variable', `there is no variable ${name.text}${hint}`);
  }
}

function readSelector(written: Span, isXml: boolean, reading: Reading): Selector | undefined {
  const { faults } = reading;
  const isQuoted = written.text.startsWith("'");
  if (isQuoted && findUnescaped(written.text, "'", 1) !== written.text.length - 1) {
    faults.add(written, 'seclang-syntax', 'the quotes of this selector do not stand around all of it');
    return undefined;
  }
  const inner = isQuoted ? part(written, 1, written.text.length - 1) : written;
  const selector = reworded(inner, unescapeQuotes(inner.text, isQuoted ? `"'` : '"'));
  const { text } = selector;
  if (isXml) {
    if (xmlPaths.includes(text)) return { kind: 'name', name: text };
    faults.add(written, 'not-available', 'of XPath only /* (all texts) and //@* (all attribute values) are available');
  } else if (text === '') faults.add(written, 'bad-value', 'the name of a member is missing behind the colon');
  else if (text.startsWith('/')) return readPattern(selector, reading);
  else if (text.includes('%{')) faults.add(written, 'not-available', 'the name of a member cannot hold a macro');
  else return { kind: 'name', name: lowerCase(text) };
  return undefined;
}

function readPattern(written: Span, reading: Reading): Selector | undefined {
  const { text } = written;
  if (text.length < 2 || !text.endsWith('/')) {
    reading.faults.add(written, 'seclang-syntax', 'a pattern ends with a slash');
    return undefined;
  }
  const pattern = text.slice(1, -1).replace(/\\([\s\S])/g, (pair: string, byte: string) => (byte === '/' ? '/' : pair));
  return isUsablePattern(pattern, written, reading) ? { kind: 'pattern', pattern } : undefined;
}

function isXml(name: string): boolean {
  return name.trim().replace(/^[!&]/, '').toUpperCase() === 'XML';
}

// The list of actions of a rule (`id:1,phase:2,msg:'a, b'`) to its items. What an action means is decided elsewhere.

import type { Faults } from './faults.ts';
import type { Span } from './span.ts';
import { findUnescaped, isBlank, lowerCase, part, reworded, trimmed, unescapeQuotes } from './span.ts';

export interface ActionItem {
  /** Lower case. */
  readonly name: string;
  readonly at: Span;
  /** Behind the colon, quotes and escapes taken off; undefined: there was no colon. */
  readonly value?: Span;
}

/** What stands before a quote that opens inside of a value: `tx.a='b, c'`, `ARGS:'/a,b/'`. */
const quoteOpeners = '=:;|!&';

/**
 * Splits at commas outside of single quotes. A value may stand in single quotes as a whole, or from an equals sign or a
 * colon on; an apostrophe elsewhere is an apostrophe. Empty items, as behind a last comma, are left out.
 */
export function splitActions(list: Span, faults: Faults): ActionItem[] {
  const items: ActionItem[] = [];
  const { text } = list;
  let at = 0;
  while (at < text.length) {
    const nameEnd = endOfName(text, at);
    const name = trimmed(part(list, at, nameEnd));
    const hasValue = text[nameEnd] === ':';
    const end = hasValue ? endOfValue(list, nameEnd + 1, faults) : nameEnd;
    if (end < 0) return items;
    if (hasValue) {
      const value = unquoted(trimmed(part(list, nameEnd + 1, end)));
      items.push({ name: lowerCase(name.text), at: name, value });
    } else if (name.text !== '') items.push({ name: lowerCase(name.text), at: name });
    at = end + 1;
  }
  return items;
}

function endOfName(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== ':' && text[at] !== ',') at += 1;
  return at;
}

/** Where the comma stands that ends the value; -1: a quote is not closed, and the fault is noted. */
function endOfValue(list: Span, from: number, faults: Faults): number {
  const { text } = list;
  let at = from;
  while (at < text.length && isBlank(text.charCodeAt(at))) at += 1;
  const isWhole = text[at] === "'";
  for (let isFirst = true; at < text.length && text[at] !== ','; isFirst = false) {
    if (text[at] === '\\') at += 2;
    else if (text[at] === "'" && (isFirst || (!isWhole && quoteOpeners.includes(text[at - 1] ?? ' ')))) {
      const close = findUnescaped(text, "'", at + 1);
      if (close < 0) {
        faults.add(part(list, at), 'seclang-syntax', "this quote (') is not closed");
        return -1;
      }
      at = close + 1;
    } else if (isWhole && !isBlank(text.charCodeAt(at))) {
      faults.add(part(list, at), 'seclang-syntax', 'a comma is missing behind the closing quote');
      return skipToComma(text, at);
    } else at += 1;
  }
  return Math.min(at, text.length);
}

function skipToComma(text: string, from: number): number {
  const comma = text.indexOf(',', from);
  return comma < 0 ? text.length : comma;
}

function unquoted(value: Span): Span {
  const { text } = value;
  const isQuoted = text.startsWith("'") && findUnescaped(text, "'", 1) === text.length - 1;
  const inner = isQuoted ? part(value, 1, text.length - 1) : value;
  return reworded(inner, unescapeQuotes(inner.text, `"'`));
}

// One logical line to a directive: its name and its arguments, quotes taken off. What they mean is decided elsewhere.

import type { Faults } from './faults.ts';
import type { LogicalLine, Span } from './span.ts';
import { findUnescaped, isBlank, lowerCase, part, reworded, unescapeQuotes } from './span.ts';

export interface Directive {
  /** As written. */
  readonly name: Span;
  /** Lower case. */
  readonly key: string;
  /** In order, without their quotes; escapes still stand. */
  readonly args: readonly Argument[];
}

export interface Argument extends Span {
  readonly quote: '"' | "'" | '';
}

/**
 * Splits a line at blanks outside of quotes, as Apache splits its configuration: an argument may stand in double or in
 * single quotes. undefined: the line is broken, and the fault is noted.
 */
export function readDirective(line: LogicalLine, faults: Faults): Directive | undefined {
  const whole: Span = { text: line.text, at: 0, line };
  const words: Argument[] = [];
  let at = skipBlanks(line.text, 0);
  while (at < line.text.length) {
    const quote = quoteAt(line.text, at);
    const end = quote === '' ? wordEnd(line.text, at) : findUnescaped(line.text, quote, at + 1);
    if (end < 0) {
      faults.add(part(whole, at), 'seclang-syntax', `this quote (${quote}) is not closed`);
      return undefined;
    }
    words.push({ ...part(whole, quote === '' ? at : at + 1, end), quote });
    const next = quote === '' ? end : end + 1;
    at = skipBlanks(line.text, next);
    if (at === next && at < line.text.length) {
      faults.add(part(whole, at), 'seclang-syntax', 'a blank is missing behind the closing quote');
      return undefined;
    }
  }
  const [name, ...args] = words;
  return name === undefined ? undefined : { name, key: lowerCase(name.text), args };
}

/** An argument that is one value: escaped quotes become quotes, every other backslash stays. */
export function argumentValue(argument: Argument): Span {
  return reworded(argument, unescapeQuotes(argument.text, argument.quote === "'" ? `"'` : '"'));
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

function quoteAt(text: string, at: number): Argument['quote'] {
  const byte = text[at];
  return byte === '"' || byte === "'" ? byte : '';
}

function wordEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && !isBlank(text.charCodeAt(at))) at += text[at] === '\\' ? 2 : 1;
  return Math.min(at, text.length);
}

// Everything of SQL that is enclosed: strings in their many spellings, comments, names in brackets. Each function
// reads one token into a slot and returns where the next begins. A search that finds no end takes the rest of the
// value, so no byte is searched again and again.

import { byteAt } from '../transforms/bytes.ts';
import { IN_TAG, skipSet } from './sql-bytes.ts';
import { findText, wordKind } from './sql-dictionary.ts';
import { readAmount, readWord } from './sql-plain.ts';
import { BAREWORD, COMMENT, EVIL, FUNCTION, NUMBER, type SqlTokens, STRING } from './sql-tokens.ts';

/** A string from `start` to the next quote that is neither doubled nor behind an odd number of backslashes. */
export function readString(t: SqlTokens, slot: number, start: number, quote: string, opener: number): number {
  const close = findClosingQuote(t, start, quote);
  t.set(slot, STRING, start, (close < 0 ? t.end : close) - start);
  t.opener[slot] = opener;
  if (close < 0) return t.end;
  t.closer[slot] = quote.charCodeAt(0);
  return close + 1;
}

/** MySQL's name in backticks: a function if it is the name of one, else a bare word whatever it says. */
export function readBacktick(t: SqlTokens, slot: number): number {
  const next = readString(t, slot, t.position + 1, '`', 0x60);
  const word = findText(t.bytes, t.start[slot]!, t.length[slot]!);
  t.word[slot] = word;
  t.kind[slot] = wordKind[word] === FUNCTION ? FUNCTION : BAREWORD;
  return next;
}

/** PostgreSQL's `E'…'` and MySQL's `N'…'`. */
export function readPrefixedString(t: SqlTokens, slot: number): number {
  const at = t.position;
  if (at + 2 >= t.end || t.bytes[at + 1] !== 0x27) return readWord(t, slot);
  return readString(t, slot, at + 2, "'", 0x27);
}

/** `U&'…'` */
export function readUnicodeString(t: SqlTokens, slot: number): number {
  const at = t.position;
  const isString = at + 2 < t.end && t.bytes[at + 1] === 0x26 && t.bytes[at + 2] === 0x27;
  if (!isString) return readWord(t, slot);
  const next = readString(t, slot, at + 3, "'", 0x75);
  if (t.closer[slot] !== 0) t.closer[slot] = 0x75;
  return next;
}

/** Oracle's `q'[…]'`, and with `skipped` 1 `nq'[…]'`. */
export function readOracleString(t: SqlTokens, slot: number, skipped: number): number {
  const { value, bytes } = t;
  const at = t.position + skipped;
  const isString = at + 2 < t.end && (bytes[at]! | 0x20) === 0x71 && bytes[at + 1] === 0x27;
  const mark = isString ? bytes[at + 2]! : 0;
  if (mark < 0x21 || mark > 0x7f) return readWord(t, slot);
  const close = `${closingMark(value.charAt(at + 2))}'`;
  return readUpTo(t, slot, at + 3, value.indexOf(close, at + 3), 2, 0x71);
}

/** `b'01'` and `x'ff'`, whose digits are of the given set. */
export function readQuotedNumber(t: SqlTokens, slot: number, digits: number): number {
  const { bytes } = t;
  const start = t.position;
  if (start + 2 >= t.end || bytes[start + 1] !== 0x27) return readWord(t, slot);
  const at = skipSet(bytes, start + 2, t.end, digits);
  if (at >= t.end || bytes[at] !== 0x27) return readWord(t, slot);
  t.set(slot, NUMBER, start, at + 1 - start);
  return at + 1;
}

/** After a dollar sign: an amount, PostgreSQL's `$$…$$` and `$tag$…$tag$`, or nothing but the sign. */
export function readDollar(t: SqlTokens, slot: number): number {
  const { bytes } = t;
  const start = t.position;
  if (start + 1 < t.end) {
    const amount = readAmount(t, slot);
    if (amount !== undefined) return amount;
    const tagEnd = skipSet(bytes, start + 1, t.end, IN_TAG);
    if (tagEnd < t.end && bytes[tagEnd] === 0x24) {
      const width = tagEnd + 1 - start;
      return readUpTo(t, slot, tagEnd + 1, findTag(t, start, width), width, 0x24);
    }
  }
  t.set(slot, BAREWORD, start, 1);
  return start + 1;
}

/** Access's and SQL Server's name in brackets. */
export function readBracket(t: SqlTokens, slot: number): number {
  const close = t.value.indexOf(']', t.position);
  const next = close < 0 ? t.end : close + 1;
  t.set(slot, BAREWORD, t.position, next - t.position);
  return next;
}

/** A comment up to the end of the line, which is not part of it. */
export function readLineComment(t: SqlTokens, slot: number): number {
  const lineEnd = t.value.indexOf('\n', t.position);
  t.set(slot, COMMENT, t.position, (lineEnd < 0 ? t.end : lineEnd) - t.position);
  return lineEnd < 0 ? t.end : lineEnd + 1;
}

/** A C comment. One within another ends in different places, and MySQL runs what stands in a slash-star-bang comment. */
export function readBlockComment(t: SqlTokens, slot: number): number {
  const value = t.value;
  const start = t.position;
  const close = value.indexOf('*/', start + 2);
  const next = close < 0 ? t.end : close + 2;
  const isEvil = (close >= 0 && hasNested(value, start + 2, close)) || byteAt(t.bytes, start + 2, t.end) === 0x21;
  t.set(slot, isEvil ? EVIL : COMMENT, start, next - start);
  return next;
}

function findClosingQuote({ value, bytes, end }: SqlTokens, start: number, quote: string): number {
  let at = value.indexOf(quote, start);
  while (at >= 0) {
    let before = at - 1;
    while (before >= start && bytes[before] === 0x5c) before--;
    if (((at - 1 - before) & 1) === 1) {
      at = value.indexOf(quote, at + 1);
    } else if (at + 1 < end && bytes[at + 1] === bytes[at]) {
      at = value.indexOf(quote, at + 2);
    } else {
      return at;
    }
  }
  return -1;
}

function closingMark(mark: string): string {
  const at = '([{<'.indexOf(mark);
  return at < 0 ? mark : ')]}>'.charAt(at);
}

/** A string whose end mark, `width` bytes wide, was found at `close`, or was not found (-1). */
function readUpTo(t: SqlTokens, slot: number, start: number, close: number, width: number, mark: number): number {
  t.set(slot, STRING, start, (close < 0 ? t.end : close) - start);
  t.opener[slot] = mark;
  if (close < 0) return t.end;
  t.closer[slot] = mark;
  return close + width;
}

/**
 * The second `$tag$`. Letters are compared only up to the next dollar sign, which no tag has inside, so the search is
 * linear however the value repeats itself.
 */
function findTag({ value, bytes, end }: SqlTokens, start: number, width: number): number {
  let at = value.indexOf('$', start + width);
  while (at >= 0 && at + width <= end) {
    let same = 1;
    while (same < width && bytes[at + same] === bytes[start + same]) same++;
    if (same === width) return at;
    at = value.indexOf('$', at + 1);
  }
  return -1;
}

function hasNested(value: string, start: number, close: number): boolean {
  const nested = value.indexOf('/*', start);
  return nested >= 0 && nested < close;
}

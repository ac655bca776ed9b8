// Backslash sequences of PCRE, inside and outside of bracket classes, but for backreferences (reference.ts). What
// cannot be matched in bounded time or without Unicode tables is refused by name.
import { ByteSet, DIGIT, SPACE, WORD } from './byte-set.ts';
import {
  AT_END,
  AT_END_OR_FINAL_LF,
  AT_START,
  AT_WORD_BOUNDARY,
  NOT_AT_WORD_BOUNDARY,
  NOT_BEFORE_LF,
} from './context.ts';
import type { Node } from './node.ts';
import type { Cursor } from './pattern-error.ts';

const HORIZONTAL = ByteSet.of('\t \xa0');
const VERTICAL = ByteSet.of('\n\v\f\r\x85');

const CLASSES: Readonly<Record<string, ByteSet>> = {
  d: DIGIT,
  D: DIGIT.negate(),
  s: SPACE,
  S: SPACE.negate(),
  w: WORD,
  W: WORD.negate(),
  h: HORIZONTAL,
  H: HORIZONTAL.negate(),
  v: VERTICAL,
  V: VERTICAL.negate(),
};

const CONTROLS: Readonly<Record<string, number>> = { a: 0x07, e: 0x1b, f: 0x0c, n: 0x0a, r: 0x0d, t: 0x09 };

const ASSERTIONS: Readonly<Record<string, number>> = {
  A: AT_START,
  z: AT_END,
  Z: AT_END_OR_FINAL_LF,
  b: AT_WORD_BOUNDARY,
  B: NOT_AT_WORD_BOUNDARY,
};

/** `\R`: CR LF counts as one and is never given back, so a CR alone must not stand before an LF. */
const LINE_BREAK: Node = {
  kind: 'choice',
  nodes: [
    { kind: 'sequence', nodes: [literal(0x0d), literal(0x0a)] },
    { kind: 'bytes', set: ByteSet.of('\n\v\f\x85') },
    { kind: 'sequence', nodes: [literal(0x0d), { kind: 'assert', mask: NOT_BEFORE_LF }] },
  ],
};

const REFUSED: Readonly<Record<string, string>> = {
  K: '\\K (new match start) is not supported: capture the wanted part in a group',
  G: '\\G is not supported: there is no earlier match; use ^ or \\A',
  X: '\\X (grapheme) is not supported: values are bytes; write the bytes out',
  p: '\\p (Unicode property) is not supported: values are bytes; write a class such as [A-Za-z\\x80-\\xff]',
  P: '\\P (Unicode property) is not supported: values are bytes; write a class such as [^A-Za-z]',
  k: '\\k must be followed by the name of a group, as in \\k<name>',
  g: '\\g must be followed by a number or a name, as in \\g{1}; a subroutine \\g<…> is not supported: write the part out',
};

/** Reads an escape outside of a class that is no backreference, the cursor standing after the backslash. */
export function readEscape(cursor: Cursor): Node {
  const start = cursor.at - 1;
  const letter = cursor.peek();
  const mask = ASSERTIONS[letter];
  if (mask !== undefined) {
    cursor.at++;
    return { kind: 'assert', mask };
  }
  if (letter === 'R') {
    cursor.at++;
    return LINE_BREAK;
  }
  if (letter === 'N') {
    cursor.at++;
    if (cursor.peek() === '{') cursor.fail('\\N{…} is not supported: write the byte as \\xhh', start);
    return { kind: 'bytes', set: ByteSet.one(0x0a).negate() };
  }
  if (letter === 'C') {
    cursor.at++;
    return { kind: 'bytes', set: ByteSet.all };
  }
  return { kind: 'bytes', set: readClassEscape(cursor) };
}

/** Reads an escape that stands for a set of bytes: all that may occur inside a class. */
export function readClassEscape(cursor: Cursor): ByteSet {
  const start = cursor.at - 1;
  if (cursor.done) cursor.fail('the pattern ends in a backslash: write \\\\ or \\x5c', start);
  const letter = cursor.next();
  const set = CLASSES[letter];
  if (set) return set;
  const control = CONTROLS[letter];
  if (control !== undefined) return ByteSet.one(control);
  if (letter === 'x') return ByteSet.one(readHex(cursor, start));
  if (letter >= '0' && letter <= '7') return ByteSet.one(readOctal(cursor, start, /[0-7]{1,3}/y));
  if (letter === 'o' && cursor.peek() === '{') return ByteSet.one(readOctal(cursor, start, /\{0*[0-7]{1,3}\}/y));
  if (letter === 'c') {
    const code = cursor.next().charCodeAt(0);
    if (!(code >= 0x20 && code < 0x7f)) cursor.fail('\\c must be followed by a printable ASCII character', start);
    return ByteSet.one((code >= 0x61 && code <= 0x7a ? code - 0x20 : code) ^ 0x40);
  }
  const refusal = REFUSED[letter];
  if (refusal) cursor.fail(refusal, start);
  if (/[A-Za-z]/.test(letter)) {
    cursor.fail(`unknown escape \\${letter}: write the letter alone, or a byte as \\xhh`, start);
  }
  return ByteSet.of(letter);
}

function readHex(cursor: Cursor, start: number): number {
  if (cursor.peek() !== '{') return Number.parseInt(`0${cursor.match(/[0-9A-Fa-f]{0,2}/y)![0]}`, 16);
  const braced = cursor.match(/\{0*([0-9A-Fa-f]{1,2})\}/y);
  if (!braced) cursor.fail('\\x{…} must hold one or two hexadecimal digits: values are bytes', start);
  return Number.parseInt(braced[1]!, 16);
}

function readOctal(cursor: Cursor, start: number, form: RegExp): number {
  if (cursor.peek() !== '{') cursor.at--;
  const digits = cursor.match(form);
  const value = digits ? Number.parseInt(digits[0].replace(/[{}]/g, ''), 8) : 256;
  if (value > 255) cursor.fail('an octal escape must stand for a byte, \\000 to \\377', start);
  return value;
}

function literal(byte: number): Node {
  return { kind: 'bytes', set: ByteSet.one(byte) };
}

// sqlPlain: a statement without what a database reads over. What stands in a comment stays when it has a quote in it: in
// a string the mark of a comment means nothing, and the quote ends the string.
import { byteAt, firstOf, flagsOf } from './bytes.ts';
import { close, open } from './scratch.ts';
import { bytesOf, type Transform } from './transform.ts';

const BLANK = flagsOf([...bytesOf('\t\n\v\f\r '), 0xa0]);
// Blanks alone are no reason to write a text anew: patterns take any run of them.
const TRIGGERS = [...bytesOf('\t\n\v\f\r*-#'), 0xa0];
const FLAGS = flagsOf(TRIGGERS);
const WORD = flagsOf(bytesOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_ \t'));
/** The longest comment up to the end of a line that is taken for one. */
const MOST_LINE = 64;

/** `/*!50000x*\/` is `x`, other comments, one up to a line end of words only, and runs of white space are one blank. */
export const sqlPlain: Transform = {
  name: 'sqlplain',
  triggers: TRIGGERS,
  adds: [0x20],
  apply(value) {
    const start = firstOf(value, FLAGS);
    if (start === -1) return value;
    const out = open(value);
    const end = value.length;
    let length = out[start] === 0x2a ? Math.max(0, start - 1) : start;
    let closing = -2;
    // The next end of a comment and the next quote are looked for once, however many comments begin before them.
    let last = -2;
    let quote = -2;
    for (let index = length; index < end; ) {
      const byte = out[index]!;
      let put = byte;
      let next = index + 1;
      if (BLANK[byte] === 1) put = 0x20;
      else if (index === closing) {
        put = 0x20;
        next = index + 2;
      } else if (byte === 0x2f && byteAt(out, next, end) === 0x2a) {
        put = 0x20;
        const inside = index + 2;
        if (last !== -1 && last < inside) last = value.indexOf('*/', inside);
        if (quote < inside) quote = quoteFrom(out, inside, end);
        // Read is what a comment holds that is code (`!`), has a quote, or never ends.
        const isOpen = last === -1 || quote < last || byteAt(out, inside, end) === 0x21;
        next = isOpen ? behindVersion(out, inside, end) : last + 2;
        if (isOpen) closing = last;
      } else if (byte === 0x23 || (byte === 0x2d && byteAt(out, next, end) === 0x2d)) {
        const lineEnd = endOfLine(out, next + (byte === 0x2d ? 1 : 0), end);
        if (lineEnd !== -1) {
          put = 0x20;
          next = lineEnd;
        }
      }
      if (!(put === 0x20 && length > 0 && out[length - 1] === 0x20)) out[length++] = put;
      index = next;
    }
    return close(out, length, value);
  },
};

/** The end where there is no quote. */
function quoteFrom(bytes: Uint8Array, from: number, end: number): number {
  let index = from;
  while (index < end && bytes[index] !== 0x27 && bytes[index] !== 0x22) index++;
  return index;
}

/** `!`, and the five or six digits of a version. */
function behindVersion(bytes: Uint8Array, from: number, end: number): number {
  if (byteAt(bytes, from, end) !== 0x21) return from;
  let index = from + 1;
  while (index < from + 7 && isDigit(byteAt(bytes, index, end))) index++;
  return index;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** Behind a comment of words that ends with its line; -1: it is none, or nothing follows it. */
function endOfLine(bytes: Uint8Array, from: number, end: number): number {
  for (let index = from; index < from + MOST_LINE && index < end; index++) {
    const byte = bytes[index]!;
    if (byte === 0x0a) return index + 1;
    if (WORD[byte] !== 1) return -1;
  }
  return -1;
}

// sqlPlain: a statement without what a database reads over. What stands in a comment stays when it has a quote in it: in
// a string the mark of a comment means nothing, and the quote ends the string.
import { firstOf, flagsOf } from './bytes.ts';
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
    const from = value.charCodeAt(start) === 0x2a ? Math.max(0, start - 1) : start;
    const out = open(value);
    let length = from;
    let closing = -2;
    for (let index = from; index < value.length; ) {
      const byte = value.charCodeAt(index);
      let put = byte;
      let next = index + 1;
      if (BLANK[byte] === 1) put = 0x20;
      else if (index === closing) {
        put = 0x20;
        next = index + 2;
      } else if (byte === 0x2f && value.charCodeAt(next) === 0x2a) {
        put = 0x20;
        const last = value.indexOf('*/', index + 2);
        const isOpen = opensText(value, index + 2, last);
        next = isOpen ? behindVersion(value, index + 2) : last + 2;
        if (isOpen) closing = last;
      } else if (byte === 0x23 || (byte === 0x2d && value.charCodeAt(next) === 0x2d)) {
        const lineEnd = endOfLine(value, next + (byte === 0x2d ? 1 : 0));
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

/** Whether what follows the mark of a comment must be read: it is code (`!`), it has a quote, or it never ends. */
function opensText(value: string, from: number, last: number): boolean {
  if (last === -1 || value.charCodeAt(from) === 0x21) return true;
  for (let index = from; index < last; index++) {
    const byte = value.charCodeAt(index);
    if (byte === 0x27 || byte === 0x22) return true;
  }
  return false;
}

/** `!`, and the five or six digits of a version. */
function behindVersion(value: string, from: number): number {
  if (value.charCodeAt(from) !== 0x21) return from;
  let index = from + 1;
  while (index < from + 7 && value.charCodeAt(index) >= 0x30 && value.charCodeAt(index) <= 0x39) index++;
  return index;
}

/** Behind a comment of words that ends with its line; -1: it is none, or nothing follows it. */
function endOfLine(value: string, from: number): number {
  for (let index = from; index < from + MOST_LINE && index < value.length; index++) {
    const byte = value.charCodeAt(index);
    if (byte === 0x0a) return index + 1;
    if (WORD[byte] !== 1) return -1;
  }
  return -1;
}

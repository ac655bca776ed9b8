// joinStrings: 'al'+'ert' is 'alert' to the language that reads it, so the seams of strings go.
import { firstOf, flagsOf, isSpace } from './bytes.ts';
import { close, open } from './scratch.ts';
import { bytesOf, type Transform } from './transform.ts';

const QUOTES = bytesOf('\'"`');
const FLAGS = flagsOf(QUOTES);
/** Blanks that are looked over on either side of an operator. */
const MOST_BLANKS = 8;

/** Drops a closing quote, `+`, `.`, `||` or `&`, and the opening quote behind it, with the blanks between them. */
export const joinStrings: Transform = {
  name: 'joinstrings',
  triggers: QUOTES,
  adds: [],
  apply(value) {
    const start = firstOf(value, FLAGS);
    if (start === -1) return value;
    const out = open(value);
    let length = start;
    for (let index = start; index < value.length; ) {
      const byte = value.charCodeAt(index);
      const next = FLAGS[byte] === 1 ? behindSeam(value, index + 1) : -1;
      if (next === -1) {
        out[length++] = byte;
        index++;
      } else index = next;
    }
    return close(out, length, value);
  },
};

/** Where the next string goes on; -1: there is no seam. */
function behindSeam(value: string, from: number): number {
  let index = behindBlanks(value, from);
  const operator = value.charCodeAt(index);
  if (operator === 0x7c) {
    if (value.charCodeAt(++index) !== 0x7c) return -1;
  } else if (operator !== 0x2b && operator !== 0x2e && operator !== 0x26) return -1;
  index = behindBlanks(value, index + 1);
  return FLAGS[value.charCodeAt(index)] === 1 ? index + 1 : -1;
}

function behindBlanks(value: string, from: number): number {
  let index = from;
  while (index < from + MOST_BLANKS && isSpace(value.charCodeAt(index))) index++;
  return index;
}

// joinStrings: 'al'+'ert' is 'alert' to the language that reads it, so the seams of strings go.
import { byteAt, firstOf, flagsOf, isSpace } from './bytes.ts';
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
    const end = value.length;
    let length = start;
    for (let index = start; index < end; ) {
      const byte = out[index]!;
      const next = FLAGS[byte] === 1 ? behindSeam(out, index + 1, end) : -1;
      if (next === -1) {
        out[length++] = byte;
        index++;
      } else index = next;
    }
    return close(out, length, value);
  },
};

/** Where the next string goes on; -1: there is no seam. */
function behindSeam(bytes: Uint8Array, from: number, end: number): number {
  let index = behindBlanks(bytes, from, end);
  const operator = byteAt(bytes, index, end);
  if (operator === 0x7c) {
    if (byteAt(bytes, ++index, end) !== 0x7c) return -1;
  } else if (operator !== 0x2b && operator !== 0x2e && operator !== 0x26) return -1;
  index = behindBlanks(bytes, index + 1, end);
  return index < end && FLAGS[bytes[index]!] === 1 ? index + 1 : -1;
}

function behindBlanks(bytes: Uint8Array, from: number, end: number): number {
  let index = from;
  while (index < from + MOST_BLANKS && isSpace(byteAt(bytes, index, end))) index++;
  return index;
}

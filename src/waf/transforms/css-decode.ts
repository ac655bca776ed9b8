// cssDecode: the escapes of CSS 2 (REC-CSS2, 4.1.3). Every backslash that escapes goes, and so does one at the very end.
import { byteAt, HEX, isSpace, narrow } from './bytes.ts';
import { decodeEscapes, escaped, NOTHING } from './escape.ts';
import { bytesOf, type Transform } from './transform.ts';

const MOST_DIGITS = 6;

/**
 * One to six hexadecimal digits to the low byte, with a blank after them; FF01 to FF5E to ASCII; an escaped line feed
 * to nothing; any other escaped byte to itself (ModSecurity reference manual, cssDecode).
 */
export const cssDecode: Transform = {
  name: 'cssdecode',
  triggers: bytesOf('\\'),
  adds: 'any',
  apply: (value) => decodeEscapes(value, readEscape),
};

function readEscape(bytes: Uint8Array, from: number, end: number): number {
  if (from === end) return escaped(NOTHING, end);
  let code = 0;
  let index = from;
  for (; index < end && index < from + MOST_DIGITS; index++) {
    const digit = HEX[bytes[index]!]!;
    if (digit < 0) break;
    code = code * 16 + digit;
  }
  if (index === from) return escaped(bytes[from] === 0x0a ? NOTHING : bytes[from]!, from + 1);
  const byte = code >> 8 === 0xff ? narrow(code & 255) : code & 255;
  return escaped(byte, isSpace(byteAt(bytes, index, end)) ? index + 1 : index);
}

// cssDecode: the escapes of CSS 2 (REC-CSS2, 4.1.3). Every backslash that escapes goes, and so does one at the very end.
import { HEX, isSpace, narrow } from './bytes.ts';
import { close, open } from './scratch.ts';
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
  apply(value) {
    const start = value.indexOf('\\');
    if (start === -1) return value;
    const out = open(value);
    let length = start;
    for (let index = start; index < value.length; ) {
      const byte = out[index++]!;
      if (byte !== 0x5c) {
        out[length++] = byte;
        continue;
      }
      if (index === value.length) break;
      const digits = countDigits(value, index);
      if (digits > 0) {
        out[length++] = decodeDigits(value, index, digits);
        index += digits;
        if (isSpace(value.charCodeAt(index))) index++;
      } else {
        const escaped = value.charCodeAt(index++);
        if (escaped !== 0x0a) out[length++] = escaped;
      }
    }
    return close(out, length, value);
  },
};

function countDigits(value: string, from: number): number {
  let count = 0;
  while (count < MOST_DIGITS && from + count < value.length && HEX[value.charCodeAt(from + count)]! >= 0) count++;
  return count;
}

function decodeDigits(value: string, from: number, count: number): number {
  let code = 0;
  for (let index = from; index < from + count; index++) code = code * 16 + HEX[value.charCodeAt(index)]!;
  return code >> 8 === 0xff ? narrow(code & 255) : code & 255;
}

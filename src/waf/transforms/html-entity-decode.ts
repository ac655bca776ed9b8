// htmlEntityDecode: numbers and the five names that ModSecurity knows. Each becomes one byte, never UTF-8.
import { HEX, isAlphanumeric } from './bytes.ts';
import { close, open } from './scratch.ts';
import { bytesOf, type Transform } from './transform.ts';

const NAMES: ReadonlyMap<string, number> = new Map([
  ['quot', 0x22],
  ['amp', 0x26],
  ['lt', 0x3c],
  ['gt', 0x3e],
  ['nbsp', 0xa0],
]);
const LONGEST_NAME = 4;

/** What C's strtol does to a number of more than 63 bits: the largest one, whose low byte is 255. */
const LARGEST = 2 ** 63;

/** An entity becomes its low byte, with or without `;` (ModSecurity reference manual, htmlEntityDecode). */
export const htmlEntityDecode: Transform = {
  name: 'htmlentitydecode',
  triggers: bytesOf('&'),
  adds: 'any',
  apply(value) {
    const start = value.indexOf('&');
    if (start === -1) return value;
    const out = open(value);
    let length = start;
    for (let index = start; index < value.length; ) {
      const byte = out[index]!;
      if (byte === 0x26 && decodeEntity(value, index + 1)) {
        out[length++] = entity.byte;
        index = entity.end;
      } else {
        out[length++] = byte;
        index++;
      }
    }
    return close(out, length, value);
  },
};

/** The last decoded entity: what it stands for, and where the text goes on. One object, so that none is made per entity. */
const entity = { byte: 0, end: 0 };

function decodeEntity(value: string, index: number): boolean {
  if (value.charCodeAt(index) !== 0x23) return decodeName(value, index);
  const hexadecimal = (value.charCodeAt(index + 1) | 0x20) === 0x78;
  return hexadecimal ? decodeNumber(value, index + 2, 16) : decodeNumber(value, index + 1, 10);
}

function decodeNumber(value: string, from: number, base: 10 | 16): boolean {
  let index = from;
  let low = 0;
  let size = 0;
  for (; index < value.length; index++) {
    const digit = HEX[value.charCodeAt(index)] ?? -1;
    if (digit === -1 || digit >= base) break;
    low = (low * base + digit) & 255;
    size = size * base + digit;
  }
  return index > from && found(value, index, size >= LARGEST ? 255 : low);
}

function decodeName(value: string, from: number): boolean {
  let index = from;
  // One byte too many shows that a name is too long; the rest of it need not be read.
  while (index <= from + LONGEST_NAME && index < value.length && isAlphanumeric(value.charCodeAt(index))) index++;
  if (index === from || index > from + LONGEST_NAME) return false;
  const byte = NAMES.get(value.slice(from, index).toLowerCase());
  return byte !== undefined && found(value, index, byte);
}

function found(value: string, end: number, byte: number): true {
  entity.byte = byte;
  entity.end = value.charCodeAt(end) === 0x3b ? end + 1 : end;
  return true;
}

// htmlEntityDecode: numbers and the five names that ModSecurity knows. Each becomes one byte, never UTF-8.
import { byteAt, HEX, isAlphanumeric } from './bytes.ts';
import { close, open } from './scratch.ts';
import { bytesOf, type Transform } from './transform.ts';

/** By their letters as one number. */
const NAMES: ReadonlyMap<number, number> = new Map([
  [0x71756f74, 0x22], // quot
  [0x616d70, 0x26], // amp
  [0x6c74, 0x3c], // lt
  [0x6774, 0x3e], // gt
  [0x6e627370, 0xa0], // nbsp
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
    const end = value.length;
    let length = start;
    for (let index = start; index < end; ) {
      const byte = out[index]!;
      if (byte === 0x26 && decodeEntity(out, index + 1, end)) {
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

function decodeEntity(bytes: Uint8Array, index: number, end: number): boolean {
  if (byteAt(bytes, index, end) !== 0x23) return decodeName(bytes, index, end);
  const hexadecimal = (byteAt(bytes, index + 1, end) | 0x20) === 0x78;
  return hexadecimal ? decodeNumber(bytes, index + 2, end, 16) : decodeNumber(bytes, index + 1, end, 10);
}

function decodeNumber(bytes: Uint8Array, from: number, end: number, base: 10 | 16): boolean {
  let index = from;
  let low = 0;
  let size = 0;
  for (; index < end; index++) {
    const digit = HEX[bytes[index]!]!;
    if (digit === -1 || digit >= base) break;
    low = (low * base + digit) & 255;
    size = size * base + digit;
  }
  return index > from && found(bytes, index, end, size >= LARGEST ? 255 : low);
}

function decodeName(bytes: Uint8Array, from: number, end: number): boolean {
  let index = from;
  let name = 0;
  // One byte too many shows that a name is too long; the rest of it need not be read.
  for (; index <= from + LONGEST_NAME && index < end && isAlphanumeric(bytes[index]!); index++) {
    name = (name << 8) | bytes[index]! | 0x20;
  }
  if (index === from || index > from + LONGEST_NAME) return false;
  const byte = NAMES.get(name);
  return byte !== undefined && found(bytes, index, end, byte);
}

function found(bytes: Uint8Array, next: number, end: number, byte: number): true {
  entity.byte = byte;
  entity.end = byteAt(bytes, next, end) === 0x3b ? next + 1 : next;
  return true;
}

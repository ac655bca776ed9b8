// jsDecode: the escapes of JavaScript strings. Every backslash goes, but for one at the very end.
import { hexPair, lowByteOfUnit } from './bytes.ts';
import { simpleEscape } from './escape.ts';
import { close, open } from './scratch.ts';
import { bytesOf, type Transform } from './transform.ts';

/** `\uHHHH` to its low byte (FF01 to FF5E to ASCII), `\xHH`, `\OOO`, `\n` and the like (ModSecurity reference manual, jsDecode). */
export const jsDecode: Transform = {
  name: 'jsdecode',
  triggers: bytesOf('\\'),
  adds: 'any',
  apply(value) {
    const start = value.indexOf('\\');
    if (start === -1) return value;
    const out = open(value);
    let length = start;
    for (let index = start; index < value.length; ) {
      const byte = out[index]!;
      if (byte === 0x5c && index + 1 < value.length) {
        out[length++] = decodeEscape(value, index + 1);
        index = end;
      } else {
        out[length++] = byte;
        index++;
      }
    }
    return close(out, length, value);
  },
};

/** Where the last decoded escape ended. */
let end = 0;

function decodeEscape(value: string, index: number): number {
  const kind = value.charCodeAt(index);
  if (kind === 0x75) {
    const unit = lowByteOfUnit(value, index + 1);
    if (unit !== -1) return decoded(unit, index + 5);
  } else if (kind === 0x78) {
    const byte = hexPair(value, index + 1);
    if (byte !== -1) return decoded(byte, index + 3);
  } else if (kind >= 0x30 && kind <= 0x37) return decodeOctal(value, index, kind <= 0x33 ? 3 : 2);
  return decoded(simpleEscape(kind), index + 1);
}

function decodeOctal(value: string, from: number, most: number): number {
  let byte = 0;
  let index = from;
  for (; index < from + most && index < value.length; index++) {
    const digit = value.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 7) break;
    byte = byte * 8 + digit;
  }
  return decoded(byte, index);
}

function decoded(byte: number, next: number): number {
  end = next;
  return byte;
}

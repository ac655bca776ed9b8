// jsDecode: the escapes of JavaScript strings. Every backslash goes, but for one at the very end.
import { hexPair, lowByteOfUnit } from './bytes.ts';
import { decodeEscapes, escaped, octal, simpleEscape } from './escape.ts';
import { bytesOf, type Transform } from './transform.ts';

/** `\uHHHH` to its low byte (FF01 to FF5E to ASCII), `\xHH`, `\OOO`, `\n` and the like (ModSecurity reference manual, jsDecode). */
export const jsDecode: Transform = {
  name: 'jsdecode',
  triggers: bytesOf('\\'),
  adds: 'any',
  apply: (value) => decodeEscapes(value, readEscape),
};

function readEscape(bytes: Uint8Array, index: number, end: number): number {
  if (index === end) return escaped(0x5c, end);
  const kind = bytes[index]!;
  if (kind === 0x75) {
    const unit = lowByteOfUnit(bytes, index + 1, end);
    if (unit !== -1) return escaped(unit, index + 5);
  } else if (kind === 0x78) {
    const byte = hexPair(bytes, index + 1, end);
    if (byte !== -1) return escaped(byte, index + 3);
  } else if (kind >= 0x30 && kind <= 0x37) return octal(bytes, index, end, kind <= 0x33 ? 3 : 2);
  return escaped(simpleEscape(kind), index + 1);
}

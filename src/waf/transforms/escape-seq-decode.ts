// escapeSeqDecode: the escapes of ANSI C strings. Every backslash goes, but for one at the very end.
import { hexPair } from './bytes.ts';
import { decodeEscapes, escaped, octal, simpleEscape } from './escape.ts';
import { bytesOf, type Transform } from './transform.ts';

/** `\n` and the like, `\xHH`, `\OOO` (ModSecurity reference manual, escapeSeqDecode); before any other byte the backslash goes. */
export const escapeSeqDecode: Transform = {
  name: 'escapeseqdecode',
  triggers: bytesOf('\\'),
  adds: 'any',
  apply: (value) => decodeEscapes(value, readEscape),
};

function readEscape(bytes: Uint8Array, index: number, end: number): number {
  if (index === end) return escaped(0x5c, end);
  const kind = bytes[index]!;
  // Three digits may say more than 255: the low byte counts.
  if (kind >= 0x30 && kind <= 0x37) return octal(bytes, index, end, 3) & 255;
  const hex = (kind | 0x20) === 0x78 ? hexPair(bytes, index + 1, end) : -1;
  return hex === -1 ? escaped(simpleEscape(kind), index + 1) : escaped(hex, index + 3);
}

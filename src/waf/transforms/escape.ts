// What the languages share in which a backslash begins an escape: the walk from one to the next, and the one-letter
// escapes of C.
import { byteAt } from './bytes.ts';
import { close, open } from './scratch.ts';

/** The byte that the escape at `index`, behind its backslash, stands for, by way of `escaped`. */
export type ReadEscape = (bytes: Uint8Array, index: number, end: number) => number;

/** For an escape that stands for nothing. */
export const NOTHING = -1;

/** Where the last escape ended. */
let next = 0;

/** What a `ReadEscape` returns: the byte, and where the text goes on. */
export function escaped(byte: number, end: number): number {
  next = end;
  return byte;
}

/** The value with its escapes read. What is to become of a backslash that ends it is up to `read`, too. */
export function decodeEscapes(value: string, read: ReadEscape): string {
  const start = value.indexOf('\\');
  if (start === -1) return value;
  const out = open(value);
  const end = value.length;
  let length = start;
  for (let index = start; index < end; ) {
    const byte = out[index++]!;
    if (byte !== 0x5c) {
      out[length++] = byte;
      continue;
    }
    const decoded = read(out, index, end);
    if (decoded !== NOTHING) out[length++] = decoded;
    index = next;
  }
  return close(out, length, value);
}

/** The number that at most `most` octal digits make. */
export function octal(bytes: Uint8Array, from: number, end: number, most: number): number {
  let number = 0;
  let index = from;
  for (; index < from + most; index++) {
    const digit = byteAt(bytes, index, end) - 0x30;
    if (digit < 0 || digit > 7) break;
    number = number * 8 + digit;
  }
  return escaped(number, index);
}

/** What a backslash and this byte stand for; a byte without a meaning of its own stands for itself. */
export function simpleEscape(byte: number): number {
  switch (byte) {
    case 0x61: // a
      return 0x07;
    case 0x62: // b
      return 0x08;
    case 0x66: // f
      return 0x0c;
    case 0x6e: // n
      return 0x0a;
    case 0x72: // r
      return 0x0d;
    case 0x74: // t
      return 0x09;
    case 0x76: // v
      return 0x0b;
    default:
      return byte;
  }
}

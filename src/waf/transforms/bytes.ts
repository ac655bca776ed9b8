// Classes of bytes that several transformations share. ASCII only: no byte above 127 is a letter or a blank.
import { CHUNK_BYTES, chunk, latin1Chunk } from '../pattern/latin1.ts';

/** The value of a hexadecimal digit, -1 for every other byte. */
export const HEX: Int8Array = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 10; digit++) HEX[0x30 + digit] = digit;
for (let digit = 10; digit < 16; digit++) {
  HEX[0x41 - 10 + digit] = digit;
  HEX[0x61 - 10 + digit] = digit;
}

/** The byte at `index` of a text that ends at `end`; -1: behind it, where a shared buffer holds what others left. */
export function byteAt(bytes: Uint8Array, index: number, end: number): number {
  return index < end ? bytes[index]! : -1;
}

/** Both digits at `index` as a byte; -1: one is missing or not hexadecimal. */
export function hexPair(bytes: Uint8Array, index: number, end: number): number {
  if (index + 1 >= end) return -1;
  const high = HEX[bytes[index]!]!;
  const low = HEX[bytes[index + 1]!]!;
  return (high | low) < 0 ? -1 : (high << 4) | low;
}

/** C's isspace in the C locale: tab, line feed, vertical tab, form feed, carriage return, blank. */
export function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** C's isalnum in the C locale. */
export function isAlphanumeric(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

/** So many bytes a string is asked for: to put it into a buffer first would take longer. */
const SHORT_BYTES = 16;

/** What a table of 256 flags says of the value: the index of the first byte that is set; -1: there is none. */
export function firstOf(value: string, flags: Uint8Array): number {
  const near = Math.min(value.length, SHORT_BYTES);
  for (let index = 0; index < near; index++) {
    if (flags[value.charCodeAt(index)] === 1) return index;
  }
  return near === value.length ? -1 : firstOfLong(value, flags);
}

function firstOfLong(value: string, flags: Uint8Array): number {
  for (let from = 0; from < value.length; from += CHUNK_BYTES) {
    const length = latin1Chunk(value, from);
    for (let index = 0; index < length; index++) if (flags[chunk[index]!] === 1) return from + index;
  }
  return -1;
}

/** A table for `firstOf`. */
export function flagsOf(bytes: readonly number[]): Uint8Array {
  const flags = new Uint8Array(256);
  for (const byte of bytes) flags[byte] = 1;
  return flags;
}

/**
 * The byte that a code unit `%uHHHH` or `\uHHHH` stands for, -1 when the four digits are not there: its low half, and
 * ASCII for the full-width forms FF01 to FF5E.
 */
export function lowByteOfUnit(bytes: Uint8Array, index: number, end: number): number {
  const high = hexPair(bytes, index, end);
  if (high === -1) return -1;
  const low = hexPair(bytes, index + 2, end);
  if (low === -1) return -1;
  return high === 0xff ? narrow(low) : low;
}

/** Full-width forms to ASCII, by their low byte. */
export function narrow(low: number): number {
  return low > 0 && low < 0x5f ? low + 0x20 : low;
}

// validateUtf8Encoding: matches values that are not UTF-8 (RFC 3629).
import { firstOf, flagsOf } from '../transforms/bytes.ts';
import { open } from '../transforms/scratch.ts';
import { byteRange } from '../transforms/transform.ts';
import type { Operator } from './operator.ts';

/**
 * Matches from the first byte that begins no well-formed sequence: missing or wrong followers, an overlong form, a
 * surrogate, a character beyond 10FFFF with a lead byte above F4 (ModSecurity reference manual, validateUtf8Encoding).
 */
export const validateUtf8Encoding: Operator = {
  name: 'validateutf8encoding',
  macros: false,
  compile: () => (value) => {
    const start = firstOf(value, BEYOND_ASCII);
    if (start === -1) return false;
    const bytes = open(value);
    const end = value.length;
    for (let index = start; index < end; ) {
      const size = bytes[index]! < 0x80 ? 1 : sequenceLength(bytes, index, end);
      if (size === 0) return { start: index, end };
      index += size;
    }
    return false;
  },
};

const BEYOND_ASCII = flagsOf(byteRange(0x80, 0xff));

/** The least character that a sequence of this length may stand for. */
const LEAST = [0, 0, 0x80, 0x800, 0x10000];

/** How many bytes the sequence has; 0: it is not well-formed. */
function sequenceLength(bytes: Uint8Array, from: number, end: number): number {
  const lead = bytes[from]!;
  if (lead < 0xc0 || lead > 0xf4) return 0;
  const size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (from + size > end) return 0;
  let code = lead & (0x7f >> size);
  for (let index = from + 1; index < from + size; index++) {
    const byte = bytes[index]!;
    if ((byte & 0xc0) !== 0x80) return 0;
    code = (code << 6) | (byte & 0x3f);
  }
  return code < LEAST[size]! || (code >= 0xd800 && code <= 0xdfff) ? 0 : size;
}

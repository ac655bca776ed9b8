// lowercase and uppercase: ASCII letters only. No byte above 127 may change.
import { firstOf, flagsOf } from './bytes.ts';
import { close, open } from './scratch.ts';
import { byteRange, type Transform } from './transform.ts';

const UPPER = byteRange(0x41, 0x5a);
const LOWER = byteRange(0x61, 0x7a);

/** A to Z become a to z (ModSecurity reference manual, lowercase). */
export const lowercase: Transform = letters('lowercase', UPPER, LOWER);

/** a to z become A to Z (ModSecurity reference manual, uppercase). */
export const uppercase: Transform = letters('uppercase', LOWER, UPPER);

function letters(name: string, from: readonly number[], to: readonly number[]): Transform {
  const flags = flagsOf(from);
  const map = Uint8Array.from({ length: 256 }, (_, byte) => (flags[byte] === 1 ? byte ^ 0x20 : byte));
  return {
    name,
    triggers: from,
    adds: to,
    apply(value) {
      const start = firstOf(value, flags);
      if (start === -1) return value;
      const out = open(value);
      for (let index = start; index < value.length; index++) out[index] = map[out[index]!]!;
      return close(out, value.length, value);
    },
  };
}

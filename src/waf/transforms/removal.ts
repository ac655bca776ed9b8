// The shape of the transformations that only drop certain bytes.
import { firstOf, flagsOf } from './bytes.ts';
import { close, open } from './scratch.ts';
import type { Transform } from './transform.ts';

/** Drops every one of the bytes. */
export function removal(name: string, bytes: readonly number[]): Transform {
  const flags = flagsOf(bytes);
  return {
    name,
    triggers: bytes,
    adds: [],
    apply(value) {
      const start = firstOf(value, flags);
      if (start === -1) return value;
      const out = open(value);
      let length = start;
      for (let index = start; index < value.length; index++) {
        const byte = out[index]!;
        if (flags[byte] === 0) out[length++] = byte;
      }
      return close(out, length, value);
    },
  };
}

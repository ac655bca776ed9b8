// validateUrlEncoding: matches values with an escape that is none.
import { hexPair } from '../transforms/bytes.ts';
import { open } from '../transforms/scratch.ts';
import type { Operator } from './operator.ts';

/** Matches from the first `%` that no two hexadecimal digits follow (ModSecurity reference manual, validateUrlEncoding). */
export const validateUrlEncoding: Operator = {
  name: 'validateurlencoding',
  macros: false,
  compile: () => (value) => {
    const start = value.indexOf('%');
    if (start === -1) return false;
    const bytes = open(value);
    const end = value.length;
    for (let index = start; index < end; index++) {
      if (bytes[index] !== 0x25) continue;
      if (hexPair(bytes, index + 1, end) === -1) return { start: index, end };
    }
    return false;
  },
};

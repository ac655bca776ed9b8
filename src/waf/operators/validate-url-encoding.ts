// validateUrlEncoding: matches values with an escape that is none.
import { hexPair } from '../transforms/bytes.ts';
import type { Operator } from './operator.ts';

/** Matches from the first `%` that no two hexadecimal digits follow (ModSecurity reference manual, validateUrlEncoding). */
export const validateUrlEncoding: Operator = {
  name: 'validateurlencoding',
  macros: false,
  compile: () => (value) => {
    for (let index = value.indexOf('%'); index !== -1; index = value.indexOf('%', index + 3)) {
      if (hexPair(value, index + 1) === -1) return { start: index, end: value.length };
    }
    return false;
  },
};

// validateUrlEncoding: matches values with an escape that is none.
import { invalidEscape } from '../transforms/url-decode.ts';
import type { Operator } from './operator.ts';

/** Matches from the first `%` that no two hexadecimal digits follow (ModSecurity reference manual, validateUrlEncoding). */
export const validateUrlEncoding: Operator = {
  name: 'validateurlencoding',
  macros: false,
  compile: () => (value) => {
    const start = invalidEscape(value);
    return start === -1 ? false : { start, end: value.length };
  },
};

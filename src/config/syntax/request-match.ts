// What a route or a limit matches requests by: path globs, prefixes and methods.

import { http } from '../../base/node-http.ts';
import { didYouMean } from '../suggest.ts';
import type { Parsed } from './parsed.ts';

export const pathGlobPattern: string = '^[/*][^?#;\\\\]*$';
export const pathPrefixPattern: string = '^/[^?#;*\\\\]*$';

/** What the gateway's canonical path never holds; a pattern with it would silently guard nothing. */
const unmatchable: readonly (readonly [RegExp, string])[] = [
  [/[?#]/, 'holds ? or #, which no path does; the query is matched by query'],
  [/;/, 'holds a ;, but ;parameters are left out before paths are compared'],
  [/\\|\p{Cc}|%(?:[01][0-9a-f]|7f|5c)/iu, 'holds a backslash or a control character; such requests are refused anyway'],
  [/%(?![0-9a-f]{2})/i, 'holds a % without two hexadecimal digits'],
  [/\/\/|%2f/i, 'holds an empty segment or an encoded slash; paths are compared without them'],
  [/(?:^|\/)\.{1,2}(?:\/|$)/, 'holds a . or .. segment; paths are compared without them'],
];

/** A glob over the path, in the canonical form of paths: `*` within a segment, `**` across segments. */
export function parsePathGlob(text: string): Parsed<string> {
  return /^[/*]/.test(text) ? parsePath(text) : { fault: 'is not a path; it begins with / or *, like /api/**' };
}

/** A plain path prefix without its trailing slash, in the canonical form of paths; empty for `/` alone. */
export function parsePathPrefix(text: string): Parsed<string> {
  if (!text.startsWith('/')) return { fault: 'is not a path prefix; it begins with /, like /api' };
  if (text.includes('*')) return { fault: 'holds a *; it is a plain prefix, not a pattern' };
  const parsed = parsePath(text);
  return 'value' in parsed ? { value: parsed.value.replace(/\/$/, '') } : parsed;
}

/** An HTTP method in upper case. */
export function parseMethod(text: string): Parsed<string> {
  const method = text.toUpperCase();
  if (http.METHODS.includes(method)) return { value: method };
  return { fault: `is not an HTTP method${didYouMean(text, http.METHODS)}` };
}

/** Escapes in upper case, unreserved characters bare (RFC 3986, 6.2.2), the rest of Unicode escaped. */
function parsePath(text: string): Parsed<string> {
  const fault = unmatchable.find(([form]) => form.test(text))?.[1];
  if (fault !== undefined) return { fault };
  if (!text.isWellFormed()) return { fault: 'holds half a character' };
  const escaped = text.replace(/[^!-~]+/gu, (characters) => encodeURIComponent(characters));
  return {
    value: escaped.replace(/%[0-9a-f]{2}/gi, (octet) => {
      const char = String.fromCharCode(Number.parseInt(octet.slice(1), 16));
      return /[A-Za-z0-9._~-]/.test(char) ? char : octet.toUpperCase();
    }),
  };
}

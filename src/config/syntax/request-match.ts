// What a route or a limit matches requests by: path globs, prefixes and methods.

import { METHODS } from 'node:http';
import { didYouMean } from '../suggest.ts';
import type { Parsed } from './parsed.ts';

export const pathGlobPattern: string = '^[/*][^?#\\s]*$';
export const pathPrefixPattern: string = '^/[^?#*\\s]*$';

const globForm = new RegExp(pathGlobPattern);
const prefixForm = new RegExp(pathPrefixPattern);

/** A glob over the path: `*` within a segment, `**` across segments. */
export function parsePathGlob(text: string): Parsed<string> {
  if (!/^[/*]/.test(text)) return { fault: 'is not a path; it begins with / or *, like /api/**' };
  if (!globForm.test(text)) return { fault: 'holds a space, ? or #, which no path does; the query is matched by query' };
  return { value: text };
}

/** A plain path prefix without its trailing slash; the empty text for `/` alone. */
export function parsePathPrefix(text: string): Parsed<string> {
  if (!text.startsWith('/')) return { fault: 'is not a path prefix; it begins with /, like /api' };
  if (!prefixForm.test(text)) return { fault: 'is not a plain path prefix; it holds no *, ?, # or space' };
  return { value: text.replace(/\/+$/, '') };
}

/** An HTTP method in upper case. */
export function parseMethod(text: string): Parsed<string> {
  const method = text.toUpperCase();
  if (METHODS.includes(method)) return { value: method };
  return { fault: `is not an HTTP method${didYouMean(text, METHODS)}` };
}

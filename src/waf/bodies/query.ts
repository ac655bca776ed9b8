// Splits a query string or an urlencoded body into names and values, as ModSecurity fills ARGS.
// It must never lose text: what cannot be decoded stays as it was written and is reported.
import { invalidEscape, urlDecode } from '../transforms/url-decode.ts';
import type { Named } from './named.ts';

export interface QueryOptions {
  /** One character (SecArgumentSeparator); `&` when absent. */
  readonly separator?: string;
  /** How many arguments are read; the rest of the text is left alone. */
  readonly maxArguments: number;
}

export interface QueryResult {
  readonly args: Named[];
  /** A `%` without two hex digits was seen (URLENCODED_ERROR). */
  readonly invalidEncoding: boolean;
  /** There were more arguments than allowed. */
  readonly tooMany: boolean;
}

/**
 * Reads `name=value` pairs. `+` is a blank and `%XX` a byte; `%u` means nothing here, rules decode it if they want.
 * A piece without `=` is a name with an empty value. An empty piece is an argument without name, but not at the end.
 */
export function parseQuery(text: string, options: QueryOptions): QueryResult {
  const separator = options.separator ?? '&';
  const encoded = text.includes('%') || text.includes('+');
  const args: Named[] = [];
  let invalidEncoding = false;
  let start = 0;
  while (start < text.length) {
    if (args.length >= options.maxArguments) return { args, invalidEncoding, tooMany: true };
    let end = text.indexOf(separator, start);
    if (end < 0) end = text.length;
    const piece = text.slice(start, end);
    const equals = piece.indexOf('=');
    let name = equals < 0 ? piece : piece.slice(0, equals);
    let value = equals < 0 ? '' : piece.slice(equals + 1);
    if (encoded) {
      invalidEncoding ||= invalidEscape(piece) !== -1;
      name = urlDecode.apply(name);
      value = urlDecode.apply(value);
    }
    args.push({ name, value });
    start = end + 1;
  }
  return { args, invalidEncoding, tooMany: false };
}

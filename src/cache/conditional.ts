// Conditions and ranges of a request, judged by a stored answer (RFC 9111, 4.3.2; RFC 9110, 13 and 14).
import { headerValue } from '../http/headers.ts';
import type { Ask } from './ask.ts';
import type { EntryHead } from './entry.ts';
import { parseHttpDate } from './http-date.ts';

type Validators = Pick<EntryHead, 'etag' | 'lastModified' | 'headers'>;

/**
 * Whether the client has what is stored: 304. If-None-Match counts alone where it is given (RFC 9110, 13.2.2); without
 * Last-Modified the Date stands in for it (RFC 9111, 4.3.2).
 */
export function isNotModified(
  { ifNoneMatch, ifModifiedSince }: Ask,
  { etag, lastModified, headers }: Validators,
): boolean {
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() === '*') return true;
    return etag !== undefined && opaqueTags(ifNoneMatch).includes(opaque(etag));
  }
  if (ifModifiedSince === undefined) return false;
  if (ifModifiedSince === lastModified) return true;
  const now = Date.now();
  const since = parseHttpDate(ifModifiedSince, now);
  const changed = parseHttpDate(lastModified ?? headerValue(headers, 'date') ?? '', now);
  return since !== undefined && changed !== undefined && changed <= since;
}

const TAG = /(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g;

function opaqueTags(list: string): string[] {
  return [...list.matchAll(TAG)].map((match) => match[1] as string);
}

function opaque(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag;
}

export interface Range {
  readonly from: number;
  /** The last byte. */
  readonly to: number;
}

/**
 * The one range that is asked for. undefined: the whole is sent, as for several ranges, of which a client could ask for
 * thousands that overlap (CVE-2011-3192). `outside`: 416.
 */
export function rangeOf(ask: Ask, entry: Validators, length: number): Range | 'outside' | undefined {
  const { range, ifRange } = ask;
  if (range === undefined || (ifRange !== undefined && !isSame(ifRange.trim(), entry))) return undefined;
  const parts = /^bytes=[ \t]*([0-9]{0,15})-([0-9]{0,15})[ \t]*$/i.exec(range);
  if (parts === null) return undefined;
  const [, first, last] = parts as unknown as [string, string, string];
  if (first === '') {
    if (last === '') return undefined;
    const count = Math.min(Number(last), length);
    return count === 0 ? 'outside' : { from: length - count, to: length - 1 };
  }
  const from = Number(first);
  const to = last === '' ? length - 1 : Math.min(Number(last), length - 1);
  if (last !== '' && Number(last) < from) return undefined;
  return from >= length ? 'outside' : { from, to };
}

/**
 * Strong comparison, and dates by their very text (RFC 9110, 13.1.5). In the second of its answer the resource may have
 * changed once more: then the date is weak (8.8.2.2).
 */
function isSame(ifRange: string, { etag, lastModified, headers }: Validators): boolean {
  if (ifRange.startsWith('"')) return ifRange === etag;
  if (ifRange !== lastModified) return false;
  const now = Date.now();
  const modified = parseHttpDate(lastModified, now);
  const date = parseHttpDate(headerValue(headers, 'date') ?? '', now);
  return modified !== undefined && date !== undefined && date - modified >= 1000;
}

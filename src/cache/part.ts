// A part of an answer (206) that is kept until the rest is known (RFC 9111, 3.3 and 3.4). Only what names the whole it is of by
// a strong ETag and says where in it it lies; parts of one whole that touch are one, and all of them are the whole answer.
import { headerValue, setHeader, words } from '../http/headers.ts';
import type { Ask } from './ask.ts';
import { type Range, rangeOf } from './conditional.ts';
import type { Entry, EntryHead, Part } from './entry.ts';

const CONTENT_RANGE = /^bytes ([0-9]{1,15})-([0-9]{1,15})\/([0-9]{1,15})$/;
/** These speak of the part. */
const OF_THE_PART = words('content-range content-length');

/** Where parts lie beside whole answers: the same for those that would get parts of the same one. */
export function partContext(context: string): string {
  return `${context} part`;
}

/** undefined: not one part that can be kept. */
export function partOf(headers: readonly string[], length: number | undefined): Part | undefined {
  if (!headerValue(headers, 'etag')?.startsWith('"')) return undefined;
  const parts = CONTENT_RANGE.exec(headerValue(headers, 'content-range') ?? '');
  if (parts === null) return undefined;
  const [from, to, total] = parts.slice(1).map(Number) as [number, number, number];
  return from <= to && to < total && length === to - from + 1 ? { from, total } : undefined;
}

export function withoutPart(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (!OF_THE_PART.has(headers[i] as string)) kept.push(headers[i] as string, headers[i + 1] as string);
  }
  return kept;
}

/** What of a stored part is the answer; undefined: it has not got it all, or may not be asked for it. */
export function rangeWithin({ part, body, ...entry }: Entry, ask: Ask): Range | undefined {
  if (part === undefined || ask.isHead || ask.ifNoneMatch !== undefined || ask.ifModifiedSince !== undefined)
    return undefined;
  const range = rangeOf(ask, entry, part.total);
  if (range === undefined || range === 'outside') return undefined;
  return range.from >= part.from && range.to < part.from + body.length ? range : undefined;
}

export interface Joined {
  readonly head: EntryHead;
  readonly body: Buffer;
}

/**
 * A new part with the one that is stored; the fields are those of the new one. By itself where they are not of one whole, do
 * not touch, or are more than `maxBytes` together. Without `part` it is the whole.
 */
export function joined(head: EntryHead, body: Buffer, before: Entry | undefined, maxBytes: number): Joined {
  const { part, etag } = head;
  if (part === undefined) return { head, body };
  let from = part.from;
  let all = body;
  const other = before?.part;
  if (before !== undefined && other?.total === part.total && before.etag === etag) {
    const start = Math.min(part.from, other.from);
    const end = Math.max(part.from + body.length, other.from + before.body.length);
    const isOne = part.from <= other.from + before.body.length && other.from <= part.from + body.length;
    if (isOne && end - start <= maxBytes) {
      all = Buffer.allocUnsafeSlow(end - start);
      all.set(before.body, other.from - start);
      all.set(body, part.from - start);
      from = start;
    }
  }
  if (all.length < part.total) return { head: { ...head, part: { from, total: part.total } }, body: all };
  const headers = [...head.headers];
  setHeader(headers, 'content-length', String(part.total));
  return { head: { ...head, status: 200, headers, part: undefined }, body: all };
}

// One stored answer.
import type { Headers } from '../http/headers.ts';
import { headerList, headerValue, words } from '../http/headers.ts';
import type { Verdict } from './judge.ts';
import { StoredCodings } from './stored-codings.ts';

/** Where the body of a part (206) lies. */
export interface Part {
  /** The first byte of the body in the whole. */
  readonly from: number;
  /** Bytes of the whole. */
  readonly total: number;
}

export interface Entry extends Omit<Verdict, 'dropped' | 'vary'> {
  /** Of the resource, see `MemoryStore`. */
  readonly key: string;
  /** The request fields that it was chosen by. */
  readonly fields: readonly string[];
  readonly variant: string;
  readonly status: number;
  /** Without Age, and without what belongs to the one exchange in which it came. */
  readonly headers: readonly string[];
  /** Of a part of an answer, with `status` 206: where in the whole it lies. */
  readonly part?: Part | undefined;
  /** Whole, but for a part. */
  readonly body: Buffer;
  readonly storedAt: number;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  /** Names by which it can be thrown away. */
  readonly tags: readonly string[];
  /** What it takes in memory, without its codings. */
  readonly sizeBytes: number;
  readonly codings: StoredCodings;
}

/** An entry before its body has come. */
export type EntryHead = Omit<Entry, 'body' | 'sizeBytes' | 'codings'>;

/** What is kept beside headers and body, as measured: else small answers would take several times the bytes that they may. */
const OVERHEAD_BYTES = 768;
/** Of each string. */
const TEXT_BYTES = 32;
/** Of each tag: those who have it are a set. */
const TAG_BYTES = 256;
const MAX_TAGS = 64;
const MAX_TAG_LENGTH = 256;

const NOT_KEPT = words('age x-request-id connection trailer proxy-authenticate proxy-authentication-info');
const TAG_FIELDS = words('surrogate-key cache-tag');

/** `onGrow`: the entry takes so many bytes more. */
export function completed(head: EntryHead, body: Buffer, onGrow: (entry: Entry, bytes: number) => void): Entry {
  let bytes = OVERHEAD_BYTES + head.key.length + head.variant.length + body.length;
  for (const text of head.headers) bytes += text.length + TEXT_BYTES;
  for (const tag of head.tags) bytes += tag.length + TAG_BYTES;
  for (const field of head.fields) bytes += field.length + TEXT_BYTES;
  const entry: Entry = { ...head, body, sizeBytes: bytes, codings: new StoredCodings((more) => onGrow(entry, more)) };
  return entry;
}

/** The fields that are kept, with a Date (RFC 9110, 6.6.1). `dropped`: further ones that are not. */
export function keptHeaders(headers: readonly string[], dropped: readonly string[], now: number): Headers {
  const kept: Headers = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (NOT_KEPT.has(name) || TAG_FIELDS.has(name) || dropped.includes(name)) continue;
    kept.push(name, headers[i + 1] as string);
  }
  if (headerValue(kept, 'date') === undefined) kept.push('date', new Date(now).toUTCString());
  return kept;
}

/** Surrogate-Key parts its tags by spaces, Cache-Tag by commas. Both are for caches and reach no client. */
export function tagsOf(headers: readonly string[]): string[] {
  const spaced = (headerList(headers, 'surrogate-key') ?? '').split(/[\s,]+/);
  const listed = (headerList(headers, 'cache-tag') ?? '').split(',').map((tag) => tag.trim());
  const tags = [...spaced, ...listed].filter((tag) => tag !== '' && tag.length <= MAX_TAG_LENGTH);
  return [...new Set(tags)].slice(0, MAX_TAGS);
}

/** In place. */
export function removeTags(headers: Headers): void {
  for (let i = headers.length - 2; i >= 0; i -= 2) if (TAG_FIELDS.has(headers[i] as string)) headers.splice(i, 2);
}

const NOT_FRESHENED = words('content-length content-encoding content-range transfer-encoding');

/** The stored fields brought up to date by those of a 304 (RFC 9111, 3.2). */
export function freshened(stored: readonly string[], update: readonly string[]): Headers {
  const named = new Set<string>();
  for (let i = 0; i < update.length; i += 2) {
    const name = update[i] as string;
    if (!NOT_FRESHENED.has(name)) named.add(name);
  }
  const headers: Headers = [];
  for (let i = 0; i < stored.length; i += 2) {
    if (!named.has(stored[i] as string)) headers.push(stored[i] as string, stored[i + 1] as string);
  }
  for (let i = 0; i < update.length; i += 2) {
    if (named.has(update[i] as string)) headers.push(update[i] as string, update[i + 1] as string);
  }
  return headers;
}

// From an answer to what is stored of it: whether it may be, under which variant, and with which part it is one.
import type { CachePolicy } from '../config/model/sites.ts';
import { headerValue } from '../http/headers.ts';
import { completed, type Entry, type EntryHead, keptHeaders, type Part } from './entry.ts';
import { chosenBy } from './fetch-headers.ts';
import { joined, partContext } from './part.ts';
import type { Place } from './place.ts';
import type { SiteCache } from './site-cache.ts';
import { variantKey, variedFields } from './vary.ts';

export interface Answered {
  readonly status: number;
  readonly headers: readonly string[];
  readonly tags: readonly string[];
  /** With `headers` that speak of the whole. */
  readonly part?: Part | undefined;
  readonly delayMs: number;
}

export class EntryMaking {
  readonly #site: SiteCache;
  readonly #policy: CachePolicy;
  readonly #place: Place;

  constructor(site: SiteCache, policy: CachePolicy, place: Place) {
    this.#site = site;
    this.#policy = policy;
    this.#place = place;
  }

  /** undefined: it may not be stored. `now`: milliseconds since the epoch. */
  headOf(method: string, { status, headers, tags, part, delayMs }: Answered, now: number): EntryHead | undefined {
    const { x, ask, key, context } = this.#place;
    const { authority, path, query } = x.request;
    // It has no end, and what happened is for those who were there.
    if (/^text\/event-stream\b/i.test(headerValue(headers, 'content-type') ?? '')) return undefined;
    // A part may be kept where the whole might.
    const judged = part === undefined ? status : 200;
    const { hasCredentials, hasCookies } = ask;
    const seen = {
      method,
      origin: `https://${authority}`,
      target: path + query,
      hasCredentials,
      status: judged,
      headers,
      delayMs,
    };
    const verdict = this.#site.judge.read(seen, this.#policy);
    if (verdict === undefined) return undefined;
    // It may have been made for the one who sent the cookies.
    if (hasCookies && !verdict.isPublic && this.#policy.cookies === 'private') return undefined;
    const { vary, dropped, ...rest } = verdict;
    const fields = variedFields(chosenBy(vary, headers));
    if (fields === undefined) return undefined;
    return {
      ...rest,
      key,
      fields,
      variant: variantKey(fields, part === undefined ? context : partContext(context), x.request.headers),
      status,
      part,
      headers: keptHeaders(headers, dropped, now),
      storedAt: now,
      etag: headerValue(headers, 'etag'),
      lastModified: headerValue(headers, 'last-modified'),
      tags,
    };
  }

  /** A part comes together with the one that is stored; what is the whole then is stored as that. */
  entryOf(head: EntryHead, body: Buffer): Entry {
    const { store } = this.#site;
    if (head.part === undefined) return completed(head, body, (entry, bytes) => store.grow(entry, bytes));
    const { x, key, context } = this.#place;
    const before = store.find(key, partContext(context), x.request.headers);
    const both = joined(head, body, before, this.#policy.maxEntryBytes);
    if (both.head.part !== undefined) return completed(both.head, both.body, () => {});
    if (before !== undefined) store.remove(before);
    const variant = variantKey(head.fields, context, x.request.headers);
    return this.entryOf({ ...both.head, variant }, both.body);
  }
}

// Whether an answer may be kept by a shared cache, and for how long (RFC 9111, 3 and 4.2). undici's cache decides: its
// interceptor is shown the head of an exchange that has happened, and a store that only listens hears what it would do.
import { STATUS_CODES } from 'node:http';
import { type Dispatcher, interceptors } from 'undici';
import { headerList, headersObject, headerValue, removeHeader, setHeader } from '../http/headers.ts';
import { parseHttpDate } from './http-date.ts';
import { targetedControl } from './targeted.ts';

export interface Verdict {
  /** When it was as new as it could be: now less its age. Milliseconds since the epoch, as the others. */
  readonly bornAt: number;
  readonly staleAt: number;
  /** See `Seen.delayMs`. */
  readonly delayMs: number;
  /** Request fields by which it was chosen, in lower case. */
  readonly vary: readonly string[];
  /** Fields that may not be kept. */
  readonly dropped: readonly string[];
  readonly isPublic: boolean;
  /** Who proves who they are may get it too (RFC 9111, 3.5). */
  readonly allowsCredentials: boolean;
  /** Never used without asking. */
  readonly noCache: boolean;
  /** Never used stale. */
  readonly mustRevalidate: boolean;
  /** Seconds behind `staleAt`; 0: not at all. */
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number | undefined;
}

export interface Seen {
  readonly method: string;
  /** `https://` and the authority. */
  readonly origin: string;
  readonly target: string;
  readonly hasCredentials: boolean;
  readonly status: number;
  readonly headers: readonly string[];
  /** From the request to the head of its answer: it may be as old as that (RFC 9111, 4.2.3). */
  readonly delayMs: number;
}

/** What the site says of answers that say nothing themselves, in seconds; 0: nothing. */
export interface Defaults {
  readonly ttlSeconds: number;
  readonly staleIfErrorSeconds: number;
}

type Options = NonNullable<Parameters<typeof interceptors.cache>[0]>;
type Store = NonNullable<Options['store']>;
type Value = Parameters<Store['createWriteStream']>[1];

/** Without a word on its life an answer with Last-Modified is kept for a tenth of its age (RFC 9111, 4.2.2), but no longer. */
const LONGEST_GUESS_MS = 86_400_000;
/** Statuses for which the site's `ttl` counts: nothing that an attacker's odd request can bring about. */
const TTL_STATUSES = new Set([200, 203, 301, 308]);

const CONTROLLER = {
  paused: false,
  aborted: false,
  reason: null,
  rawHeaders: [],
  rawTrailers: [],
  pause: () => {},
  resume: () => {},
  abort: () => {},
};
const SILENT = { onRequestStart: () => {}, onResponseStart: () => {}, onResponseError: () => {} };

export class Judge {
  #seen: Seen | undefined;
  #value: Value | undefined;
  #deleted: string[] = [];
  readonly #run: Dispatcher['dispatch'];

  constructor() {
    const store: Store = {
      get: () => undefined,
      createWriteStream: (_key, value) => {
        this.#value = value;
        return undefined;
      },
      delete: ({ path }) => {
        this.#deleted.push(path);
      },
    };
    this.#run = interceptors.cache({ store, type: 'shared', methods: ['GET'] })((_options, handler) => {
      const { status, headers } = this.#seen as Seen;
      handler.onRequestStart?.(CONTROLLER, null);
      handler.onResponseStart?.(CONTROLLER, status, headersObject(headers), '');
      return true;
    });
  }

  /** undefined: it may not be kept. */
  read(seen: Seen, defaults: Defaults): Verdict | undefined {
    const headers = readable(seen, defaults);
    this.#show({ ...seen, headers });
    if (this.#value === undefined && isOld(headers)) this.#show({ ...seen, headers: withoutLife(headers) });
    const value = this.#value;
    if (value === undefined) return undefined;
    const said = value.cacheControlDirectives ?? {};
    if (said['must-understand'] === true && !isUnderstood(seen.status)) return undefined;
    const isGuessed = said['max-age'] === undefined && said['s-maxage'] === undefined && !headers.includes('expires');
    // undici takes it for a life of a year; of itself it gives none (RFC 8246, 2).
    if (said.immutable === true && isGuessed && !headers.includes('last-modified')) return undefined;
    const now = Date.now();
    const ageMs = Math.max(now - value.cachedAt, 1000 * Number(headerValue(headers, 'age') ?? 0) + seen.delayMs);
    const bornAt = now - ageMs;
    const staleAt = hasOwnLife(seen.headers) ? value.staleAt - value.cachedAt + bornAt : value.staleAt;
    const mustRevalidate = said['must-revalidate'] === true;
    return {
      bornAt,
      staleAt: isGuessed ? Math.min(staleAt, value.cachedAt + LONGEST_GUESS_MS) : staleAt,
      delayMs: seen.delayMs,
      vary: Object.keys(value.vary ?? {}),
      dropped: [...listOf(said['no-cache']), ...listOf(said.private)],
      isPublic: said.public === true,
      allowsCredentials: said.public === true || (said['s-maxage'] ?? 0) > 0 || mustRevalidate,
      noCache: said['no-cache'] === true,
      mustRevalidate: mustRevalidate || said['proxy-revalidate'] === true || said['s-maxage'] !== undefined,
      staleWhileRevalidate: said['stale-while-revalidate'] ?? 0,
      staleIfError: said['stale-if-error'],
    };
  }

  /** The targets of this origin that an answer to an unsafe request makes invalid (RFC 9111, 4.4). */
  invalidated(seen: Seen): string[] {
    this.#show(seen);
    return [...new Set(this.#deleted)];
  }

  #show(seen: Seen): void {
    this.#seen = seen;
    this.#value = undefined;
    this.#deleted = [];
    const { origin, target, method, hasCredentials } = seen;
    const headers: Record<string, string> = hasCredentials ? { authorization: 'given' } : {};
    this.#run({ origin, path: target, method: method as Dispatcher.HttpMethod, headers }, SILENT);
  }
}

const DATES = ['date', 'expires', 'last-modified'];

/**
 * The fields as undici is to read them: Age and dates put right, the word to caches like us in place of the one to all, and
 * no-store taken away where must-understand overrules it.
 */
function readable({ headers: sent, status }: Seen, { ttlSeconds, staleIfErrorSeconds }: Defaults): string[] {
  const headers = [...sent];
  const age = headerList(headers, 'age');
  if (age !== undefined) {
    removeHeader(headers, 'age');
    // The first member counts, and what is no number is ignored (RFC 9111, 5.1).
    const first = age.split(',', 1)[0]?.trim() ?? '';
    if (/^[0-9]+$/.test(first)) headers.push('age', first);
  }
  const now = Date.now();
  for (const name of DATES) {
    const text = headerList(headers, name);
    const date = text === undefined ? undefined : parseHttpDate(text, now);
    if (date === undefined) continue;
    setHeader(headers, name, new Date(date).toUTCString());
    // A date is cut to the second: what it leaves out is no age, and a life of one second would end before it began.
    if (name === 'date' && date <= now && now - date < 1000 && !headers.includes('expires'))
      removeHeader(headers, name);
  }
  const field = headerList(headers, 'cdn-cache-control');
  const targeted = field === undefined ? undefined : targetedControl(field);
  if (targeted !== undefined) {
    removeHeader(headers, 'cache-control');
    removeHeader(headers, 'expires');
    headers.push('cache-control', targeted);
  } else if (ttlSeconds > 0 && TTL_STATUSES.has(status) && isSilent(headers)) {
    headers.push('cache-control', `max-age=${ttlSeconds}`);
  }
  let control = headerList(headers, 'cache-control') ?? '';
  if (!control.includes('"') && MUST_UNDERSTAND.test(control) && isUnderstood(status))
    control = control.replaceAll(NO_STORE, '$1');
  if (staleIfErrorSeconds > 0 && !/stale-if-error/i.test(control)) control += `, stale-if-error=${staleIfErrorSeconds}`;
  setHeader(headers, 'cache-control', control);
  return headers;
}

/** Of fields without quotes, in which all of it might be one value. */
const MUST_UNDERSTAND = /(?:^|,)\s*must-understand\s*(?:,|$)/i;
const NO_STORE = /(^|,)\s*no-store\s*(?=,|$)/gi;

/** RFC 9111, 5.2.2.3: what is stored of a status is what the standard says of it. */
function isUnderstood(status: number): boolean {
  return status !== 206 && STATUS_CODES[status] !== undefined;
}

/**
 * Whether it may have been stale when it came, but can be asked about. undici keeps that only where it says so itself, by a
 * life of 0.
 */
function isOld(headers: readonly string[]): boolean {
  const date = headerList(headers, 'date');
  const isFromBefore = headers.includes('age') || (date !== undefined && Date.parse(date) < Date.now());
  return isFromBefore && (headers.includes('etag') || headers.includes('last-modified'));
}

function withoutLife(headers: readonly string[]): string[] {
  const without = [...headers];
  const control = headerList(headers, 'cache-control') ?? '';
  if (!control.includes('"'))
    setHeader(without, 'cache-control', control.replaceAll(/(max-?age\s*=\s*)[0-9]+/gi, '$10'));
  return without;
}

/** Else its life is our own choice, and begins when it has come. */
function hasOwnLife(headers: readonly string[]): boolean {
  return !isSilent(headers) || headerValue(headers, 'cdn-cache-control') !== undefined;
}

function isSilent(headers: readonly string[]): boolean {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i];
    if (name === 'cache-control' || name === 'expires' || name === 'pragma') return false;
  }
  return true;
}

function listOf(directive: true | string[] | undefined): readonly string[] {
  return Array.isArray(directive) ? directive : [];
}

// Whether an answer may be kept by a shared cache, and for how long (RFC 9111, 3 and 4.2). undici's cache decides: its
// interceptor is shown the head of an exchange that has happened, and a store that only listens hears what it would do.
import { STATUS_CODES } from 'node:http';
import { type Dispatcher, interceptors } from 'undici';
import { headerList, headersObject, removeHeader } from '../http/headers.ts';
import { targetedControl } from './targeted.ts';

export interface Verdict {
  /** When it was as new as it could be: now less its age. Milliseconds since the epoch, as the others. */
  readonly bornAt: number;
  readonly staleAt: number;
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
  readonly staleIfError: number;
}

export interface Seen {
  readonly method: string;
  /** `https://` and the authority. */
  readonly origin: string;
  readonly target: string;
  readonly hasCredentials: boolean;
  readonly status: number;
  readonly headers: readonly string[];
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

  /** undefined: it may not be kept. `ttlSeconds`: the life of what says nothing of it; 0: none. */
  read(seen: Seen, ttlSeconds: number): Verdict | undefined {
    const headers = readable(seen, ttlSeconds);
    this.#show({ ...seen, headers });
    const value = this.#value;
    if (value === undefined) return undefined;
    const said = value.cacheControlDirectives ?? {};
    // RFC 9111, 5.2.2.3.
    if (said['must-understand'] === true && STATUS_CODES[seen.status] === undefined) return undefined;
    const isGuessed = said['max-age'] === undefined && said['s-maxage'] === undefined && !headers.includes('expires');
    const mustRevalidate = said['must-revalidate'] === true;
    return {
      bornAt: value.cachedAt,
      staleAt: isGuessed ? Math.min(value.staleAt, value.cachedAt + LONGEST_GUESS_MS) : value.staleAt,
      vary: Object.keys(value.vary ?? {}),
      dropped: [...listOf(said['no-cache']), ...listOf(said.private)],
      isPublic: said.public === true,
      allowsCredentials: said.public === true || (said['s-maxage'] ?? 0) > 0 || mustRevalidate,
      noCache: said['no-cache'] === true,
      mustRevalidate: mustRevalidate || said['proxy-revalidate'] === true || said['s-maxage'] !== undefined,
      staleWhileRevalidate: said['stale-while-revalidate'] ?? 0,
      staleIfError: said['stale-if-error'] ?? 0,
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

/** The fields as undici is to read them: Age put right, the word to caches like us in place of the one to all. */
function readable({ headers: sent, status }: Seen, ttlSeconds: number): string[] {
  const headers = [...sent];
  const age = headerList(headers, 'age');
  if (age !== undefined) {
    removeHeader(headers, 'age');
    // The first member counts, and what is no number is ignored (RFC 9111, 5.1).
    const first = age.split(',', 1)[0]?.trim() ?? '';
    if (/^[0-9]+$/.test(first)) headers.push('age', first);
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
  return headers;
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

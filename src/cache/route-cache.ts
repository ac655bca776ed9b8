// The cache of one route: answers from what is stored, else lets one request go to the backend and stores what may be
// stored. It stands behind access, limits and rules, so that they see every request.
import type { CachePolicy } from '../config/model/sites.ts';
import type { ClientStream } from '../http/client-stream.ts';
import { errorReply } from '../http/error-page.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Reply } from '../http/reply.ts';
import { originalPath } from '../http/target.ts';
import { type Ask, readAsk } from './ask.ts';
import { type Forwarded, forwardedField } from './cache-status.ts';
import { type Entry, type EntryHead, removeTags } from './entry.ts';
import { discard, Fetch, type FetchAnswer, type FetchOptions } from './fetch.ts';
import { asksForAll, canValidate, withoutConditions } from './fetch-headers.ts';
import { type Flight, within } from './flight.ts';
import { partContext, rangeWithin } from './part.ts';
import type { Place } from './place.ts';
import { resourceKey, writtenKey } from './purge.ts';
import { serveComing, servePart, serveStored } from './serve.ts';
import type { SiteCache } from './site-cache.ts';
import { isFor, isShareable, useOf } from './use.ts';
import { variantKey } from './vary.ts';

export interface RouteCacheOptions {
  readonly site: SiteCache;
  /** undefined: nothing is stored here, but what is stored is invalidated. */
  readonly policy: CachePolicy | undefined;
  /** The same for routes that would answer alike. */
  readonly id: string;
  /** The gateway's own; no backend sees it. */
  readonly ownCookie: string | undefined;
  /** The backend sees paths as the client wrote them. */
  readonly keepsSpelling: boolean;
  readonly fetch: FetchAnswer;
}

/** Who refreshes beside a client has nobody to inform. */
const NOBODY: Pick<ClientStream, 'inform'> = { inform: () => {} };

export class RouteCache {
  readonly #options: RouteCacheOptions;
  readonly #site: SiteCache;
  readonly #fetching: FetchOptions | undefined;

  constructor(options: RouteCacheOptions) {
    this.#options = options;
    this.#site = options.site;
    this.#fetching = options.policy === undefined ? undefined : { ...options, policy: options.policy };
  }

  /** Fails as the backend fails. */
  answer(x: Exchange, stream: ClientStream): Reply | Promise<Reply> {
    const fetching = this.#fetching;
    const ask = readAsk(x, this.#options.ownCookie);
    if (fetching === undefined || ask.isOut) return this.#pass(x, stream, ask, ask.isUnsafe ? 'method' : 'bypass');
    const { host, path, query, headers } = x.request;
    const place: Place = { x, ask, key: resourceKey(host, path + query), context: this.#contextOf(x, ask) };
    const entry = this.#site.store.find(place.key, place.context, headers);
    const loading = entry === undefined ? this.#load(place) : undefined;
    return loading === undefined
      ? this.#use(place, stream, fetching, entry)
      : loading.then((loaded) => this.#use(place, stream, fetching, loaded));
  }

  /** Of a resource whose answers are for nobody else nothing is looked for. */
  #load({ x, key, context }: Place): Promise<Entry | undefined> | undefined {
    const { store } = this.#site;
    if (store.kind === 'memory' || this.#site.isPassed(key, Date.now())) return undefined;
    return store.load(key, context, x.request.headers);
  }

  #use(place: Place, stream: ClientStream, fetching: FetchOptions, entry: Entry | undefined): Reply | Promise<Reply> {
    const { x, ask } = place;
    if (entry === undefined || !isFor(entry, ask, fetching.policy))
      return this.#partOf(place, fetching.policy) ?? this.#goOn(place, stream, fetching, undefined);
    const now = Date.now();
    const use = useOf(entry, ask.control, now);
    if (use === 'validate') return this.#goOn(place, stream, fetching, entry);
    if (use === 'refresh') this.#refresh(place, fetching, entry);
    this.#count(x, use === 'fresh' ? 'hit' : 'stale');
    return serveStored(x, entry, ask, now, 'hit');
  }

  /** From a part that is stored; only while it is fresh. */
  #partOf({ x, ask, key, context }: Place, policy: CachePolicy): Reply | undefined {
    if (ask.range === undefined) return undefined;
    const entry = this.#site.store.find(key, partContext(context), x.request.headers);
    if (entry === undefined || !isFor(entry, ask, policy)) return undefined;
    const now = Date.now();
    const range = useOf(entry, ask.control, now) === 'fresh' ? rangeWithin(entry, ask) : undefined;
    if (range === undefined) return undefined;
    this.#count(x, 'hit');
    return servePart(x, entry, range, now, 'hit');
  }

  async #goOn(place: Place, stream: ClientStream, fetching: FetchOptions, stored: Entry | undefined): Promise<Reply> {
    const { x, ask, key } = place;
    const site = this.#site;
    const why = stored !== undefined ? whyStale(ask) : site.store.has(key) ? 'vary-miss' : 'uri-miss';
    if (ask.control?.onlyIfCached === true) return this.#refuse(x);
    // Nothing but the word on a stored answer is of use to others.
    if (ask.isHead && (stored === undefined || !canValidate(stored))) return this.#pass(x, stream, ask, why);
    const name = this.#nameOf(place);
    const mayWait = this.#mayWait(place, fetching.policy, stored);
    const flight = mayWait ? site.flight(name) : undefined;
    if (flight !== undefined) {
      const reply = await this.#join(place, fetching.policy, flight);
      if (reply !== undefined) return reply;
    }
    const isOpen = mayWait && flight === undefined && asksForAll(ask, stored);
    return new Fetch(fetching, place, isOpen ? name : undefined, stored).run(stream, why);
  }

  /** Whether another's answer may be for this request too. */
  #mayWait({ key, ask }: Place, { waitMs, cookies }: CachePolicy, stored: Entry | undefined): boolean {
    if (waitMs === 0 || ask.isHead || ask.control !== undefined || this.#site.isPassed(key, Date.now())) return false;
    return stored !== undefined || !(ask.hasCredentials || (ask.hasCookies && cookies === 'private'));
  }

  /** undefined: it is not for this request, or was too long in coming; it goes on by itself. */
  async #join(place: Place, policy: CachePolicy, flight: Flight): Promise<Reply | undefined> {
    const { x, ask } = place;
    const seat = flight.take();
    x.whenGone = () => seat.leave();
    const until = Date.now() + policy.waitMs;
    const landing = await flight.landing(policy.waitMs);
    const now = Date.now();
    if (landing.kind === 'coming' && this.#fits(place, policy, landing.head, now)) {
      const { head, recording, whole } = landing;
      if (recording.isShareable && ask.range === undefined) {
        this.#count(x, 'collapsed');
        return serveComing(x, head, () => recording.reader(() => seat.leave()), ask, now, 'fwd=uri-miss; collapsed');
      }
      const entry = await within(whole, until - now, undefined);
      if (entry !== undefined) return this.#collapsed(place, entry);
      // It goes on and on, or is more than may be kept: who comes next does not wait in vain too.
      this.#site.notePass(place.key, Date.now());
    }
    if (landing.kind === 'stored' && this.#fits(place, policy, landing.entry, now))
      return this.#collapsed(place, landing.entry);
    seat.leave();
    x.whenGone = undefined;
    return undefined;
  }

  #collapsed({ x, ask }: Place, entry: Entry): Reply {
    this.#count(x, 'collapsed');
    return serveStored(x, entry, ask, Date.now(), 'fwd=uri-miss; collapsed');
  }

  #fits({ x, ask, context }: Place, policy: CachePolicy, head: EntryHead, now: number): boolean {
    if (!isFor(head, ask, policy) || !isShareable(head, now)) return false;
    return variantKey(head.fields, context, x.request.headers) === head.variant;
  }

  /** Beside the client, who has its answer already; one at a time. */
  #refresh(place: Place, fetching: FetchOptions, stored: Entry): void {
    const name = this.#nameOf(place);
    if (this.#site.flight(name) !== undefined) return;
    const { x, ask } = place;
    const apart = x.fork({ ...x.request, method: 'GET', headers: withoutConditions(x.request.headers) });
    const plain: Ask = {
      ...ask,
      isHead: false,
      isPlain: true,
      range: undefined,
      ifNoneMatch: undefined,
      ifModifiedSince: undefined,
    };
    const fetch = new Fetch(fetching, { ...place, x: apart, ask: plain }, name, stored, true);
    // What fails is tried again by the next request; the client has its answer already.
    fetch.run(NOBODY, 'stale').then(discard, () => {});
  }

  /** As if there were no cache, but for what an unsafe request makes invalid. */
  async #pass(x: Exchange, stream: ClientStream, ask: Ask, why: Forwarded): Promise<Reply> {
    if (this.#fetching !== undefined) this.#count(x, 'pass');
    const reply = await this.#options.fetch(x, stream);
    if (ask.isUnsafe) this.#invalidate(x, reply);
    if (this.#fetching === undefined || reply.tunnel !== undefined) return reply;
    removeTags(reply.headers);
    reply.headers.push('cache-status', forwardedField(why));
    return reply;
  }

  #invalidate(x: Exchange, { status, headers }: Reply): void {
    const { host, authority, path, query, method } = x.request;
    const origin = `https://${authority}`;
    // What overrides its method may be anything.
    const unsafe = method === 'GET' || method === 'HEAD' ? 'POST' : method;
    const seen = { method: unsafe, origin, target: path + query, hasCredentials: false, status, headers, delayMs: 0 };
    for (const target of this.#site.judge.invalidated(seen)) {
      const key = writtenKey(host, target);
      if (key !== undefined) this.#site.invalidate(key);
    }
  }

  /** RFC 9111, 5.2.1.7. */
  #refuse(x: Exchange): Reply {
    x.reason = 'only-if-cached';
    return errorReply(x, 504);
  }

  /** Those of one name would get the same answer, as far as is known. */
  #nameOf({ x, key, context }: Place): string {
    return `${key}\n${variantKey(this.#site.store.fieldsOf(key) ?? [], context, x.request.headers)}`;
  }

  #contextOf(x: Exchange, { place }: Ask): string {
    const { id, keepsSpelling } = this.#options;
    const { authority, host, path } = x.request;
    let context = authority === host && place === '' ? id : `${id} ${authority}${place}`;
    if (keepsSpelling) {
      const spelling = originalPath(x.request);
      if (spelling !== path) context += ` ${spelling}`;
    }
    return context;
  }

  #count(x: Exchange, use: 'hit' | 'stale' | 'collapsed' | 'pass'): void {
    x.cache = use;
    this.#site.counts[use]++;
  }
}

function whyStale({ control }: Ask): Forwarded {
  return control !== undefined && (control.noCache || control.maxAge !== undefined) ? 'request' : 'stale';
}

// One request to the backend on behalf of the cache: with the validators of what is stored, under the eyes of those who
// wait for it, and with the answer stored where it may be.
import type { CachePolicy } from '../config/model/sites.ts';
import type { ClientStream } from '../http/client-stream.ts';
import type { Exchange } from '../http/exchange.ts';
import { headerValue } from '../http/headers.ts';
import { isWhole, type Reply } from '../http/reply.ts';
import { type Forwarded, forwarded, forwardedField } from './cache-status.ts';
import { type Entry, type EntryHead, freshened, removeTags, tagsOf } from './entry.ts';
import { EntryMaking } from './entry-making.ts';
import { askedOfBackend, asksForAll, canValidate, isAboutStored, isSameTag, takeCookies } from './fetch-headers.ts';
import { ALONE, type Flight, type Seat } from './flight.ts';
import { partOf, withoutPart } from './part.ts';
import type { Place } from './place.ts';
import { Recording } from './recording.ts';
import { serveStored } from './serve.ts';
import type { SiteCache } from './site-cache.ts';
import { standsInForError, standsInForStatus } from './stand-in.ts';
import { isShareable } from './use.ts';

/** Asks the backend; fails with a GatehouseError. */
export type FetchAnswer = (x: Exchange, stream: Pick<ClientStream, 'inform'>) => Promise<Reply>;

export interface FetchOptions {
  readonly site: SiteCache;
  readonly policy: CachePolicy;
  readonly ownCookie: string | undefined;
  readonly fetch: FetchAnswer;
}

export class Fetch {
  readonly #options: FetchOptions;
  readonly #place: Place;
  /** Under which others find it; undefined: nobody waits for it. */
  readonly #name: string | undefined;
  readonly #making: EntryMaking;
  readonly #flight: Flight;
  readonly #seat: Seat;
  #stored: Entry | undefined;
  /** See `Seen`. */
  #delayMs = 0;

  /** `isApart`: no client reads the answer, and it is fetched to its end all the same. */
  constructor(
    options: FetchOptions,
    place: Place,
    name: string | undefined,
    stored: Entry | undefined,
    isApart = false,
  ) {
    this.#options = options;
    this.#place = place;
    this.#name = name;
    this.#stored = stored;
    this.#making = new EntryMaking(options.site, options.policy, place);
    this.#flight = options.site.begin(place.key, name);
    this.#seat = this.#flight.take();
    if (isApart) this.#flight.take();
  }

  /** The client's answer. Fails as the backend fails. */
  async run(stream: Pick<ClientStream, 'inform'>, why: Forwarded): Promise<Reply> {
    const { x } = this.#place;
    x.whenGone = () => this.#seat.leave();
    try {
      const reply = await this.#ask(stream);
      const now = Date.now();
      const stored = this.#stored;
      if (stored !== undefined && standsInForStatus(stored, reply, now)) {
        discard(reply);
        return this.#standIn(stored, now, forwarded(why, reply.status));
      }
      const isToFreshen = (to: Entry): boolean =>
        reply.status === 304 ? canValidate(to) : this.#place.ask.isHead && isAboutStored(reply, to);
      if (stored !== undefined && isToFreshen(stored)) {
        const fresh = this.#freshen(stored, reply, now, why);
        if (fresh !== undefined) return fresh;
        // It speaks of another answer than the stored one: asked again without conditions.
        this.#stored = undefined;
        return this.#keep(await this.#ask(stream), Date.now(), why);
      }
      return this.#keep(reply, now, why);
    } catch (error) {
      const stored = this.#stored;
      const now = Date.now();
      if (stored !== undefined && standsInForError(stored, error, this.#options.policy, now))
        return this.#standIn(stored, now, forwarded(why));
      this.#land(ALONE);
      throw error;
    }
  }

  async #ask(stream: Pick<ClientStream, 'inform'>): Promise<Reply> {
    const { x } = this.#place;
    const fork = x.fork({ ...x.request, headers: askedOfBackend(x.request.headers, this.#stored) });
    this.#flight.onAbandoned = () => fork.leave();
    const askedAt = performance.now();
    try {
      return await this.#options.fetch(fork, stream);
    } finally {
      this.#delayMs = Math.round(performance.now() - askedAt);
      x.upstream = fork.upstream;
      x.attempts += fork.attempts;
      x.upstreamMs = fork.upstreamMs;
    }
  }

  #standIn(stored: Entry, now: number, how: string): Reply {
    const { x, ask } = this.#place;
    this.#land(ALONE);
    x.error = undefined;
    this.#count('stale');
    return serveStored(x, stored, ask, now, how);
  }

  /** RFC 9111, 4.3.4. undefined: the 304 is not about what is stored. */
  #freshen(stored: Entry, reply: Reply, now: number, why: Forwarded): Reply | undefined {
    const { x, ask } = this.#place;
    const update = [...reply.headers];
    const etag = headerValue(update, 'etag');
    if (etag !== undefined && stored.etag !== undefined && !isSameTag(etag, stored.etag)) return undefined;
    if (headerValue(update, 'date') === undefined) update.push('date', new Date(now).toUTCString());
    const cookies = takeCookies(update, this.#options.ownCookie);
    const headers = freshened(stored.headers, update);
    const tags = tagsOf(update);
    // Of a HEAD too: what it freshens was the answer to a GET.
    const head = this.#making.headOf(
      'GET',
      { status: stored.status, headers, tags: tags.length > 0 ? tags : stored.tags, delayMs: this.#delayMs },
      now,
    );
    this.#count('revalidated');
    const how = forwarded(why, reply.status);
    if (head === undefined) {
      // Good for this client, and from now on for nobody else.
      this.#options.site.store.remove(stored);
      this.#land(ALONE);
      const only = { ...stored, headers: headers.concat(cookies) };
      return serveStored(x, only, ask, now, how);
    }
    const entry = this.#making.entryOf(head, stored.body);
    if (entry.variant !== stored.variant) this.#options.site.store.remove(stored);
    this.#store(entry);
    const answer = serveStored(x, entry, ask, now, this.#flight.isVoid ? how : `${how}; stored`);
    answer.headers.push(...cookies);
    return answer;
  }

  /** The answer as it is, stored on its way where it may be. */
  #keep(reply: Reply, now: number, why: Forwarded): Reply {
    const { site, policy } = this.#options;
    const { headers, status, body } = reply;
    this.#count('miss');
    const kept = [...headers];
    takeCookies(kept, this.#options.ownCookie);
    const length = body === undefined ? 0 : isWhole(body) ? body.length : (body.length ?? 0);
    const isForAll = status === 200 || asksForAll(this.#place.ask, this.#stored);
    const isOdd = reply.tunnel !== undefined || reply.sentStatus !== undefined || reply.endsByClose === true;
    const mayBe = !isOdd && (isForAll || status === 206) && length <= policy.maxEntryBytes;
    const part = status === 206 ? partOf(kept, length) : undefined;
    const about = part === undefined ? kept : withoutPart(kept);
    const { method } = this.#place.x.request;
    const head = mayBe
      ? this.#making.headOf(method, { status, headers: about, tags: tagsOf(kept), part, delayMs: this.#delayMs }, now)
      : undefined;
    // What it answers now counts, also where it may not be stored.
    if (this.#stored !== undefined && status < 500 && isForAll) site.store.remove(this.#stored);
    removeTags(headers);
    if (head === undefined) {
      // Of a request that nobody waits for (a part, a HEAD, a person's) it says nothing to others.
      if (status < 500 && this.#name !== undefined) site.notePass(this.#place.key, now);
      this.#land(ALONE);
      headers.push('cache-status', forwardedField(why));
      return reply;
    }
    if (body === undefined || isWhole(body)) {
      this.#store(this.#making.entryOf(head, body === undefined ? Buffer.alloc(0) : Buffer.from(body)));
      headers.push('cache-status', forwardedField(why, '; stored'));
      return reply;
    }
    const recording = this.#record(head, body, now);
    headers.push('cache-status', forwardedField(why, recording === undefined ? '' : '; stored'));
    if (recording !== undefined) reply.body = recording.reader(() => this.#seat.leave());
    return reply;
  }

  /** undefined: there is no room for it. */
  #record(head: EntryHead, body: Exclude<Reply['body'], Uint8Array | undefined>, now: number): Recording | undefined {
    const { site, policy } = this.#options;
    const whole = Promise.withResolvers<Entry | undefined>();
    const recording = new Recording(body, {
      maxBytes: policy.maxEntryBytes,
      reserve: (bytes) => site.store.reserve(bytes),
      release: (bytes) => site.store.release(bytes),
      onEnd: (bytes) => {
        const entry = bytes === undefined ? undefined : this.#making.entryOf(head, bytes);
        if (entry !== undefined) this.#store(entry);
        else this.#end();
        whole.resolve(entry);
      },
    });
    if (!recording.isKept) {
      this.#land(ALONE);
      return undefined;
    }
    this.#flight.onAbandoned = () => recording.cancel();
    if (head.part !== undefined) this.#flight.land(ALONE);
    else if (isShareable(head, Date.now()))
      this.#flight.land({ kind: 'coming', head, recording, whole: whole.promise });
    else {
      site.notePass(this.#place.key, now);
      this.#flight.land(ALONE);
    }
    recording.start();
    return recording;
  }

  #store(entry: Entry): void {
    const { site } = this.#options;
    if (!this.#flight.isVoid && site.store.add(entry)) site.counts.stored++;
    const isForAll = !this.#flight.isVoid && entry.part === undefined && isShareable(entry, Date.now());
    this.#land(isForAll ? { kind: 'stored', entry } : ALONE);
  }

  #land(landing: Parameters<Flight['land']>[0]): void {
    this.#flight.land(landing);
    this.#end();
  }

  #end(): void {
    this.#options.site.end(this.#flight, this.#name);
  }

  #count(use: 'stale' | 'revalidated' | 'miss'): void {
    this.#place.x.cache = use;
    this.#options.site.counts[use]++;
  }
}

export function discard({ body }: Reply): void {
  if (body !== undefined && !isWhole(body)) body.cancel();
}

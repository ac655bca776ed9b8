// The stage: all limits of a route, in the order of the file. The first that has no room answers; what the others have
// counted for the request is given back. All are asked at once, so many limits are one round trip.
import { errorReply } from '../http/error-page.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Reply } from '../http/reply.ts';
import { rateLimitFields, type Standing, seconds } from './fields.ts';
import type { Limit, Verdict } from './limit.ts';
import type { Leave } from './places.ts';
import type { LimitState } from './state.ts';

/** Of a path in a record; the record of the request has all of it. */
const MAX_PATH = 256;

/** A limit, and what tells whether it is about a request. */
export interface BoundLimit<Subject> {
  readonly limit: Limit;
  readonly matches: (subject: Subject) => boolean;
}

/** Somebody who was refused by a limit that bans. */
export type Banish = (x: Exchange, limit: Limit) => void;

interface Applied {
  readonly limit: Limit;
  readonly key: string;
  verdict: Verdict | undefined;
  leave: Leave | undefined;
}

export class RouteLimits<Subject> {
  readonly #limits: readonly BoundLimit<Subject>[];
  readonly #state: LimitState;
  readonly #banish: Banish;

  constructor(limits: readonly BoundLimit<Subject>[], state: LimitState, banish: Banish) {
    this.#limits = limits;
    this.#state = state;
    this.#banish = banish;
  }

  /** undefined: go on. What the request has taken is settled when it ends. */
  take(x: Exchange, subject: Subject): Promise<Reply | undefined> | Reply | undefined {
    const applied: Applied[] = [];
    for (const { limit, matches } of this.#limits) {
      if (!matches(subject)) continue;
      const key = limit.key(x);
      if (key === undefined) continue;
      if (key === null) return this.#refuseUnknown(x, limit);
      const spentMs = limit.spentMs(key);
      if (spentMs > 0) {
        // After a ban that was shorter than the window: it has learnt nothing.
        this.#banish(x, limit);
        return this.#refuse(x, limit, spentMs, [spentStanding(limit, spentMs)]);
      }
      applied.push({ limit, key, verdict: undefined, leave: undefined });
    }
    if (applied.length === 0) return undefined;
    if (applied.some(({ limit }) => limit.settlesLater)) x.whenOver(() => settle(x, applied));
    if (!applied.some(({ limit }) => limit.hasPlaces)) return this.#count(x, applied);
    return this.#enter(x, applied).then((reply) => reply ?? this.#count(x, applied));
  }

  /** A place under each that has places, or under none. */
  async #enter(x: Exchange, applied: readonly Applied[]): Promise<Reply | undefined> {
    for (const each of applied) {
      if (!each.limit.hasPlaces) continue;
      each.leave = await each.limit.enter(each.key);
      if (each.leave !== undefined) continue;
      leaveAll(applied);
      return this.#refuseBusy(x, each.limit);
    }
    return undefined;
  }

  async #count(x: Exchange, applied: readonly Applied[]): Promise<Reply | undefined> {
    const [only] = applied;
    if (applied.length === 1 && only !== undefined) await take(x, only);
    else await Promise.all(applied.map((each) => take(x, each)));
    const refusing = applied.find(({ verdict }) => verdict !== undefined && verdict.waitMs > 0);
    if (refusing?.verdict === undefined) {
      tell(x, applied);
      return undefined;
    }
    for (const each of applied) {
      if (each.verdict?.waitMs !== 0) continue;
      each.limit.giveBack(each.key, each.verdict);
      each.verdict = undefined;
    }
    const { limit, verdict } = refusing;
    // One who waited for room and left before there was any has done nothing.
    if (!x.isGone) {
      this.#state.tell({
        requestId: x.id,
        site: limit.tally.site,
        limit: limit.config.name,
        client: x.client,
        path: x.request.path.slice(0, MAX_PATH),
        waitMs: Math.ceil(verdict.waitMs),
      });
      this.#banish(x, limit);
    }
    return this.#refuse(x, limit, verdict.waitMs, limit.standings(verdict));
  }

  #refuse(x: Exchange, limit: Limit, waitMs: number, standings: readonly Standing[]): Reply {
    const fields = limit.config.tell === 'never' ? [] : rateLimitFields(standings);
    return turnAway(x, limit, 429, 'limit', ['retry-after', String(seconds(waitMs)), ...fields]);
  }

  #refuseBusy(x: Exchange, limit: Limit): Reply {
    const { name, concurrent = 0, tell, key } = limit.config;
    const standing = { name, points: concurrent, windowMs: undefined, remaining: 0, leftMs: 0 };
    const fields = tell === 'never' ? [] : rateLimitFields([standing]);
    // A site that is full is no fault of this client.
    const status = key.every(({ by }) => by === 'site') ? 503 : 429;
    return turnAway(x, limit, status, 'limit-concurrent', ['retry-after', '1', ...fields]);
  }

  #refuseUnknown(x: Exchange, limit: Limit): Reply {
    return turnAway(x, limit, 403, 'limit-key', []);
  }
}

function settle(x: Exchange, applied: readonly Applied[]): void {
  leaveAll(applied);
  for (const { limit, key, verdict } of applied) if (verdict?.waitMs === 0) limit.settle(key, verdict, x.status);
}

function leaveAll(applied: readonly Applied[]): void {
  for (const each of applied) {
    each.leave?.();
    each.leave = undefined;
  }
}

async function take(x: Exchange, applied: Applied): Promise<void> {
  if (applied.limit.countsRequests) applied.verdict = await applied.limit.take(x, applied.key);
}

function turnAway(x: Exchange, limit: Limit, status: number, reason: string, fields: readonly string[]): Reply {
  limit.tally.refused++;
  x.reason = reason;
  x.limit = limit.config.name;
  return errorReply(x, status, fields);
}

/** What is known without counting: of several windows, the shortest that can be it. */
function spentStanding(limit: Limit, leftMs: number): Standing {
  const { name, windows } = limit.config;
  const { points, windowMs } = windows.find((window) => window.windowMs >= leftMs) ?? { points: 0, windowMs: leftMs };
  return { name, points, windowMs, remaining: 0, leftMs };
}

function tell(x: Exchange, applied: readonly Applied[]): void {
  const standings = applied.flatMap(({ limit, verdict }) =>
    limit.config.tell === 'always' && verdict !== undefined ? limit.standings(verdict) : [],
  );
  if (standings.length > 0) x.ownFields = [...(x.ownFields ?? []), ...rateLimitFields(standings)];
}

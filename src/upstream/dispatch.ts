// One call on its way to a server: which one, and what follows when it fails. An answer whose head has come is never
// taken back from the client; until then nobody has seen anything of it.
import { GatehouseError } from '../base/errors.ts';
import type { Reply } from '../http/reply.ts';
import { isWhole } from '../http/reply.ts';
import type { Backend } from './backend.ts';
import type { Call, Claim } from './call.ts';
import type { UpgradeResult } from './http1/upgrade.ts';
import type { Retries } from './retries.ts';
import type { Roster } from './roster.ts';

/** Called once for each attempt: a call is for one server. */
export type MakeCall = (backend: Backend) => Call;

/** Which server a request would best go to. */
export interface Wish extends Claim {
  /** For hash balancing. */
  readonly key: number;
  /** Where the client has been. */
  readonly backend: Backend | undefined;
  /** Whose it is, see `Call.client`. */
  readonly client: string;
}

export const NO_WISH: Wish = { key: 0, backend: undefined, client: '' };

/** Answers that count against a server: it, or what stands behind it, could not do its work. */
const FAILURES: ReadonlySet<number> = new Set([502, 503, 504]);
const NONE: readonly Backend[] = [];

/** What one call has been through. */
interface Walk {
  readonly tried: Backend[];
  /** Attempts after the first, but for the one that a kept connection has cost. */
  made: number;
  hasRepeated: boolean;
}

export class Dispatch {
  readonly #name: string;
  readonly #roster: Roster;
  readonly #retries: Retries;

  constructor(name: string, roster: Roster, retries: Retries) {
    this.#name = name;
    this.#roster = roster;
    this.#retries = retries;
  }

  send(makeCall: MakeCall, wish: Wish): Promise<Reply> {
    return this.#run(makeCall, wish, sendTo, itself);
  }

  upgrade(makeCall: MakeCall, protocol: string, wish: Wish): Promise<UpgradeResult> {
    return this.#run(makeCall, wish, (backend, call) => backend.upgrade(call, protocol), replyOf);
  }

  async #run<T>(
    makeCall: MakeCall,
    wish: Wish,
    send: (backend: Backend, call: Call) => Promise<T>,
    reply: (answer: T) => Reply | undefined,
  ): Promise<T> {
    this.#retries.count();
    let walk: Walk | undefined;
    let backend = this.#first(wish);
    for (;;) {
      const call = makeCall(backend);
      call.wantsNew = walk?.hasRepeated === true;
      let next: Backend | undefined;
      try {
        const answer = await send(backend, call);
        const answered = reply(answer);
        if (answered === undefined || answered.status < 500) {
          backend.condition.succeeded();
          return answer;
        }
        walk ??= { tried: [], made: 0, hasRepeated: false };
        next = this.#afterStatus(answered.status, backend, call, walk, wish.key);
        if (next === undefined) return answer;
        if (answered.body !== undefined && !isWhole(answered.body)) answered.body.cancel();
      } catch (error) {
        if (!(error instanceof GatehouseError) || error.side !== 'upstream') throw error;
        walk ??= { tried: [], made: 0, hasRepeated: false };
        next = this.#afterError(error, backend, call, walk, wish.key);
        if (next === undefined) throw error;
      }
      backend = next;
    }
  }

  #first(wish: Wish): Backend {
    const { key, backend, client } = wish;
    if (backend !== undefined && !backend.isFull && this.#roster.has(backend)) return backend;
    const picked = this.#roster.pick(key, NONE) ?? this.#roster.yielding(client, wish);
    if (picked !== undefined) return picked;
    const message = `every server of ${this.#name} is busy, and as many requests wait as may`;
    throw new GatehouseError('upstream_busy', 'upstream', message, { status: 503 });
  }

  #afterStatus(status: number, backend: Backend, call: Call, walk: Walk, key: number): Backend | undefined {
    if (FAILURES.has(status)) blame(backend, call, `answered ${status}`);
    else backend.condition.succeeded();
    if (!this.#retries.allowsStatus(status, call, walk.made)) return undefined;
    const next = this.#roster.pick(key, [...walk.tried, backend]);
    if (next === undefined || !this.#retries.take()) return undefined;
    return goOn(walk, backend, next);
  }

  #afterError(error: GatehouseError, backend: Backend, call: Call, walk: Walk, key: number): Backend | undefined {
    if (error.code === 'upstream_closed' && error.retry && !walk.hasRepeated) {
      walk.hasRepeated = true;
      // Where one kept connection has died the others have too: the server was restarted, or is tired of them.
      backend.dropIdle();
      return backend;
    }
    if (error.code !== 'upstream_busy') blame(backend, call, error.message);
    if (!this.#retries.allowsError(error, call, walk.made)) return undefined;
    const other = this.#roster.pick(key, [...walk.tried, backend]);
    // A connection that broke says nothing of the next one; one that could not be made, or an answer, would be the same.
    // A refused stream waits until there is room.
    const next = other ?? (error.code === 'upstream_closed' || call.wasRefused ? backend : undefined);
    // What no server has begun with costs none of them twice.
    const isDeath = error.code === 'upstream_closed' && walk.made === 0;
    const mayRepeat = (): boolean => (isDeath ? this.#retries.takeAfterDeath(backend) : this.#retries.take());
    if (next === undefined || !(error.retry || mayRepeat())) return undefined;
    return goOn(walk, backend, next);
  }
}

function blame(backend: Backend, call: Call, why: string): void {
  call.hasFailed = true;
  backend.condition.failed(why);
}

function goOn(walk: Walk, from: Backend, to: Backend): Backend {
  walk.tried.push(from);
  walk.made++;
  return to;
}

function sendTo(backend: Backend, call: Call): Promise<Reply> {
  return backend.send(call);
}

function itself(reply: Reply): Reply {
  return reply;
}

function replyOf(result: UpgradeResult): Reply | undefined {
  return 'reply' in result ? result.reply : undefined;
}

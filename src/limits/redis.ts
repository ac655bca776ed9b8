// Counters that many machines share: rate-limiter-flexible on the shared store, one script and so one round trip for each
// count. While the store does not answer in time the counters of this process stand in for it (its insurance limiter).
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Shared } from '../shared/shared.ts';
import { ApproximateCounter } from './approximate.ts';
import type { Allowance, Count, Counter, CounterStore } from './counter.ts';
import { countOf, type MemoryCounters } from './memory.ts';

/**
 * KEYS: the counter. ARGV, as the package hands them over: points to add, seconds, the allowance, the exact window in
 * seconds. What goes over the allowance fills it up to the brim; what is taken back is taken from a window that runs.
 */
const COUNT = `
local left = redis.call('pttl', KEYS[1])
local before = left > 0 and tonumber(redis.call('get', KEYS[1])) or 0
local added = tonumber(ARGV[1])
local most = tonumber(ARGV[3])
if added < 0 then
  if left > 0 and before + added >= 0 then redis.call('incrby', KEYS[1], ARGV[1]) end
  return {before + added, left}
end
if left <= 0 then
  left = math.floor(tonumber(ARGV[4]) * 1000 + 0.5)
  redis.call('set', KEYS[1], math.min(added, most), 'px', left)
  return {added, left}
end
if before < most then redis.call('incrby', KEYS[1], math.min(added, most - before)) end
return {before + added, left}
`;

export class SharedCounters implements CounterStore {
  readonly #shared: Shared;
  readonly #local: MemoryCounters;
  readonly #store: Facade;
  readonly #counters = new Map<string, Counter>();

  /** `local` counts while the store does not. */
  constructor(shared: Shared, local: MemoryCounters) {
    this.#shared = shared;
    this.#local = local;
    this.#store = new Facade(shared);
  }

  counter(allowance: Allowance): Counter {
    return this.#counters.getOrInsertComputed(allowance.id, () => {
      const exact = new SharedCounter(allowance, this.#store, this.#shared.config.prefix, this.#local);
      return allowance.isApproximate ? new ApproximateCounter(exact, allowance) : exact;
    });
  }
}

class SharedCounter implements Counter {
  readonly #limiter: RateLimiterRedis;
  /** The package counts in whole seconds and has another way for less than one; the script uses the exact window. */
  readonly #options: { readonly customDuration: number };

  constructor(allowance: Allowance, store: Facade, prefix: string, local: MemoryCounters) {
    const { id, points, windowMs } = allowance;
    this.#options = { customDuration: Math.max(1, Math.ceil(windowMs / 1000)) };
    this.#limiter = new RateLimiterRedis({
      storeClient: store,
      keyPrefix: `${prefix}:limit:${id}`,
      points,
      duration: windowMs / 1000,
      customIncrTtlLuaScript: COUNT,
      rejectIfRedisNotReady: true,
      insuranceLimiter: local.counter(allowance),
    });
  }

  async add(key: string, points: number): Promise<Count> {
    try {
      return countOf(await this.#limiter.consume(key, points, this.#options));
    } catch (refused) {
      if (refused instanceof RateLimiterRes) return countOf(refused);
      throw refused;
    }
  }

  giveBack(key: string, points: number): void {
    this.#limiter.reward(key, points, this.#options).catch(() => {});
  }
}

/** What the package needs of a client: its state, and the one script. */
class Facade {
  readonly #shared: Shared;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  /** The package does not ask a client that is not `ready`. */
  get status(): string {
    return this.#shared.isUp ? 'ready' : 'wait';
  }

  defineCommand(name: string, definition: { numberOfKeys: number; lua: string }): void {
    this.#shared.client.defineCommand(name, definition);
  }

  rlflxIncr(args: readonly string[]): Promise<unknown> {
    return this.#shared.ask((client) => (client as unknown as Scripted).rlflxIncr(...args));
  }
}

interface Scripted {
  rlflxIncr(...args: readonly string[]): Promise<unknown>;
}

// Counters of this process alone: rate-limiter-flexible, with a bound on how many keys it keeps. A key that has not been
// seen for longest gives way, so a flood of new keys costs a bound of memory and the oldest counts.
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { BoundedMap } from '../base/bounded-map.ts';
import type { Allowance, Count, Counter, CounterStore } from './counter.ts';

/** The keys of all counters, and whose they are. */
type Roster = BoundedMap<MemoryCounter>;

const NOTHING = new RateLimiterRes(0, 0, 0, true);

export class MemoryCounters implements CounterStore {
  readonly #counters = new Map<string, MemoryCounter>();
  readonly #roster: Roster;

  /** `maxKeys`: of all counters together. */
  constructor(maxKeys: number) {
    this.#roster = new BoundedMap(maxKeys);
  }

  counter(allowance: Allowance): MemoryCounter {
    return this.#counters.getOrInsertComputed(allowance.id, () => new MemoryCounter(allowance, this.#roster));
  }

  get size(): number {
    return this.#roster.size;
  }
}

/** It is also what stands in for a store that many share (`insuranceLimiter`), so it takes no options of calls. */
export class MemoryCounter extends RateLimiterMemory implements Counter {
  readonly #roster: Roster;
  /** How often it was asked. */
  uses = 0;

  constructor({ id, points, windowMs }: Allowance, roster: Roster) {
    super({ keyPrefix: id, points, duration: windowMs / 1000 });
    this.#roster = roster;
  }

  async add(key: string, points: number): Promise<Count> {
    try {
      return countOf(await this.consume(key, points));
    } catch (refused) {
      return countOf(refused as RateLimiterRes);
    }
  }

  giveBack(key: string, points: number): void {
    void this.reward(key, points);
  }

  override async consume(key: string, points: number): Promise<RateLimiterRes> {
    this.uses++;
    const evicted = this.#roster.set(this.getKey(key), this);
    evicted?.[1].forget(evicted[0]);
    try {
      return await super.consume(key, points);
    } catch (refused) {
      const { consumedPoints } = refused as RateLimiterRes;
      void super.reward(key, Math.min(points, consumedPoints - this.points));
      throw refused;
    }
  }

  /** A key that has gone owes nothing. */
  override async reward(key: string, points: number): Promise<RateLimiterRes> {
    const before = await this.get(key);
    if (before === null) return NOTHING;
    return before.msBeforeNext <= 0 || before.consumedPoints < points ? before : super.reward(key, points);
  }

  forget(fullKey: string): void {
    void this.delete(this.parseKey(fullKey));
  }
}

export function countOf({ consumedPoints, msBeforeNext }: RateLimiterRes): Count {
  return { points: consumedPoints, leftMs: msBeforeNext };
}

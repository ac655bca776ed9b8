// Clients whose requests the rules block again and again: each blocked request counts its score, up to a bound, so that no
// single request bans anybody, whatever it scores.

import { networkOf } from '../base/ip.ts';
import type { BansConfig } from '../config/config.ts';
import type { Bans } from './bans.ts';
import type { Counter, CounterStore } from './counter.ts';

/** Of one request; the schema wants more points than this for a ban. */
const MOST_POINTS = 10;
/** Of a rule that blocks by itself: as much as a critical one scores. */
const UNSCORED_POINTS = 5;

export class Strikes {
  readonly #bans: Bans;
  readonly #counter: Counter;
  readonly #config: NonNullable<BansConfig['waf']>;

  constructor(bans: Bans, config: NonNullable<BansConfig['waf']>, counters: CounterStore) {
    this.#bans = bans;
    this.#config = config;
    const { points, windowMs } = config;
    this.#counter = counters.counter({ id: `waf/${points}/${windowMs}`, points, windowMs, isApproximate: false });
  }

  /** One blocked request. Never fails. */
  async note(client: string, site: string, score: number): Promise<void> {
    const points = Math.min(MOST_POINTS, score > 0 ? Math.ceil(score) : UNSCORED_POINTS);
    const count = await this.#counter.add(`${site} ${networkOf(client)}`, points);
    if (count.points <= this.#config.points) return;
    const reason = `requests were blocked, more than ${this.#config.points} points within the window`;
    this.#bans.punish(client, { site, cause: 'waf', reason, forMs: this.#config.forMs });
  }
}

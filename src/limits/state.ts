// What limits keep in mind: it outlives a configuration, so that a reload forgives nobody. Everything in it is found by
// the id of a limit, which says the site, the name and the rate.
import type { Config } from '../config/config.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Bans } from './bans.ts';
import type { CounterStore } from './counter.ts';
import type { Places } from './places.ts';
import { Spent } from './spent.ts';
import { Strikes } from './strikes.ts';

/** How often a limit has acted. */
export interface Tally {
  readonly site: string;
  readonly name: string;
  refused: number;
  delayed: number;
}

/** A request that a limit refused, and that was not the next of many. */
export interface Refusal {
  readonly requestId: string;
  readonly site: string;
  readonly limit: string;
  readonly client: string;
  readonly path: string;
  readonly waitMs: number;
}

type LimitSettings = Pick<Config, 'requestLimits' | 'bans' | 'trustedProxies' | 'listen'>;

/** Lines a second about refusals; the figures count all of them. */
const MAX_TOLD = 50;

export class LimitState {
  readonly bans: Bans;
  /** Of requests that are under way. */
  readonly places: Places;
  /** undefined: blocked requests ban nobody. */
  strikes: Strikes | undefined;
  readonly spent: Spent = new Spent();
  readonly #tallies = new Map<string, Tally>();
  #maxWaiting = 0;
  readonly #open: () => Promise<CounterStore>;
  #counters: CounterStore | undefined;
  readonly #tell: (refusal: Refusal, untold: number) => void;
  /** Requests that wait for room. */
  #waiting = 0;
  #toldIn = 0;
  #told = 0;
  #untold = 0;

  /** `open` opens what counts, once, and not before something is to be counted. */
  constructor(
    bans: Bans,
    open: () => Promise<CounterStore>,
    places: Places,
    tell: (refusal: Refusal, untold: number) => void,
  ) {
    this.#open = open;
    this.bans = bans;
    this.places = places;
    this.#tell = tell;
  }

  /** Comes before `use`, and changes nothing of what is in force. */
  async prepare({ sites, bans }: Pick<Config, 'sites' | 'bans'>): Promise<void> {
    const counts = bans.waf !== undefined || sites.some(({ routes }) => routes.some(({ limits }) => limits.length > 0));
    if (counts) this.#counters ??= await this.#open();
  }

  get counters(): CounterStore {
    if (this.#counters === undefined) throw new Error('limits/ was not prepared for this configuration');
    return this.#counters;
  }

  /** What a configuration says of it, the first one or another; all that is in mind stays. */
  use({ requestLimits, bans, trustedProxies, listen }: LimitSettings): void {
    this.#maxWaiting = requestLimits.delayed;
    // What speaks for clients is never kept out for what one of them did.
    this.bans.use(bans, [...trustedProxies, ...listen.proxyProtocol]);
    this.strikes = bans.waf === undefined ? undefined : new Strikes(this.bans, bans.waf, this.counters);
  }

  tally(site: string, name: string): Tally {
    return this.#tallies.getOrInsertComputed(`${site} ${name}`, () => ({ site, name, refused: 0, delayed: 0 }));
  }

  get tallies(): Iterable<Tally> {
    return this.#tallies.values();
  }

  /** For so long, or until the client leaves. False: so many wait already. */
  async wait(ms: number, x: Exchange): Promise<boolean> {
    if (this.#waiting >= this.#maxWaiting) return false;
    this.#waiting++;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms).unref();
    x.whenGone = resolve;
    await promise;
    x.whenGone = undefined;
    clearTimeout(timer);
    this.#waiting--;
    return true;
  }

  /** A flood of refusals must not become a flood of lines. */
  tell(refusal: Refusal): void {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#toldIn) {
      this.#toldIn = second;
      this.#told = 0;
    }
    if (this.#told++ < MAX_TOLD) {
      this.#tell(refusal, this.#untold);
      this.#untold = 0;
    } else {
      this.#untold++;
    }
  }
}

// Who is kept out. Bans of single clients are found by name, so that many of them cost a request no more than few.
import { type IpSet, ipSet } from '../base/ip.ts';
import type { BansConfig } from '../config/config.ts';
import { type Ban, isRange, keyOf, shortened, targetOf } from './ban.ts';

export interface BanWish extends Pick<Ban, 'target' | 'site' | 'cause' | 'reason'> {
  /** As it is said; what grows it on repetition comes on top, except by hand. */
  readonly forMs: number;
}

/** What others must hear of. */
export type BanChange = { readonly set: Ban } | { readonly lifted: Ban };

/** Ranges are compared one after the other. */
const MAX_RANGES = 1000;
/** What gives way at once when there are too many: looking for the next one each time would take too long. */
const ROOM = 0.02;

interface Range {
  readonly ban: Ban;
  readonly addresses: IpSet;
}

export class Bans {
  #config: BansConfig;
  /** How many were set, by cause. */
  readonly tally: Map<Ban['cause'], number> = new Map();
  /** Requests and connections that were turned away. */
  turnedAway = 0;
  onChange: (change: BanChange) => void = () => {};
  #exempt: IpSet;
  readonly #now: () => number;
  /** Also those that are over, as long as they make the next one longer. */
  readonly #bans = new Map<string, Ban>();
  readonly #ranges = new Map<string, Range>();

  constructor(config: BansConfig, now: () => number = Date.now) {
    this.#config = config;
    this.#exempt = ipSet(config.exempt);
    this.#now = now;
  }

  get config(): BansConfig {
    return this.#config;
  }

  /** Bans that run stay as they are; who is exempt from now on is let in. `exempt`: on top of what the configuration says. */
  use(config: BansConfig, exempt: readonly string[]): void {
    this.#config = config;
    this.#exempt = ipSet([...config.exempt, ...exempt]);
  }

  /** `site` undefined: only what holds for all sites. */
  find(client: string, site: string | undefined): Ban | undefined {
    if (this.#bans.size === 0 && this.#ranges.size === 0) return undefined;
    const target = targetOf(client);
    const ban =
      this.#running({ target, site: undefined }) ??
      (site === undefined ? undefined : this.#running({ target, site })) ??
      this.#rangeOf(client, site);
    return ban === undefined || this.#exempt.has(client) ? undefined : ban;
  }

  isExempt(client: string): boolean {
    return this.#exempt.has(client);
  }

  /** For what it has done; nothing happens to one who is exempt, or banned already. */
  punish(client: string, wish: Omit<BanWish, 'target'>): void {
    const target = targetOf(client);
    if (!this.#exempt.has(client) && this.#running({ target, site: wish.site }) === undefined) {
      this.add({ ...wish, target });
    }
  }

  /** A ban of the same target and site that runs already is replaced. */
  add({ target, site, cause, reason, forMs }: BanWish): Ban {
    const now = this.#now();
    const before = this.get(keyOf({ target, site }));
    const isRepeated = before !== undefined && before.until + this.config.rememberMs > now;
    const times = isRepeated ? before.times + 1 : 1;
    const until = now + (cause === 'hand' ? forMs : this.#grown(forMs, times));
    const ban = { target, site, cause, reason: shortened(reason), since: now, until, times };
    this.tally.set(cause, (this.tally.get(cause) ?? 0) + 1);
    this.put(ban);
    this.onChange({ set: ban });
    return ban;
  }

  /** By hand, with what is remembered of it. False: there is none. */
  remove(of: Pick<Ban, 'target' | 'site'>): boolean {
    const key = keyOf(of);
    const ban = this.get(key);
    if (ban === undefined) return false;
    this.drop(key);
    this.onChange({ lifted: ban });
    return ban.until > this.#now();
  }

  /** Also one that is over. */
  get(key: string): Ban | undefined {
    return this.#bans.get(key) ?? this.#ranges.get(key)?.ban;
  }

  /** Takes over what is already known elsewhere; nobody hears of it. */
  put(ban: Ban): void {
    const key = keyOf(ban);
    const table: Map<string, unknown> = isRange(ban.target) ? this.#ranges : this.#bans;
    if (!table.has(key) && table.size >= (isRange(ban.target) ? MAX_RANGES : this.config.max)) this.#makeRoom(table);
    if (isRange(ban.target)) this.#ranges.set(key, { ban, addresses: ipSet([ban.target]) });
    else this.#bans.set(key, ban);
  }

  /** As `remove`, and nobody hears of it. */
  drop(key: string): boolean {
    return this.#bans.delete(key) || this.#ranges.delete(key);
  }

  /** Those in force. */
  list(): Ban[] {
    const now = this.#now();
    return this.all().filter(({ until }) => until > now);
  }

  /** All that concern a client, those that are over too. */
  why(client: string): Ban[] {
    const target = targetOf(client);
    const ranges = [...this.#ranges.values()].filter(({ addresses }) => addresses.has(client)).map(({ ban }) => ban);
    return [...this.all().filter((ban) => ban.target === target), ...ranges.filter((ban) => ban.target !== target)];
  }

  /** Also those that are over and still remembered; what is past that is forgotten now. */
  all(): Ban[] {
    const past = this.#now() - this.config.rememberMs;
    for (const [key, { until }] of this.#bans) if (until <= past) this.#bans.delete(key);
    for (const [key, { ban }] of this.#ranges) if (ban.until <= past) this.#ranges.delete(key);
    return [...this.#bans.values(), ...[...this.#ranges.values()].map(({ ban }) => ban)];
  }

  get size(): number {
    return this.#bans.size + this.#ranges.size;
  }

  #running(of: Pick<Ban, 'target' | 'site'>): Ban | undefined {
    const ban = this.#bans.get(keyOf(of));
    return ban !== undefined && ban.until > this.#now() ? ban : undefined;
  }

  #rangeOf(client: string, site: string | undefined): Ban | undefined {
    if (this.#ranges.size === 0) return undefined;
    const now = this.#now();
    for (const { ban, addresses } of this.#ranges.values()) {
      const isMeant = ban.until > now && (ban.site === undefined || ban.site === site);
      if (isMeant && addresses.has(client)) return ban;
    }
    return undefined;
  }

  #grown(forMs: number, times: number): number {
    const { growth, longestMs } = this.config;
    return Math.max(forMs, Math.min(longestMs, forMs * growth ** (times - 1)));
  }

  /** What is over goes first, then what ends first. */
  #makeRoom(table: Map<string, unknown>): void {
    const untilOf = (value: unknown): number => (value as Ban).until ?? (value as Range).ban.until;
    const byEnd = [...table].sort(([, a], [, b]) => untilOf(a) - untilOf(b));
    for (const [key] of byEnd.slice(0, Math.ceil(table.size * ROOM))) table.delete(key);
  }
}

// One limit at work: whether it is about a request, and whether it has room for one more of its key.

import { networkOf } from '../base/ip.ts';
import type { LimitConfig } from '../config/model/sites.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Count, Counter } from './counter.ts';
import type { Standing } from './fields.ts';
import { type KeyReader, keyReader } from './key.ts';
import type { Leave } from './places.ts';
import type { LimitState, Tally } from './state.ts';

/** Ends with its window, and a little later: a timer may ring early. */
const WINDOW_SLACK_MS = 2;

interface Window {
  readonly name: string;
  readonly points: number;
  readonly windowMs: number;
  readonly counter: Counter;
}

/** What a limit says to one request. `waitMs` 0: it may go on. */
export interface Verdict {
  readonly waitMs: number;
  /** Of each window. */
  readonly counts: readonly Count[];
  /** performance.now() up to which all its windows run: until then what was taken can be given back. */
  readonly until: number;
}

export class Limit {
  readonly config: LimitConfig;
  readonly tally: Tally;
  readonly #id: string;
  /** The id with its rates: with others, nothing is known to be used up. */
  readonly #rates: string;
  readonly #state: LimitState;
  readonly #windows: readonly Window[];
  readonly #keyOf: KeyReader;

  constructor(config: LimitConfig, site: string, state: LimitState) {
    this.config = config;
    this.#state = state;
    this.#id = `${site}/${config.name}`;
    this.#rates = [this.#id, ...config.windows.map(({ points, windowMs }) => `${points}/${windowMs}`)].join('/');
    this.#keyOf = keyReader(config.key);
    this.tally = state.tally(site, config.name);
    this.#windows = config.windows.map(({ points, windowMs }, index) => ({
      name: index === 0 ? config.name : `${config.name}-${index + 1}`,
      points,
      windowMs,
      counter: state.counters.counter({
        id: `${this.#id}/${points}/${windowMs}`,
        points,
        windowMs,
        isApproximate: config.approximate,
      }),
    }));
  }

  /** undefined: the limit has nothing to say; null: it refuses what it cannot tell apart. */
  key(x: Pick<Exchange, 'client' | 'request'>): string | undefined | null {
    const key = this.#keyOf(x);
    if (key !== undefined) return key;
    const { without } = this.config;
    return without === 'client' ? networkOf(x.client) : without === 'pass' ? undefined : null;
  }

  /** Milliseconds for which the key is known to have no room; 0: it must be counted. */
  spentMs(key: string): number {
    return this.#isFinal ? this.#state.spent.leftMs(this.#spentKey(key), performance.now()) : 0;
  }

  /** Whether the requests of a key that are under way have places, of which there are so many. */
  get hasPlaces(): boolean {
    return this.config.concurrent !== undefined;
  }

  /** undefined: all places are taken. */
  enter(key: string): Promise<Leave | undefined> | Leave | undefined {
    const { concurrent = Number.POSITIVE_INFINITY } = this.config;
    return this.#state.places.enter(this.#id, key, concurrent);
  }

  /** Counts one request, and waits for room as long as the limit lets it. */
  async take(x: Exchange, key: string): Promise<Verdict> {
    let patienceMs = this.config.delayMs;
    for (;;) {
      const verdict = await this.#count(key);
      const waitMs = verdict.waitMs + WINDOW_SLACK_MS;
      if (verdict.waitMs === 0) return verdict;
      if (waitMs > patienceMs || x.isGone || !(await this.#state.wait(waitMs, x))) {
        if (this.#isFinal) this.#state.spent.note(this.#spentKey(key), performance.now() + verdict.waitMs);
        return verdict;
      }
      this.tally.delayed++;
      patienceMs -= waitMs;
    }
  }

  /** Takes back what a request has cost that was refused elsewhere. */
  giveBack(key: string, { until, counts }: Verdict): void {
    if (performance.now() >= until) return;
    for (const [i, { counter }] of this.#windows.entries()) counter.giveBack(key, 1, counts[i] as Count);
  }

  /** Once the answer is known: from the 1 that was taken to what it costs. */
  settle(key: string, verdict: Verdict, status: number): void {
    const { costs } = this.config;
    if (costs === undefined) return;
    const cost = costs.find(({ from, to }) => status >= from && status <= to)?.cost ?? (status === LEFT ? 1 : 0);
    if (cost === 0) this.giveBack(key, verdict);
    else if (cost > 1) for (const { counter } of this.#windows) void counter.add(key, cost - 1);
  }

  /** How each window stands after a count. */
  standings({ counts }: Verdict): Standing[] {
    return this.#windows.map(({ name, points, windowMs }, i) => {
      const count = counts[i] ?? { points: 0, leftMs: 0 };
      return { name, points, windowMs, remaining: Math.max(0, points - count.points), leftMs: count.leftMs };
    });
  }

  /** What its requests have taken is looked at once more when they end. */
  get settlesLater(): boolean {
    return this.hasPlaces || this.config.costs !== undefined;
  }

  get countsRequests(): boolean {
    return this.#windows.length > 0;
  }

  /** A refusal that no answer under way can undo, and that nobody waits out. */
  get #isFinal(): boolean {
    return this.config.costs === undefined && this.config.delayMs === 0;
  }

  #spentKey(key: string): string {
    return `${this.#rates} ${key}`;
  }

  async #count(key: string): Promise<Verdict> {
    const [only] = this.#windows;
    const counts =
      this.#windows.length === 1 && only !== undefined
        ? [await only.counter.add(key, 1)]
        : await Promise.all(this.#windows.map(({ counter }) => counter.add(key, 1)));
    let waitMs = 0;
    let shortestMs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < counts.length; i++) {
      const { points, leftMs } = counts[i] as Count;
      if (points > (this.#windows[i] as Window).points) waitMs = Math.max(waitMs, leftMs, 1);
      shortestMs = Math.min(shortestMs, leftMs);
    }
    // One window refuses: the others have counted in vain.
    if (waitMs > 0 && counts.length > 1) this.#giveBackGranted(key, counts);
    return { waitMs, counts, until: performance.now() + shortestMs };
  }

  #giveBackGranted(key: string, counts: readonly Count[]): void {
    for (const [i, { counter, points }] of this.#windows.entries()) {
      const count = counts[i] as Count;
      if (count.points <= points) counter.giveBack(key, 1, count);
    }
  }
}

/** The client left before the answer: what it would have been is not known, so it counts as one. */
const LEFT = 499;

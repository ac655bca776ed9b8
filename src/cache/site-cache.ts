// The cache of one site: what is stored, what is being fetched, and how both are thrown away. It outlives configurations.
import { BoundedMap } from '../base/bounded-map.ts';
import { Flight } from './flight.ts';
import type { Judge } from './judge.ts';
import type { Maybe, MemoryStore } from './memory-store.ts';
import type { PurgeOrder } from './purge.ts';

/** How long nobody waits for the answer of a resource after one that could not be shared. */
const PASS_MS = 10_000;
const MAX_PASSES = 10_000;

/** Requests by how they were answered. */
export interface CacheCounts {
  hit: number;
  stale: number;
  revalidated: number;
  collapsed: number;
  miss: number;
  pass: number;
  stored: number;
  invalidated: number;
}

export class SiteCache {
  readonly name: string;
  readonly store: MemoryStore;
  readonly judge: Judge;
  readonly counts: CacheCounts = {
    hit: 0,
    stale: 0,
    revalidated: 0,
    collapsed: 0,
    miss: 0,
    pass: 0,
    stored: 0,
    invalidated: 0,
  };
  /** What is thrown away here is for other processes that serve the site too. */
  onPurge: (order: PurgeOrder) => void = () => {};
  /** Those that others may wait for, by resource and variant. */
  readonly #open = new Map<string, Flight>();
  readonly #flights = new Set<Flight>();
  /** Until when, by resource. */
  readonly #passes = new BoundedMap<number>(MAX_PASSES);

  constructor(name: string, store: MemoryStore, judge: Judge) {
    this.name = name;
    this.store = store;
    this.judge = judge;
  }

  /** One to wait for; undefined: there is none. What was changed since it began is no answer to who asks now. */
  flight(name: string): Flight | undefined {
    const flight = this.#open.get(name);
    return flight?.isVoid === true ? undefined : flight;
  }

  /** `name`: under which others find it; undefined: nobody waits for it. */
  begin(key: string, name: string | undefined): Flight {
    const flight = new Flight(key);
    this.#flights.add(flight);
    if (name !== undefined) this.#open.set(name, flight);
    return flight;
  }

  end(flight: Flight, name: string | undefined): void {
    this.#flights.delete(flight);
    if (name !== undefined && this.#open.get(name) === flight) this.#open.delete(name);
  }

  /** What the resource answers cannot be shared: for a while nobody waits for it in vain. */
  notePass(key: string, now: number): void {
    this.#passes.set(key, now + PASS_MS);
  }

  isPassed(key: string, now: number): boolean {
    const until = this.#passes.get(key);
    return until !== undefined && until > now;
  }

  /** By an unsafe request (RFC 9111, 4.4). */
  invalidate(key: string): void {
    void this.purge({ kind: 'key', site: this.name, key }).then((count) => {
      this.counts.invalidated += count;
    });
  }

  /** Here, and by the word of `onPurge` elsewhere. How many answers are gone here. */
  async purge(order: PurgeOrder): Promise<number> {
    const count = this.apply(order);
    this.onPurge(order);
    return count;
  }

  /** How many answers are gone; no request gets one from now on. What is on its way and might be meant is not stored. */
  apply(order: PurgeOrder): Maybe<number> {
    for (const flight of this.#flights) if (isMeant(flight, order)) flight.isVoid = true;
    switch (order.kind) {
      case 'key':
        return this.store.removeKey(order.key);
      case 'prefix':
        return this.store.removePrefix(order.prefix);
      case 'tag':
        return this.store.removeTag(order.tag);
      case 'all':
        return this.store.clear();
    }
  }
}

/** The tags of what is coming are not known yet. */
function isMeant({ key }: Flight, order: PurgeOrder): boolean {
  if (order.kind === 'key') return key === order.key;
  return order.kind !== 'prefix' || key.startsWith(order.prefix);
}

// Counters of all workers of a machine: the supervisor counts, and a worker asks it over the channel, all questions of one
// turn of the event loop at once. While there is no answer in time each counts for itself.
import { ApproximateCounter } from '../limits/approximate.ts';
import type { Allowance, Count, Counter, CounterStore } from '../limits/counter.ts';
import type { MemoryCounters } from '../limits/memory.ts';
import type { CountWish } from './words.ts';

type Ask = (wishes: readonly CountWish[]) => Promise<readonly Count[]>;

/** Questions in one message; the next ones go in another. */
const MAX_AT_ONCE = 1000;

interface Asked {
  readonly wish: CountWish;
  readonly settle: (count: Promise<Count>) => void;
}

/** The side of the worker. */
export class WorkerCounters implements CounterStore {
  readonly #ask: Ask;
  readonly #local: CounterStore;
  readonly #counters = new Map<string, Counter>();
  #asked: Asked[] = [];

  /** `local` counts while nobody answers. */
  constructor(ask: Ask, local: CounterStore) {
    this.#ask = ask;
    this.#local = local;
  }

  counter(allowance: Allowance): Counter {
    return this.#counters.getOrInsertComputed(allowance.id, () => {
      const exact = this.#exact(allowance);
      return allowance.isApproximate ? new ApproximateCounter(exact, allowance) : exact;
    });
  }

  #exact(allowance: Allowance): Counter {
    const { id, points, windowMs } = allowance;
    const count = (key: string, add: number): Promise<Count> => this.#queue({ id, points, windowMs, key, add });
    return {
      add: (key, added) => count(key, added).catch(() => this.#local.counter(allowance).add(key, added)),
      giveBack: (key, taken) => {
        count(key, -taken).catch(() => {});
      },
    };
  }

  #queue(wish: CountWish): Promise<Count> {
    const { promise, resolve } = Promise.withResolvers<Count>();
    this.#asked.push({ wish, settle: resolve });
    if (this.#asked.length === 1) setImmediate(() => this.#flush());
    else if (this.#asked.length >= MAX_AT_ONCE) this.#flush();
    return promise;
  }

  #flush(): void {
    const asked = this.#asked;
    if (asked.length === 0) return;
    this.#asked = [];
    const counts = this.#ask(asked.map(({ wish }) => wish));
    for (const [i, { settle }] of asked.entries()) settle(counts.then((all) => all[i] ?? Promise.reject(NO_COUNT)));
  }
}

const NO_COUNT = new Error('no count');

/** The side of the supervisor: in the order of the wishes. */
export function countAll(counters: MemoryCounters, wishes: readonly CountWish[]): Promise<Count[]> {
  const count = async ({ id, points, windowMs, key, add }: CountWish): Promise<Count> => {
    const counter = counters.counter({ id, points, windowMs, isApproximate: false });
    if (add >= 0) return counter.add(key, add);
    counter.giveBack(key, -add);
    return NOTHING;
  };
  return Promise.all(wishes.map(count));
}

const NOTHING: Count = { points: 0, leftMs: 0 };

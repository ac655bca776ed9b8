// Counters of all workers of a machine: the supervisor counts, and a worker asks it over the channel. While there is no answer
// in time each counts for itself. What was counted is given back to whoever has counted it.
import { ApproximateCounter } from '../limits/approximate.ts';
import type { Allowance, Count, Counter, CounterStore } from '../limits/counter.ts';
import type { MemoryCounters } from '../limits/memory.ts';
import { Batch } from './batch.ts';
import type { CountWish } from './words.ts';

/** The side of the worker. */
export class WorkerCounters implements CounterStore {
  readonly #batch: Batch<CountWish, Count>;
  readonly #local: CounterStore;
  readonly #counters = new Map<string, Counter>();
  readonly #countedHere = new WeakSet<Count>();

  /** `local` counts while nobody answers. */
  constructor(ask: (wishes: readonly CountWish[]) => Promise<readonly Count[]>, local: CounterStore) {
    this.#batch = new Batch(ask);
    this.#local = local;
    // What counts over there is loaded before there is anything to count.
    ask([]).catch(() => {});
  }

  counter(allowance: Allowance): Counter {
    return this.#counters.getOrInsertComputed(allowance.id, () => {
      const exact = this.#exact(allowance);
      return allowance.isApproximate ? new ApproximateCounter(exact, allowance) : exact;
    });
  }

  #exact(allowance: Allowance): Counter {
    const { id, points, windowMs } = allowance;
    const here = (): Counter => this.#local.counter(allowance);
    const wish = (key: string, add: number): CountWish => ({ id, points, windowMs, key, add });
    return {
      add: (key, added) =>
        this.#batch.ask(wish(key, added)).catch(async () => {
          const count = await here().add(key, added);
          this.#countedHere.add(count);
          return count;
        }),
      giveBack: (key, taken, count) => {
        if (this.#countedHere.has(count)) here().giveBack(key, taken, count);
        else this.#batch.tell(wish(key, -taken));
      },
    };
  }
}

/** The side of the supervisor. What counts is loaded when the first worker asks: most gateways have no limits. */
export class CommonCounters {
  readonly #maxKeys: number;
  #counters: Promise<MemoryCounters> | undefined;

  /** `maxKeys`: of all counters together. */
  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  /** In the order of the wishes. */
  async count(wishes: readonly CountWish[]): Promise<Count[]> {
    this.#counters ??= import('../limits/memory.ts').then(({ MemoryCounters }) => new MemoryCounters(this.#maxKeys));
    const counters = await this.#counters;
    return Promise.all(wishes.map((wish) => countOne(counters, wish)));
  }
}

async function countOne(counters: CounterStore, { id, points, windowMs, key, add }: CountWish): Promise<Count> {
  const counter = counters.counter({ id, points, windowMs, isApproximate: false });
  if (add >= 0) return counter.add(key, add);
  counter.giveBack(key, -add, NOTHING);
  return NOTHING;
}

const NOTHING: Count = { points: 0, leftMs: 0 };

// A shared counter without a round trip for keys far from their limit: they are counted here, and what was counted is
// told to the store a moment later. Near the limit each request asks. Nodes that have not heard of each other yet may
// together grant more than the allowance, by less than one moment's requests of a key.
import type { Allowance, Count, Counter } from './counter.ts';

/** Of the allowance; below this a key is far from it. */
const FAR = 0.5;
/** Between a count and its being told. */
const TELL_MS = 100;
/** The rest is asked about like anything exact. */
const MAX_KEYS = 50_000;

interface Known {
  /** As the store said last, and what has been told since. */
  points: number;
  /** Counted here and not yet told. */
  untold: number;
  /** performance.now() at the end of the window. */
  until: number;
}

export class ApproximateCounter implements Counter {
  readonly #exact: Counter;
  readonly #allowance: Allowance;
  readonly #known = new Map<string, Known>();
  readonly #untold = new Set<string>();
  #isTelling = false;

  constructor(exact: Counter, allowance: Allowance) {
    this.#exact = exact;
    this.#allowance = allowance;
  }

  async add(key: string, points: number): Promise<Count> {
    const now = performance.now();
    const known = this.#running(key, now);
    const sum = known.points + known.untold + points;
    if (sum <= this.#allowance.points * FAR && this.#known.size < MAX_KEYS) {
      known.untold += points;
      this.#known.set(key, known);
      this.#tellSoon(key);
      return { points: sum, leftMs: known.until - now };
    }
    const added = known.untold + points;
    known.untold = 0;
    this.#untold.delete(key);
    const count = await this.#exact.add(key, added);
    this.#learn(key, known, count);
    return count;
  }

  giveBack(key: string, points: number, count: Count): void {
    const known = this.#known.get(key);
    if (known !== undefined && known.untold >= points) known.untold -= points;
    else this.#exact.giveBack(key, points, count);
  }

  #running(key: string, now: number): Known {
    const known = this.#known.get(key);
    if (known !== undefined && known.until > now) return known;
    return { points: 0, untold: 0, until: now + this.#allowance.windowMs };
  }

  #tellSoon(key: string): void {
    this.#untold.add(key);
    if (this.#isTelling) return;
    this.#isTelling = true;
    setTimeout(() => void this.#tell(), TELL_MS).unref();
  }

  /** All at once: the store gets them in one go. */
  async #tell(): Promise<void> {
    this.#isTelling = false;
    const keys = [...this.#untold];
    this.#untold.clear();
    const now = performance.now();
    if (this.#known.size > MAX_KEYS / 2) {
      for (const [key, { until }] of this.#known) if (until <= now) this.#known.delete(key);
    }
    await Promise.all(
      keys.map(async (key) => {
        const known = this.#known.get(key);
        if (known === undefined || known.untold === 0 || known.until <= now) return;
        const { untold } = known;
        known.untold = 0;
        known.points += untold;
        this.#learn(key, known, await this.#exact.add(key, untold));
      }),
    );
  }

  #learn(key: string, known: Known, { points, leftMs }: Count): void {
    known.points = Math.min(points, this.#allowance.points);
    known.until = performance.now() + leftMs;
    if (this.#known.size < MAX_KEYS || this.#known.has(key)) this.#known.set(key, known);
  }
}

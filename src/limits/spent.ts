// Keys whose allowance is used up, until their window ends: whoever goes on asking is refused by one look into a map.

import { BoundedMap } from '../base/bounded-map.ts';

/** Forgetting one costs no more than counting it anew. */
const MAX_KEYS = 50_000;

export class Spent {
  readonly #until = new BoundedMap<number>(MAX_KEYS);

  note(key: string, untilMs: number): void {
    this.#until.set(key, untilMs);
  }

  /** Milliseconds to the end of the window; 0: it is not known to be used up. */
  leftMs(key: string, nowMs: number): number {
    if (this.#until.size === 0) return 0;
    const until = this.#until.get(key);
    if (until === undefined) return 0;
    if (until > nowMs) return until - nowMs;
    this.#until.delete(key);
    return 0;
  }
}

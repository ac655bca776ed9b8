// The same trouble is told once in a while, not each time that it is met.
import { BoundedMap } from './bounded-map.ts';

/** Of words at the same time; what is new then is told again too soon rather than kept for ever. */
const MAX_WORDS = 100;

export class Seldom {
  readonly #everyMs: number;
  readonly #saidAt = new BoundedMap<number>(MAX_WORDS);

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** Whether to say it now; then it has been said. */
  isTime(word: string): boolean {
    const at = performance.now();
    const saidAt = this.#saidAt.get(word);
    if (saidAt !== undefined && at < saidAt + this.#everyMs) return false;
    this.#saidAt.set(word, at);
    return true;
  }
}

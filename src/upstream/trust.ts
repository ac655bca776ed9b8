// Whether a server keeps its connections open behind an answer. Some close each one without saying so, and who sends a
// request at that moment loses it.
import type { Clock } from '../base/clock.ts';

/** A connection that its server has closed so soon behind an answer, unannounced, speaks against the server. */
export const SOON_MS = 1_000;
/** For how long that is remembered. */
const DOUBT_MS = 10_000;
/** After so many that were of use but once, none is kept for as long. */
const ENOUGH = 3;
/** For how long such a server is doubted, unless one is lost again: then one more has been tried. */
const LONG_DOUBT_MS = 60_000;

export class Trust {
  readonly #clock: Clock;
  #lostAt = Number.NEGATIVE_INFINITY;
  /** Lost so behind their first answer, in a row. One that had carried more may have gone down with its server. */
  #usedOnce = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A kept connection must not carry what cannot be sent twice. */
  get isDoubtful(): boolean {
    return this.#hasLostWithin(this.#usedOnce >= ENOUGH ? LONG_DOUBT_MS : DOUBT_MS);
  }

  /** There is no use in keeping any. After a while one more is tried. */
  get isLost(): boolean {
    return this.#usedOnce >= ENOUGH && this.#hasLostWithin(DOUBT_MS);
  }

  /** A connection was closed soon behind its answer, the last of so many. */
  lose(answered: number): void {
    this.#lostAt = this.#clock.now();
    if (answered === 1) this.#usedOnce++;
  }

  /** A connection was of use once more, or could have been. */
  regain(): void {
    this.#usedOnce = 0;
  }

  #hasLostWithin(ms: number): boolean {
    return this.#clock.now() - this.#lostAt < ms;
  }
}

// Where connections are whose call has just ended, until what came behind the answer has been read. The end of one that its
// server closes together with the answer lies in the socket by then, and is read in the next turn of the event loop.
import type { Http1Connection } from './http1/connection.ts';

export class Rest {
  /** Since this turn of the event loop. */
  #lately: Http1Connection[] = [];
  /** Since the turn before: the sockets are looked at once more, then they have rested. */
  #longer: Http1Connection[] = [];
  #isTurning = false;
  readonly #rested: (connections: readonly Http1Connection[]) => void;

  constructor(rested: (connections: readonly Http1Connection[]) => void) {
    this.#rested = rested;
  }

  get size(): number {
    return this.#lately.length + this.#longer.length;
  }

  *[Symbol.iterator](): Generator<Http1Connection> {
    yield* this.#lately;
    yield* this.#longer;
  }

  begin(connection: Http1Connection): void {
    this.#lately.push(connection);
    if (this.#isTurning) return;
    this.#isTurning = true;
    setImmediate(this.#turn);
  }

  /** It is over. */
  forget(connection: Http1Connection): void {
    for (const resting of [this.#lately, this.#longer]) {
      const at = resting.indexOf(connection);
      if (at !== -1) resting.splice(at, 1);
    }
  }

  readonly #turn = (): void => {
    const rested = this.#longer;
    this.#longer = this.#lately;
    this.#lately = [];
    this.#isTurning = this.#longer.length > 0;
    if (this.#isTurning) setImmediate(this.#turn);
    if (rested.length > 0) this.#rested(rested);
  };
}

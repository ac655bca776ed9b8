// Whether the shared store is of use right now. Some calls in a row that fail, and nobody asks any more; a probe goes on
// asking beside the traffic and finds out when it is well again.

/** up: it answers in time. slow: it answers too late, if at all. down: there is no connection, or it refuses to count. */
export type SharedState = 'up' | 'slow' | 'down';

/** late: no answer in time. refused: an answer that is none. gone: no connection. */
export type Fault = 'late' | 'refused' | 'gone';

/** Of calls in a row; one alone may be a hiccup. */
const FAILURES = 3;
/** Of probes in a row; a store on the brink must not come and go with each of them. */
const RECOVERIES = 3;

export class Health {
  state: SharedState = 'down';
  since: Date = new Date();
  reason: string | undefined = 'not connected yet';
  readonly #onChange: () => void;
  #failures = 0;
  #recoveries = 0;
  /** What a new connection alone mends. */
  #isGone = true;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  answered(): void {
    this.#failures = 0;
  }

  failed(reason: string, fault: Fault): void {
    this.#failures++;
    this.#recoveries = 0;
    if (fault === 'gone') this.closed(reason);
    else if (this.state === 'up' && this.#failures >= FAILURES) {
      this.#become(fault === 'late' ? 'slow' : 'down', reason);
    }
    // The latest word on what keeps it from coming up.
    if (this.state !== 'up') this.reason = reason;
  }

  closed(reason = 'the connection is closed'): void {
    this.#isGone = true;
    this.#become('down', reason);
  }

  /** A probe was answered in time. */
  probed(): void {
    this.#failures = 0;
    this.#recoveries++;
    if (this.state === 'up' || (!this.#isGone && this.#recoveries < RECOVERIES)) return;
    this.#isGone = false;
    this.#become('up', undefined);
  }

  #become(state: SharedState, reason: string | undefined): void {
    if (state === this.state) return;
    this.state = state;
    this.since = new Date();
    this.reason = reason;
    this.#onChange();
  }
}

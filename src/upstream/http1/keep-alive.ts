// How long a connection may be kept for another call: by what its server has said, and by when it was used last.

/** It is given up this long before the server says it will close it. */
const MARGIN_MS = 1000;

export class KeepAlive {
  /** When the last call ended or, before the first, when the connection was made. */
  lastUsedAt: number;
  /** Calls answered so far; with more than none this is a kept connection. */
  answered = 0;
  /** Set when the server has closed it between two answers: how long after its last use. */
  lostAfterMs: number | undefined;
  readonly #now: () => number;
  #expiresAt = Number.POSITIVE_INFINITY;

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.lastUsedAt = now();
  }

  /** The server is about to close it. */
  get isOver(): boolean {
    return this.#now() >= this.#expiresAt;
  }

  /** A call has its whole answer; for so many seconds the server waits for another. False: for none. */
  renew(seconds: number = Number.POSITIVE_INFINITY): boolean {
    this.answered += 1;
    this.lastUsedAt = this.#now();
    this.#expiresAt = this.lastUsedAt + seconds * 1000 - MARGIN_MS;
    return seconds > 1;
  }

  /** The server has closed it, and no byte of a next answer has come. */
  lose(): void {
    if (this.answered > 0) this.lostAfterMs = this.#now() - this.lastUsedAt;
  }
}

// The longest time, of this thread's CPU, that others waited for their turn of the event loop.

export class TurnWatch {
  #since = threadMicros();
  #longest = 0;
  #next = setImmediate(() => this.#look());

  /** In milliseconds. */
  end(): number {
    this.#look();
    clearImmediate(this.#next);
    return this.#longest / 1000;
  }

  #look(): void {
    const now = threadMicros();
    this.#longest = Math.max(this.#longest, now - this.#since);
    this.#since = now;
    this.#next = setImmediate(() => this.#look());
  }
}

function threadMicros(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

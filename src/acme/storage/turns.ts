// Callers of one process that want the same name go one after the other, in order, and without a word to the storage.

/** One for each storage of a process. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /**
   * Runs `take` when all have passed that came before for this name; resolves to what it has taken and to `pass`, which
   * lets the next one have its turn. Fails with the signal's reason, or as `take` does: then the turn has passed already.
   */
  async take<T>(name: string, signal: AbortSignal, take: () => Promise<T>): Promise<{ taken: T; pass: () => void }> {
    const previous = this.#last.get(name);
    const { promise: mine, resolve: pass } = Promise.withResolvers<void>();
    const chain = Promise.all([previous, mine]).then(() => {
      if (this.#last.get(name) === chain) this.#last.delete(name);
    });
    this.#last.set(name, chain);
    try {
      if (previous !== undefined) await abortable(previous, signal);
      signal.throwIfAborted();
      return { taken: await take(), pass };
    } catch (error) {
      pass();
      signal.throwIfAborted();
      throw error;
    }
  }
}

function abortable(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}

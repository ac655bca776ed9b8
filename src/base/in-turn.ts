// Tasks that must not overlap: each begins when the one before has ended, however it ended.

export class InTurn {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => {});
    return result;
  }

  /** A task that goes on after it has resolved: its turn ends when it calls `end`, or when it fails. */
  hold<T>(task: (end: () => void) => Promise<T>): Promise<T> {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const result = this.#last.then(() => task(end));
    this.#last = result.then(
      () => ended,
      () => {},
    );
    return result;
  }
}

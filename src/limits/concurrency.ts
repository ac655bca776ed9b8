// How many requests of each key are under way, in this process. As many keys as requests, so it needs no bound of its own.

export class Concurrency {
  readonly #active = new Map<string, number>();

  /** False: there are as many already. After true, `leave` must be called once. */
  enter(key: string, most: number): boolean {
    const active = this.#active.get(key) ?? 0;
    if (active >= most) return false;
    this.#active.set(key, active + 1);
    return true;
  }

  leave(key: string): void {
    const left = (this.#active.get(key) ?? 1) - 1;
    if (left === 0) this.#active.delete(key);
    else this.#active.set(key, left);
  }
}

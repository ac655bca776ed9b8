// A map with a bound: the key that was not set for longest gives way.

export class BoundedMap<V> {
  readonly #max: number;
  readonly #entries = new Map<string, V>();
  /**
   * Stands before the oldest entry and moves on with each that gives way. Looking for it from the start each time would
   * walk over the holes that all the others have left.
   */
  #oldest: MapIterator<[string, V]>;

  constructor(max: number) {
    this.#max = max;
    this.#oldest = this.#entries.entries();
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  /** The key is now the newest. Returns what had to give way. */
  set(key: string, value: V): [string, V] | undefined {
    const isNew = !this.#entries.delete(key);
    const evicted = isNew && this.#entries.size >= this.#max ? this.#evict() : undefined;
    this.#entries.set(key, value);
    return evicted;
  }

  delete(key: string): boolean {
    return this.#entries.delete(key);
  }

  /** From the oldest to the newest. */
  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.#entries.entries();
  }

  #evict(): [string, V] | undefined {
    let next = this.#oldest.next();
    if (next.done) {
      this.#oldest = this.#entries.entries();
      next = this.#oldest.next();
    }
    if (next.done) return undefined;
    this.#entries.delete(next.value[0]);
    return next.value;
  }
}

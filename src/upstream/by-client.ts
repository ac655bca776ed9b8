// What clients hold or wait for, each client's in order of arrival, and who has most of it: where there is no room left,
// whoever has most makes room for whoever has less. Each step takes the same time, however many there are.

export class ByClient<T> {
  /** Whose turn is next stands first. No list is empty. */
  readonly #items = new Map<string, T[]>();
  /** At place n the clients that have n; the last is not empty, but for the first. */
  readonly #ranks: Set<string>[] = [new Set()];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(client: string, item: T): void {
    const items = this.#items.getOrInsertComputed(client, () => []);
    items.push(item);
    this.#count(client, items, 1);
  }

  *[Symbol.iterator](): Generator<readonly [client: string, item: T]> {
    for (const [client, items] of this.#items) for (const item of items) yield [client, item];
  }

  /** Harmless when it is not there any more. */
  remove(client: string, item: T): void {
    const items = this.#items.get(client);
    const at = items?.indexOf(item) ?? -1;
    if (items === undefined || at === -1) return;
    items.splice(at, 1);
    this.#count(client, items, -1);
  }

  /** What `takeNext` would take out. */
  get next(): T | undefined {
    const [items] = this.#items.values();
    return items?.[0];
  }

  /** Takes out what the client whose turn it is has had longest; then it is the next one's turn. */
  takeNext(): T | undefined {
    const [next] = this.#items;
    if (next === undefined) return undefined;
    const [client, items] = next;
    const item = items.shift();
    this.#items.delete(client);
    if (items.length > 0) this.#items.set(client, items);
    this.#count(client, items, -1);
    return item;
  }

  /** Whether somebody would still have as many as this client, were one of his to become this client's. */
  yieldsTo(client: string): boolean {
    return this.#ranks.length - 1 > (this.#items.get(client)?.length ?? 0) + 1;
  }

  /** Takes out the newest of a client that has most, where `yieldsTo` says so. */
  takeFor(client: string): T | undefined {
    return this.yieldsTo(client) ? this.takeMost() : undefined;
  }

  /** Takes out the newest of a client that has most. */
  takeMost(): T | undefined {
    if (this.#size === 0) return undefined;
    const [most] = this.#ranks.at(-1) as Set<string>;
    const items = this.#items.get(most as string) as T[];
    const item = items.pop();
    this.#count(most as string, items, -1);
    return item;
  }

  #count(client: string, { length }: readonly T[], change: 1 | -1): void {
    const ranks = this.#ranks;
    this.#size += change;
    ranks[length - change]?.delete(client);
    if (length > 0) {
      ranks[length] ??= new Set();
      ranks[length].add(client);
    } else {
      this.#items.delete(client);
    }
    while (ranks.length > 1 && ranks.at(-1)?.size === 0) ranks.pop();
  }
}

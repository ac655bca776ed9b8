// How many requests of each key are under way, whoever knows it: this process, or all workers of a machine.

/** Gives a place back; to be called once. */
export type Leave = () => void;

export interface Places {
  /** A place under the limit of that id, of which each key has so many; undefined: they are taken. */
  enter(id: string, key: string, most: number): Promise<Leave | undefined> | Leave | undefined;
}

/** Those of this process. As many keys as requests, so it needs no bound of its own. */
export class LocalPlaces implements Places {
  readonly #taken = new Map<string, number>();

  enter(id: string, key: string, most: number): Leave | undefined {
    const whole = `${id} ${key}`;
    const taken = this.#taken.get(whole) ?? 0;
    if (taken >= most) return undefined;
    this.#taken.set(whole, taken + 1);
    return () => {
      const left = (this.#taken.get(whole) ?? 1) - 1;
      if (left === 0) this.#taken.delete(whole);
      else this.#taken.set(whole, left);
    };
  }
}

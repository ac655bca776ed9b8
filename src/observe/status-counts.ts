// How many answers there were of each class of status. On the way of every request, so it is one addition and no more.

export class StatusCounts {
  readonly #byClass = new Float64Array(6);

  note(status: number): void {
    const digit = Math.trunc(status / 100);
    const index = digit > 0 && digit < 6 ? digit : 0;
    this.#byClass[index] = (this.#byClass[index] as number) + 1;
  }

  /** `2xx` and its like, with the count; a `none` only when there were such. */
  entries(): [string, number][] {
    const [none = 0, ...classes] = this.#byClass;
    const known = classes.map((count, index): [string, number] => [`${index + 1}xx`, count]);
    return none === 0 ? known : [...known, ['none', none]];
  }
}

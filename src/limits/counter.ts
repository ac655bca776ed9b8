// What limits count with, whatever keeps the counts: this process, all workers of a machine, or many machines. A store is
// this much and no more, so that another one fits.

/** At most `points` in each window. */
export interface Allowance {
  /** Tells it apart from all others; counters of one id are one. */
  readonly id: string;
  readonly points: number;
  readonly windowMs: number;
  /** Counts may reach the others a moment late. */
  readonly isApproximate: boolean;
}

export interface Count {
  /** With what was just added. Above the allowance: it was not granted. */
  readonly points: number;
  /** To the end of the window. */
  readonly leftMs: number;
}

export interface Counter {
  /** Adds to a key. What goes over the allowance fills it up to the brim, so that a refusal costs nothing more. */
  add(key: string, points: number): Promise<Count>;
  /** Takes back what an `add` in the window that still runs has added, and answered with `count`. Never fails: at worst it stays. */
  giveBack(key: string, points: number, count: Count): void;
}

export interface CounterStore {
  /** The same counter for the same id, however often it is asked for. */
  counter(allowance: Allowance): Counter;
}

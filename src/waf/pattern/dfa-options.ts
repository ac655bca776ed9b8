// What a lazily built automaton may take.

export interface LazyDfaOptions {
  /**
   * Patterns that match nearly everything at its first byte. States remember which of them were matched and stop
   * looking for them; for all others that would cost more states than it saves. At most MAX_EAGER.
   */
  readonly eager: readonly number[];
  /** Most states kept. When they are reached all are dropped, if that is not too soon after the last time. */
  readonly maxStates: number;
  /** Step the NFA when no new state is allowed, instead of giving up. */
  readonly mayStep: boolean;
  /** Shortest time between two such drops. */
  readonly resetIntervalMs: number;
  /** The clock, in milliseconds. */
  readonly now: () => number;
}

/** New states that are still allowed; shared by automata that serve the same request. */
export interface Allowance {
  states: number;
}

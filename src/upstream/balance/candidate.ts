// What a balancer knows of a server, and what every balancer does.

export interface Candidate {
  /** The URL: what the server is known by, here and in every other gateway before it. */
  readonly id: string;
  readonly weight: number;
  /** Calls under way and calls that wait. */
  readonly load: number;
  /** It takes no more calls, not even to wait. */
  readonly isFull: boolean;
  /** How much of its weight counts: 1, or less while it comes back slowly. */
  readonly share: number;
}

export interface Balancer<C extends Candidate> {
  /** The servers to choose among from now on, at least one; those that stay keep their turn. */
  use(candidates: readonly C[]): void;
  /**
   * The server for a call. `key` is the hash of what the call goes by, where that matters; `tried` have failed the call
   * already. Undefined when the way of choosing has found none: there may be one all the same.
   */
  pick(key: number, tried: readonly C[]): C | undefined;
}

/** Its weight, as much of it as counts now. */
export function weightNow({ weight, share }: Candidate): number {
  return weight * share;
}

export function canTake<C extends Candidate>(candidate: C, tried: readonly C[]): boolean {
  return !candidate.isFull && (tried.length === 0 || !tried.includes(candidate));
}

/** The calls of a server for its weight, were it to take one more. */
export function burden(candidate: Candidate): number {
  return (candidate.load + 1) / weightNow(candidate);
}

/** Whoever can take the call at all, the least burdened first. */
export function anyOf<C extends Candidate>(candidates: readonly C[], tried: readonly C[]): C | undefined {
  // Equals by chance.
  const start = Math.floor(Math.random() * candidates.length);
  let best: C | undefined;
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[(start + i) % candidates.length] as C;
    if (!canTake(candidate, tried)) continue;
    if (best === undefined || burden(candidate) < burden(best)) best = candidate;
  }
  return best;
}

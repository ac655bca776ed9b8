// What a balancer knows of a server, and what every balancer does.

export interface Candidate {
  /** The URL: what the server is known by, here and in every other gateway before it. */
  readonly id: string;
  readonly weight: number;
  /** Calls under way and calls that wait. */
  readonly load: number;
  /** It takes no more calls, not even to wait. */
  readonly isFull: boolean;
  /** 1, or less while it comes back slowly. */
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

/** `draw` from 0 to 1 decides whether a server that comes back slowly takes this call. */
export function takes<C extends Candidate>(candidate: C, tried: readonly C[], draw: number): boolean {
  return (
    !candidate.isFull &&
    (tried.length === 0 || !tried.includes(candidate)) &&
    (candidate.share === 1 || candidate.share > draw)
  );
}

/** The calls of a server for its weight, were it to take one more. */
export function burden(candidate: Candidate): number {
  return (candidate.load + 1) / candidate.weight;
}

/** Whoever can take the call at all, the least burdened first, also one that comes back slowly. */
export function anyOf<C extends Candidate>(candidates: readonly C[], tried: readonly C[]): C | undefined {
  // Equals by chance: where all come back slowly every call ends here.
  const start = Math.floor(Math.random() * candidates.length);
  let best: C | undefined;
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[(start + i) % candidates.length] as C;
    if (candidate.isFull || tried.includes(candidate)) continue;
    if (best === undefined || burden(candidate) < burden(best)) best = candidate;
  }
  return best;
}

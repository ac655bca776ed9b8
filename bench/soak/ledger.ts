// What became of each request, by kind. A failure needs a reason that was written down before anybody looked for one: whose
// connection was with a worker that was just killed, who was on the way to a server that just went away. All else is unexplained.

/** What a client knows of a request that failed. */
export interface Failure {
  readonly kind: string;
  readonly why: string;
  /** On `performance.now()`. */
  readonly beganMs: number;
  /** Local port of the client's connection; undefined: there was none yet. */
  readonly port: number | undefined;
}

/** Says why it had to fail; undefined: it should not have. */
export type Explain = (failure: Failure) => string | undefined;

export interface KindFigures {
  readonly done: number;
  readonly explained: ReadonlyMap<string, number>;
  readonly unexplained: ReadonlyMap<string, number>;
}

interface Counts {
  done: number;
  readonly explained: Map<string, number>;
  readonly unexplained: Map<string, number>;
}

export class Ledger {
  readonly #explain: Explain;
  readonly #onUnexplained: (failure: Failure) => void;
  readonly #kinds = new Map<string, Counts>();

  constructor(explain: Explain, onUnexplained: (failure: Failure) => void) {
    this.#explain = explain;
    this.#onUnexplained = onUnexplained;
  }

  done(kind: string): void {
    this.#of(kind).done++;
  }

  failed(failure: Failure): void {
    const { explained, unexplained } = this.#of(failure.kind);
    const reason = this.#explain(failure);
    if (reason === undefined) {
      add(unexplained, failure.why);
      this.#onUnexplained(failure);
    } else add(explained, reason);
  }

  get kinds(): ReadonlyMap<string, KindFigures> {
    return this.#kinds;
  }

  get unexplained(): number {
    const counts = this.#kinds.values().flatMap(({ unexplained }) => unexplained.values());
    return counts.reduce((sum, count) => sum + count, 0);
  }

  #of(kind: string): Counts {
    return this.#kinds.getOrInsertComputed(kind, () => ({ done: 0, explained: new Map(), unexplained: new Map() }));
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

// Words that an attack or a dead server would repeat for each request: the first are said at once, and what is like them
// once a second, with their number.

const ROUND_MS = 1000;
/** Kinds of words within one second; beyond it one more is said each time. */
const MAX_KINDS = 256;

type Facts = Readonly<Record<string, unknown>>;
type Say = (msg: string, facts: Facts) => void;

interface Latest {
  count: number;
  msg: string;
  facts: Facts;
}

export class Often {
  readonly #say: Say;
  readonly #latest = new Map<string, Latest>();

  constructor(say: Say) {
    this.#say = say;
  }

  /** `kind`: what counts as the same. Of several the last is shown, with `times` it came. */
  tell(kind: string, msg: string, facts: Facts): void {
    const latest = this.#latest.get(kind);
    if (latest === undefined) {
      this.#say(msg, facts);
      if (this.#latest.size < MAX_KINDS) this.#begin(kind);
      return;
    }
    latest.count++;
    latest.msg = msg;
    latest.facts = facts;
  }

  #begin(kind: string): void {
    const latest: Latest = { count: 0, msg: '', facts: {} };
    this.#latest.set(kind, latest);
    setTimeout(() => {
      this.#latest.delete(kind);
      const { count, msg, facts } = latest;
      if (count === 0) return;
      this.#say(msg, { ...facts, times: count });
      this.#begin(kind);
    }, ROUND_MS).unref();
  }
}

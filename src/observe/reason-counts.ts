// How often requests and connections were turned away, by reason. A reason is a word of ours or an error code of Node's
// parser, never a client's text; what would go beyond the bound all the same counts as `other`.

const MAX_REASONS = 128;

export class ReasonCounts {
  readonly #counts = new Map<string, number>();

  note(reason: string): void {
    const known = this.#counts.get(reason);
    const name = known === undefined && this.#counts.size >= MAX_REASONS ? 'other' : reason;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  entries(): Iterable<readonly [string, number]> {
    return this.#counts;
  }
}

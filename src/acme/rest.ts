// An authority that is down fails for every name. When it has failed for several, the others leave it alone for a while,
// so that a thousand names do not ask it a thousand times. One name's own trouble never makes others wait.

const MANY_NAMES = 3;
const FIRST_MS = 1000;
const LONGEST_MS = 60_000;

export class Rest {
  /** By performance.now(), which no clock that is set can move. */
  #untilAt = 0;
  #waves = 0;
  readonly #names = new Set<string>();

  /** How long nobody should ask; 0: now is fine. */
  leftMs(at: number = performance.now()): number {
    return Math.max(0, this.#untilAt - at);
  }

  /** The authority could not be reached for this name. Failures that were under way together count once. */
  failed(name: string, at: number = performance.now()): void {
    this.#names.add(name);
    if (this.#names.size < MANY_NAMES || at < this.#untilAt) return;
    this.#untilAt = at + Math.min(FIRST_MS * 2 ** Math.min(this.#waves++, 20), LONGEST_MS);
  }

  /** The authority has answered. */
  answered(): void {
    this.#names.clear();
    this.#waves = 0;
    this.#untilAt = 0;
  }
}

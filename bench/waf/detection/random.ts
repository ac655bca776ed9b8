// Numbers that look random and are the same in every run: a case is known by the seed it was made from.

export class Random {
  #state: number;

  constructor(seed: string) {
    let state = 2166136261;
    for (const byte of Buffer.from(seed)) state = Math.imul(state ^ byte, 16777619);
    this.#state = state >>> 0;
  }

  /** A whole number below the bound (mulberry32). */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let value = this.#state;
    value = Math.imul(value ^ (value >>> 15), value | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return Math.floor((((value ^ (value >>> 14)) >>> 0) / 4294967296) * bound);
  }

  of<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to choose from');
    return item;
  }

  /** One of the keys, each as often as its weight says. */
  weighted<T extends string>(weights: Readonly<Partial<Record<T, number>>>): T {
    const entries = Object.entries(weights) as [T, number][];
    let left = this.below(entries.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    throw new Error('weights without a sum');
  }

  chance(share: number): boolean {
    return this.below(1000) < share * 1000;
  }

  hex(length: number): string {
    return Array.from({ length }, () => this.below(16).toString(16)).join('');
  }

  /** Letters and digits, as identifiers and tokens have them. */
  token(length: number): string {
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
    return Array.from({ length }, () => digits[this.below(digits.length)]).join('');
  }

  shuffled<T>(items: readonly T[]): T[] {
    return items
      .map((item) => [this.below(1 << 30), item] as const)
      .sort(([a], [b]) => a - b)
      .map(([, item]) => item);
  }
}

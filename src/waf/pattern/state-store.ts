// The states of one lazily built automaton: for each the set of NFA states it stands for and its context. A hash of
// the set that needs no order finds a known state without sorting.
import { grown } from './follow.ts';
import type { Stepper } from './stepper.ts';

export class StateStore {
  /** States kept, numbered from 0. */
  count = 0;
  /** The sets one after the other: that of state `i` lies from `starts[i]` to `starts[i + 1] - 1`. */
  sets: Int32Array = new Int32Array(256);
  readonly starts: Int32Array;
  readonly contexts: Uint8Array;
  private readonly hashes: Int32Array;
  /** Number of a state + 1; 0 where empty. */
  private readonly buckets: Int32Array;

  /** One more than `maxStates` fit: the first state is there always. */
  constructor(maxStates: number) {
    this.starts = new Int32Array(maxStates + 2);
    this.contexts = new Uint8Array(maxStates + 1);
    this.hashes = new Int32Array(maxStates + 1);
    this.buckets = new Int32Array(2 ** Math.ceil(Math.log2(maxStates * 2 + 2)));
  }

  get bytes(): number {
    return this.sets.byteLength + this.starts.byteLength + this.contexts.byteLength + this.hashes.byteLength * 3;
  }

  clear(): void {
    this.count = 0;
    this.buckets.fill(0);
  }

  /** The state whose set is the stepper's result; -1 if there is none. */
  find(stepper: Stepper, context: number): number {
    const { buckets, starts } = this;
    const mask = buckets.length - 1;
    for (let slot = (stepper.hash + context) & mask; buckets[slot] !== 0; slot = (slot + 1) & mask) {
      const index = buckets[slot]! - 1;
      if (this.hashes[index] !== stepper.hash || this.contexts[index] !== context) continue;
      const start = starts[index]!;
      if (starts[index + 1]! - start === stepper.count && stepper.isResult(this.sets, start)) return index;
    }
    return -1;
  }

  /** Adds a state and returns its number. */
  insert(set: Int32Array, size: number, hash: number, context: number): number {
    const index = this.count++;
    const start = index === 0 ? 0 : this.starts[index]!;
    while (start + size > this.sets.length) this.sets = grown(this.sets);
    for (let i = 0; i < size; i++) this.sets[start + i] = set[i]!;
    this.starts[index + 1] = start + size;
    this.contexts[index] = context;
    this.hashes[index] = hash;
    const mask = this.buckets.length - 1;
    let slot = (hash + context) & mask;
    while (this.buckets[slot] !== 0) slot = (slot + 1) & mask;
    this.buckets[slot] = index + 1;
    return index;
  }
}

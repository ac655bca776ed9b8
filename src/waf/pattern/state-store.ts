// The states of one lazily built automaton: for each the set of NFA states it stands for and its context. A hash of
// the set that needs no order finds a known state without sorting.
import { grown } from './follow.ts';
import type { Stepper } from './stepper.ts';

/** Room at the beginning, a power of two. */
const FIRST_STATES = 16;

export class StateStore {
  /** States kept, numbered from 0. */
  count = 0;
  /** The sets one after the other: that of state `i` lies from `starts[i]` to `starts[i + 1] - 1`. */
  sets: Int32Array = new Int32Array(FIRST_STATES);
  starts: Int32Array = new Int32Array(FIRST_STATES);
  contexts: Uint8Array = new Uint8Array(FIRST_STATES);
  private hashes: Int32Array = new Int32Array(FIRST_STATES);
  /** Number of a state + 1; 0 where empty. At least twice as many as states. */
  private buckets: Int32Array = new Int32Array(FIRST_STATES * 2);

  get bytes(): number {
    return this.sets.byteLength + this.starts.byteLength * 4 + this.contexts.byteLength;
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
    if (this.count + 2 > this.starts.length) this.grow();
    const index = this.count++;
    const start = index === 0 ? 0 : this.starts[index]!;
    while (start + size > this.sets.length) this.sets = grown(this.sets);
    for (let i = 0; i < size; i++) this.sets[start + i] = set[i]!;
    this.starts[index + 1] = start + size;
    this.contexts[index] = context;
    this.hashes[index] = hash;
    this.enter(index);
    return index;
  }

  private enter(index: number): void {
    const mask = this.buckets.length - 1;
    let slot = (this.hashes[index]! + this.contexts[index]!) & mask;
    while (this.buckets[slot] !== 0) slot = (slot + 1) & mask;
    this.buckets[slot] = index + 1;
  }

  private grow(): void {
    this.starts = grown(this.starts);
    this.hashes = grown(this.hashes);
    const contexts = new Uint8Array(this.starts.length);
    contexts.set(this.contexts);
    this.contexts = contexts;
    this.buckets = new Int32Array(this.starts.length * 2);
    for (let index = 0; index < this.count; index++) this.enter(index);
  }
}

// The groups that the backtracker has set on the way it is trying, and how to take that back.
import { IGNORE_CASE, MAX_GROUP } from './nfa.ts';
import { SLOTS } from './slot-rows.ts';

/** First slot of the places where open groups begin: a group has its text only when it closes. */
const BEGINNINGS = SLOTS;

export class CaptureLog {
  private readonly slots = new Int32Array(SLOTS + MAX_GROUP + 1);
  /** Slots that were set, each followed by its value before. */
  private readonly changes: number[] = [];

  /** What `restore` takes to come back to this point. */
  get length(): number {
    return this.changes.length;
  }

  clear(): void {
    this.slots.fill(-1);
    this.changes.length = 0;
  }

  /** Begins a group (even slot) or ends it; read backwards, a group is met at its end first. */
  save(slot: number, at: number): void {
    const group = slot >> 1;
    if ((slot & 1) === 0) {
      this.set(BEGINNINGS + group, at);
      return;
    }
    const beginning = this.slots[BEGINNINGS + group]!;
    this.set(group * 2, Math.min(beginning, at));
    this.set(group * 2 + 1, Math.max(beginning, at));
  }

  restore(length: number): void {
    const { changes, slots } = this;
    while (changes.length > length) {
      const before = changes.pop()!;
      slots[changes.pop()!] = before;
    }
  }

  /** Bytes in the group that a REFERENCE's `arg` names; -1 if it took no part. */
  lengthOf(reference: number): number {
    const slot = (reference & (IGNORE_CASE - 1)) * 2;
    return this.slots[slot]! < 0 ? -1 : this.slots[slot + 1]! - this.slots[slot]!;
  }

  /** Whether the group's text stands at `at` again. */
  isRepeated(reference: number, value: string, at: number): boolean {
    const start = this.slots[(reference & (IGNORE_CASE - 1)) * 2]!;
    const length = this.lengthOf(reference);
    if (at + length > value.length) return false;
    const ignoreCase = (reference & IGNORE_CASE) !== 0;
    for (let i = 0; i < length; i++) {
      const a = value.charCodeAt(start + i);
      const b = value.charCodeAt(at + i);
      if (a !== b && !(ignoreCase && lower(a) === lower(b))) return false;
    }
    return true;
  }

  /** Start and end of groups 0 to 9 for a match from `start` to `end`. */
  offsets(start: number, end: number): Int32Array {
    const offsets = this.slots.slice(0, SLOTS);
    offsets[0] = start;
    offsets[1] = end;
    return offsets;
  }

  private set(slot: number, at: number): void {
    this.changes.push(slot, this.slots[slot]!);
    this.slots[slot] = at;
  }
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
}

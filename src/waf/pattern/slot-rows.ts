// Where the groups of each way through a pattern begin and end so far: a row of slots for each way.
import { MAX_GROUP } from './nfa.ts';

/** Offsets in a result: start and end of groups 0 to 9. */
export const SLOTS: number = (MAX_GROUP + 1) * 2;

/** In place of a way's number: it begins here. */
export const NEW = -1;

export class SlotRows {
  private readonly width: number;
  private rows: Int32Array = new Int32Array(SLOTS);
  private spare: Int32Array = new Int32Array(SLOTS);

  /** `width`: slots that the pattern sets. */
  constructor(width: number) {
    this.width = width;
  }

  /** One way, with no slot set. */
  begin(): void {
    this.rows.fill(-1, 0, this.width);
  }

  /** Each of the `count` new ways takes the row it comes from, with the slots of its mask set to a place. */
  apply(sources: Int32Array, saves: Int32Array, count: number, at: number): void {
    const { rows, spare, width } = this;
    const needed = count * width;
    const next = spare.length < needed ? new Int32Array(needed * 2) : spare;
    for (let i = 0; i < count; i++) {
      const to = i * width;
      const from = sources[i]! * width;
      for (let slot = 0; slot < width; slot++) next[to + slot] = from < 0 ? -1 : rows[from + slot]!;
      if (saves[i] !== 0) setSlots(next, to, saves[i]!, at);
    }
    this.rows = next;
    this.spare = rows;
  }

  copy(way: number, into: Int32Array): void {
    const { rows, width } = this;
    const from = way * width;
    for (let slot = 0; slot < width; slot++) into[slot] = way === NEW ? -1 : rows[from + slot]!;
  }
}

/** Sets the slots of a mask, in the row that begins at `from`. */
export function setSlots(slots: Int32Array, from: number, mask: number, at: number): void {
  for (let rest = mask; rest !== 0; rest &= rest - 1) slots[from + 31 - Math.clz32(rest & -rest)] = at;
}

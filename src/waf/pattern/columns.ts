// The columns of an automaton that reads for a few patterns of many: bytes that only the others tell apart share one.
// Its rows are then a fraction as long, and so is the memory that a hostile value makes it walk through.
import { KINDS } from './context.ts';
import type { Stepper } from './stepper.ts';

export interface Columns {
  readonly count: number;
  /** By byte. */
  readonly ofByte: Uint8Array;
  /** By column of the alphabet that all patterns share. */
  readonly ofShared: Uint8Array;
  /** For each column one of those of the shared alphabet that it stands for. */
  readonly shared: Uint8Array;
}

/** What `patterns` of the stepper tell apart. */
export function columnsOf(stepper: Stepper, patterns: Int32Array): Columns {
  const { columns, columnOf, kindOf, members } = stepper.follow.alphabet;
  const kinds = kindsToldApart(stepper.assertionsOf(patterns));
  let ofShared = numbered(Uint8Array.from(kindOf, (kind) => kinds[kind]!));
  for (const set of stepper.setsOf(patterns)) {
    // Each column falls into those that the set has and those that it does not have.
    ofShared = numbered(Uint16Array.from(ofShared, (own, column) => own * 2 + members[set * columns + column]!));
  }
  const shared: number[] = [];
  ofShared.forEach((own, column) => {
    shared[own] ??= column;
  });
  const ofByte = columnOf.map((column) => ofShared[column]!);
  return { count: shared.length, ofByte, ofShared, shared: Uint8Array.from(shared) };
}

/** The same classes, numbered from 0 in the order in which they come. */
function numbered(classes: ArrayLike<number>): Uint8Array {
  const numbers = new Map<number, number>();
  return Uint8Array.from(classes, (own) => numbers.getOrInsert(own, numbers.size));
}

/** For each kind of neighbour the first that every mask treats alike, behind and ahead. */
function kindsToldApart(masks: readonly number[]): number[] {
  const kinds = Array.from({ length: KINDS }, (_, kind) => kind);
  const has = (mask: number, behind: number, ahead: number) => (mask >>> (behind * KINDS + ahead)) & 1;
  const areAlike = (a: number, b: number) =>
    masks.every((mask) =>
      kinds.every(
        (other) => has(mask, a, other) === has(mask, b, other) && has(mask, other, a) === has(mask, other, b),
      ),
    );
  return kinds.map((kind) => kinds.find((other) => areAlike(kind, other))!);
}

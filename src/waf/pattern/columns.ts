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
  const classes = Uint16Array.from(kindOf, (kind) => kinds[kind]!);
  const ofShared = new Uint8Array(columns);
  const numbers = new Int16Array(2 * Math.max(columns, KINDS));
  number(classes, numbers, ofShared);
  for (const set of stepper.setsOf(patterns)) {
    // Each column falls into those that the set has and those that it does not have.
    const first = set * columns;
    for (let column = 0; column < columns; column++) classes[column] = ofShared[column]! * 2 + members[first + column]!;
    number(classes, numbers, ofShared);
  }
  const shared: number[] = [];
  ofShared.forEach((own, column) => {
    shared[own] ??= column;
  });
  const ofByte = columnOf.map((column) => ofShared[column]!);
  return { count: shared.length, ofByte, ofShared, shared: Uint8Array.from(shared) };
}

/** The same classes, numbered from 0 in the order in which they come. Plain loops: there are hundreds of sets at a start. */
function number(classes: Uint16Array, numbers: Int16Array, into: Uint8Array): void {
  numbers.fill(-1);
  let next = 0;
  for (let column = 0; column < classes.length; column++) {
    const own = classes[column]!;
    if (numbers[own] === -1) numbers[own] = next++;
    into[column] = numbers[own]!;
  }
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

// Four automata over the same bytes, in one loop: each waits for its last load while the others do.
import type { LazyDfa } from './lazy-dfa.ts';

/** Moves four automata on as long as none of them needs `take`; returns the first byte not read. */
export function race(
  a: LazyDfa,
  b: LazyDfa,
  c: LazyDfa,
  d: LazyDfa,
  bytes: Uint8Array,
  from: number,
  to: number,
): number {
  const { table: tableA, columnOf: columnA } = a;
  const { table: tableB, columnOf: columnB } = b;
  const { table: tableC, columnOf: columnC } = c;
  const { table: tableD, columnOf: columnD } = d;
  let rowA = a.row;
  let rowB = b.row;
  let rowC = c.row;
  let rowD = d.row;
  let at = from;
  for (; at < to; at++) {
    const byte = bytes[at]!;
    const nextA = tableA[rowA + columnA[byte]!]!;
    const nextB = tableB[rowB + columnB[byte]!]!;
    const nextC = tableC[rowC + columnC[byte]!]!;
    const nextD = tableD[rowD + columnD[byte]!]!;
    if ((nextA | nextB | nextC | nextD) < 0) break;
    rowA = nextA;
    rowB = nextB;
    rowC = nextC;
    rowD = nextD;
  }
  a.row = rowA;
  b.row = rowB;
  c.row = rowC;
  d.row = rowD;
  return at;
}

// Byte equivalence classes: bytes that no pattern tells apart share one column of an automaton's table.
import { type ByteSet, WORD } from './byte-set.ts';
import { EDGE, FINAL_LF, LF, OTHER, WORD_BYTE } from './context.ts';

export interface Alphabet {
  /** Column of each byte. */
  readonly columnOf: Uint8Array;
  /** Columns in use, the two of `finalLf` and `edge` included. */
  readonly columns: number;
  /** Column of a line feed that ends the value. */
  readonly finalLf: number;
  /** Column of the place after the last byte. */
  readonly edge: number;
  /** What kind of neighbour (context.ts) a column is. */
  readonly kindOf: Uint8Array;
  /** 1 at `set * columns + column` where the set holds the column's bytes. */
  readonly members: Uint8Array;
}

/** Common bytes first, so that the part of a row that is used most lies in few cache lines. */
const COMMON = 'etaoinsrhldcumfpgwybvkxjqz0123456789 -_./=&%ETAOINSRHLDCUMFPGWYBVKXJQZ';
const BYTES_BY_USE = [
  ...new Set([...Array.from(COMMON, (char) => char.charCodeAt(0)), ...Array.from({ length: 256 }, (_, byte) => byte)]),
];

export function buildAlphabet(sets: readonly ByteSet[]): Alphabet {
  const columnOf = new Uint8Array(256);
  const classOf = classesOf(sets);
  const byClass = new Map<number, number>();
  const kinds: number[] = [];
  const samples: number[] = [];
  for (const byte of BYTES_BY_USE) {
    let column = byClass.get(classOf[byte]!);
    if (column === undefined) {
      column = byClass.size;
      byClass.set(classOf[byte]!, column);
      kinds.push(kindOfByte(byte));
      samples.push(byte);
    }
    columnOf[byte] = column;
  }
  const finalLf = kinds.push(FINAL_LF) - 1;
  samples.push(0x0a);
  const edge = kinds.push(EDGE) - 1;
  const columns = kinds.length;
  const members = new Uint8Array(sets.length * columns);
  sets.forEach((set, index) => {
    for (let column = 0; column < edge; column++) members[index * columns + column] = set.has(samples[column]!) ? 1 : 0;
  });
  return { columnOf, columns, finalLf, edge, kindOf: Uint8Array.from(kinds), members };
}

/** For each byte a number that it shares with the bytes that are of its kind and in the same sets. */
function classesOf(sets: readonly ByteSet[]): Uint16Array {
  const classOf = Uint16Array.from({ length: 256 }, (_, byte) => kindOfByte(byte));
  const halves = new Int16Array(512);
  for (const { words } of sets) {
    // Each class falls into the bytes that the set has and those that it does not have.
    halves.fill(-1);
    let classes = 0;
    for (let byte = 0; byte < 256; byte++) {
      const half = classOf[byte]! * 2 + ((words[byte >>> 5]! >>> (byte & 31)) & 1);
      if (halves[half] === -1) halves[half] = classes++;
      classOf[byte] = halves[half]!;
    }
  }
  return classOf;
}

function kindOfByte(byte: number): number {
  if (byte === 0x0a) return LF;
  return WORD.has(byte) ? WORD_BYTE : OTHER;
}

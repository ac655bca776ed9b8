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

export function buildAlphabet(sets: readonly ByteSet[]): Alphabet {
  const columnOf = new Uint8Array(256);
  const byKey = new Map<string, number>();
  const kinds: number[] = [];
  const samples: number[] = [];
  for (const byte of bytesByUse()) {
    const kind = byte === 0x0a ? LF : WORD.has(byte) ? WORD_BYTE : OTHER;
    let key = String(kind);
    for (const set of sets) key += set.has(byte) ? '1' : '0';
    let column = byKey.get(key);
    if (column === undefined) {
      column = byKey.size;
      byKey.set(key, column);
      kinds.push(kind);
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

function bytesByUse(): number[] {
  const common = Array.from(COMMON, (char) => char.charCodeAt(0));
  return [...new Set([...common, ...Array.from({ length: 256 }, (_, byte) => byte)])];
}

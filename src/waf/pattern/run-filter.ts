// Tells of a short value which patterns it cannot match, by the runs of bytes that each of them needs: one look at each
// pair of neighbours, for 32 patterns at a time. Asked when the automaton of all patterns has to hand over to smaller
// ones, so that few of those read.
import { ByteSet } from './byte-set.ts';
import type { Node } from './node.ts';
import { chanceOf, type Run, runsOf } from './runs.ts';

/** Codes of bytes: letters of either case, digits, each mark, blanks, other controls, high bytes, and the edge. */
const CODES = 64;
const EDGE = CODES - 1;
/** A pattern whose runs are found so often is taken for one that may match anywhere. */
const USELESS_CHANCE = 0.25;

export class RunFilter {
  /** By word of 32 patterns, then by pair of codes: whose run may begin so, and whose may end so. */
  private readonly firsts: readonly Uint32Array[];
  private readonly lasts: readonly Uint32Array[];
  /** Patterns of which nothing telling is known. */
  private readonly unknown: Uint32Array;

  constructor(patterns: readonly Node[]) {
    const words = (patterns.length + 31) >>> 5;
    this.firsts = Array.from({ length: words }, () => new Uint32Array(CODES * CODES));
    this.lasts = Array.from({ length: words }, () => new Uint32Array(CODES * CODES));
    this.unknown = new Uint32Array(words);
    for (const [pattern, node] of patterns.entries()) {
      const word = pattern >>> 5;
      const bit = 1 << (pattern & 31);
      const runs = runsOf(node);
      if (runs === undefined || chanceOf(runs) > USELESS_CHANCE) this.unknown[word]! |= bit;
      else for (const run of runs) this.addRun(word, bit, run);
    }
  }

  /** Leaves of the wanted patterns those that have no hit yet and that the bytes may match. */
  narrow(wanted: Uint32Array, hits: Uint32Array, bytes: Uint8Array, from: number, to: number): void {
    for (let word = 0; word < wanted.length; word++) {
      const open = wanted[word]! & ~hits[word]!;
      const sure = open & this.unknown[word]!;
      wanted[word] = sure === open ? open : sure | (open & this.found(word, open & ~sure, bytes, from, to));
    }
  }

  /** Bits of a word whose runs are in the bytes; ends when all that are looked for are found. */
  private found(word: number, sought: number, bytes: Uint8Array, from: number, to: number): number {
    const first = this.firsts[word]!;
    const last = this.lasts[word]!;
    let found = 0;
    let begun = 0;
    let before = EDGE;
    for (let i = from; i < to; i++) {
      const code = CODE_OF[bytes[i]!]!;
      const pair = (before << 6) | code;
      found |= begun & last[pair]!;
      begun = first[pair]!;
      before = code;
      if ((i & 31) === 31 && (sought & ~found) === 0) return found;
    }
    const pair = (before << 6) | EDGE;
    return found | (begun & last[pair]!) | (first[pair]! & last[(EDGE << 6) | EDGE]!);
  }

  private addRun(word: number, bit: number, run: Run): void {
    const [a, b, c] = [run[0], run[1], run[2]].map((set) => (set === undefined ? ANY : codesOf(set)));
    mark(this.firsts[word]!, bit, a!, b!);
    mark(this.lasts[word]!, bit, b!, c!);
  }
}

function mark(table: Uint32Array, bit: number, left: readonly number[], right: readonly number[]): void {
  for (const before of left) for (const after of right) table[(before << 6) | after]! |= bit;
}

function codesOf(set: ByteSet): number[] {
  return [...new Set(set.bytes().map((byte) => CODE_OF[byte]!))];
}

/** The marks of ASCII. */
const MARKS = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';
const CODE_OF = Uint8Array.from({ length: 256 }, (_, byte) => codeOf(byte));
/** Where a run is shorter than what is looked for: anything, also the end of the value. */
const ANY: readonly number[] = [...codesOf(ByteSet.all), EDGE];

function codeOf(byte: number): number {
  if (byte >= 0x80) return 0;
  if (byte === 0x20) return 1;
  if (byte >= 0x09 && byte <= 0x0d) return 2;
  if (byte < 0x20 || byte === 0x7f) return 3;
  if (byte >= 0x30 && byte <= 0x39) return 4;
  const letter = (byte | 0x20) - 0x61;
  if (letter >= 0 && letter < 26) return 5 + letter;
  return 31 + MARKS.indexOf(String.fromCharCode(byte));
}

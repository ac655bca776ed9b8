// The tables of the phrase automaton: a trie over folded codes with its failure moves worked in. A phrase's branch
// ends where no other phrase goes on; the rest of it is compared when that node is reached.

export interface Trie {
  /** Next node by `node << shift | code`. */
  readonly table: Uint16Array | Uint32Array;
  readonly shift: number;
  readonly codeOf: Uint8Array;
  readonly nodes: number;
  /** Nodes from here on have phrases to compare. */
  readonly firstFinal: number;
  /** Of each node from `firstFinal` on: numbers of the phrases to compare. */
  readonly outputs: readonly Int32Array[];
  /** Of each phrase: its list, its folded text, the depth of its node. */
  readonly lists: Int32Array;
  readonly phrases: readonly string[];
  readonly depths: Int32Array;
}

/** Codes of the compact table: 0 for bytes of no phrase, 26 letters, 4 common marks, 1 for all other bytes. */
const COMPACT_SHIFT = 5;
const COMPACT_MARKS = 4;
/** Phrases are followed at least so far, else short beginnings of long phrases would be candidates everywhere. */
const MIN_DEPTH = 12;
/** More candidates than this at one place, and every byte gets its own code. */
const MAX_CANDIDATES = 32;

/** Characters above FF stand for their low byte, as everywhere in latin1 strings. */
export function buildTrie(lists: readonly (readonly string[])[]): Trie {
  const phrases: string[] = [];
  const owners: number[] = [];
  lists.forEach((list, index) => {
    for (const text of new Set(list.map(foldAscii))) {
      if (text === '') continue;
      phrases.push(text);
      owners.push(index);
    }
  });
  const compact = new TrieBuilder(phrases, compactCodes(phrases), COMPACT_SHIFT).build(owners);
  if (compact.outputs.every((output) => output.length <= MAX_CANDIDATES)) return compact;
  const { codeOf, shift } = exactCodes(phrases);
  return new TrieBuilder(phrases, codeOf, shift).build(owners);
}

class TrieBuilder {
  private readonly phrases: readonly string[];
  private readonly codeOf: Uint8Array;
  private readonly shift: number;
  private readonly children: Map<number, number>[] = [new Map()];
  private readonly ends: number[][] = [[]];
  private readonly depths: Int32Array;

  constructor(phrases: readonly string[], codeOf: Uint8Array, shift: number) {
    this.phrases = phrases;
    this.codeOf = codeOf;
    this.shift = shift;
    this.depths = new Int32Array(phrases.length);
  }

  build(owners: readonly number[]): Trie {
    this.insertAll();
    const { order, fail, outputs } = this.failures();
    const finals = order.filter((node) => outputs[node]!.length > 0);
    const plain = order.filter((node) => outputs[node]!.length === 0);
    const number = new Int32Array(order.length);
    [...plain, ...finals].forEach((node, index) => {
      number[node] = index;
    });
    const size = order.length << this.shift;
    const table = order.length <= 65_536 ? new Uint16Array(size) : new Uint32Array(size);
    for (const node of order) {
      const row = number[node]! << this.shift;
      const fallback = number[fail[node]!]! << this.shift;
      if (node !== 0) table.copyWithin(row, fallback, fallback + (1 << this.shift));
      for (const [code, child] of this.children[node]!) table[row + code] = number[child]!;
    }
    return {
      table,
      shift: this.shift,
      codeOf: this.codeOf,
      nodes: order.length,
      firstFinal: plain.length,
      outputs: finals.map((node) => Int32Array.from(outputs[node]!)),
      lists: Int32Array.from(owners),
      phrases: this.phrases,
      depths: this.depths,
    };
  }

  /** Phrases sorted by code, so that each one's neighbours tell how far it shares its way with another. */
  private insertAll(): void {
    const { phrases, codeOf } = this;
    const coded = phrases.map((text, phrase) => {
      const codes = Array.from(text, (char) => String.fromCharCode(codeOf[char.charCodeAt(0)]!)).join('');
      return { codes, phrase };
    });
    coded.sort((a, b) => (a.codes < b.codes ? -1 : a.codes > b.codes ? 1 : 0));
    coded.forEach(({ codes, phrase }, i) => {
      const shared = Math.max(commonLength(codes, coded[i - 1]?.codes), commonLength(codes, coded[i + 1]?.codes));
      let depth = Math.min(Math.max(shared + 1, MIN_DEPTH), codes.length);
      // A start that comes again within the phrase would let a crafted value have the same bytes compared over and
      // over; one that does not keeps all comparisons together linear.
      while (depth < codes.length && codes.indexOf(codes.slice(0, depth), 1) >= 0) depth++;
      this.depths[phrase] = depth;
      this.insert(codes, depth, phrase);
    });
  }

  private insert(codes: string, depth: number, phrase: number): void {
    let node = 0;
    for (let i = 0; i < depth; i++) {
      const code = codes.charCodeAt(i);
      let child = this.children[node]!.get(code);
      if (child === undefined) {
        child = this.children.push(new Map()) - 1;
        this.ends.push([]);
        this.children[node]!.set(code, child);
      }
      node = child;
    }
    this.ends[node]!.push(phrase);
  }

  /** Nodes in order of depth, where each falls back to, and all phrases that end there. */
  private failures(): { order: number[]; fail: Int32Array; outputs: number[][] } {
    const fail = new Int32Array(this.children.length);
    const outputs = this.ends;
    const order = [0];
    for (let i = 0; i < order.length; i++) {
      const node = order[i]!;
      for (const [code, child] of this.children[node]!) {
        order.push(child);
        let back = fail[node]!;
        while (back !== 0 && !this.children[back]!.has(code)) back = fail[back]!;
        const target = this.children[back]!.get(code);
        fail[child] = node === 0 || target === undefined ? 0 : target;
        if (outputs[fail[child]!]!.length > 0) outputs[child] = [...outputs[child]!, ...outputs[fail[child]!]!];
      }
    }
    return { order, fail, outputs };
  }
}

function compactCodes(phrases: readonly string[]): Uint8Array {
  const counts = countBytes(phrases);
  const codeOf = new Uint8Array(256);
  const marks = [...counts.keys()].filter((byte) => !isLetter(byte)).sort((a, b) => counts.get(b)! - counts.get(a)!);
  marks.forEach((byte, rank) => {
    codeOf[byte] = 27 + Math.min(rank, COMPACT_MARKS);
  });
  for (let i = 0; i < 26; i++) codeOf[0x61 + i] = codeOf[0x41 + i] = counts.has(0x61 + i) ? i + 1 : 0;
  return codeOf;
}

function exactCodes(phrases: readonly string[]): { codeOf: Uint8Array; shift: number } {
  const codeOf = new Uint8Array(256);
  let codes = 1;
  for (const byte of countBytes(phrases).keys()) codeOf[byte] = codes++;
  for (let i = 0; i < 26; i++) codeOf[0x41 + i] = codeOf[0x61 + i]!;
  return { codeOf, shift: Math.ceil(Math.log2(codes)) };
}

function countBytes(phrases: readonly string[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const text of phrases) {
    for (let i = 0; i < text.length; i++) {
      const byte = text.charCodeAt(i);
      counts.set(byte, (counts.get(byte) ?? 0) + 1);
    }
  }
  return counts;
}

function isLetter(byte: number): boolean {
  return byte >= 0x61 && byte <= 0x7a;
}

function foldAscii(text: string): string {
  let folded = '';
  for (let i = 0; i < text.length; i++) {
    const byte = text.charCodeAt(i) & 255;
    folded += String.fromCharCode(byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte);
  }
  return folded;
}

function commonLength(a: string, b: string | undefined): number {
  if (b === undefined) return 0;
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  return i;
}

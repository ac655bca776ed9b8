// Lists of phrases (@pm, @pmFromFile): which lists have a phrase in the value, ASCII case ignored. One automaton
// (Aho-Corasick) over a small code of the bytes finds candidates; the bytes themselves decide. Exact and linear.
import { buildTrie, type Trie } from './trie.ts';

/** Start and end of a phrase in a value. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export class WordMatcher {
  private readonly trie: Trie;
  /** Lists that hold the empty phrase: it is in every value. */
  private readonly always: readonly number[];

  constructor(lists: readonly (readonly string[])[]) {
    this.trie = buildTrie(lists);
    this.always = lists.flatMap((phrases, list) => (phrases.includes('') ? [list] : []));
  }

  /** Bytes held by the tables. */
  get bytes(): number {
    return this.trie.table.byteLength;
  }

  get nodes(): number {
    return this.trie.nodes;
  }

  /** Sets the bit of every list that has a phrase in the byte string. */
  scan(value: string, hits: Uint32Array): void {
    const { table, codeOf, shift, firstFinal, outputs, lists } = this.trie;
    for (const list of this.always) hits[list >>> 5]! |= 1 << (list & 31);
    const { length } = value;
    let node = 0;
    for (let i = 0; i < length; i++) {
      node = table[(node << shift) | codeOf[value.charCodeAt(i)]!]!;
      if (node < firstFinal) continue;
      for (const phrase of outputs[node - firstFinal]!) {
        const list = lists[phrase]!;
        if ((hits[list >>> 5]! & (1 << (list & 31))) !== 0) continue;
        if (this.isAt(phrase, value, i)) hits[list >>> 5]! |= 1 << (list & 31);
      }
    }
  }

  /** Of the phrases of a list in the value, the one that ends first, and of those the longest. */
  first(list: number, value: string): Span | undefined {
    const { table, codeOf, shift, firstFinal, outputs, lists, phrases, depths } = this.trie;
    if (this.always.includes(list)) return { start: 0, end: 0 };
    let best: Span | undefined;
    let node = 0;
    for (let i = 0; i < value.length && !(best && best.end <= i); i++) {
      node = table[(node << shift) | codeOf[value.charCodeAt(i)]!]!;
      if (node < firstFinal) continue;
      for (const phrase of outputs[node - firstFinal]!) {
        if (lists[phrase] !== list || !this.isAt(phrase, value, i)) continue;
        const start = i + 1 - depths[phrase]!;
        const end = start + phrases[phrase]!.length;
        if (!best || end < best.end || (end === best.end && start < best.start)) best = { start, end };
      }
    }
    return best;
  }

  /** Whether the bytes are those of the phrase whose node was reached with the byte at `at`. */
  private isAt(phrase: number, value: string, at: number): boolean {
    const { phrases, depths } = this.trie;
    const text = phrases[phrase]!;
    const start = at + 1 - depths[phrase]!;
    if (start + text.length > value.length) return false;
    for (let i = 0; i < text.length; i++) {
      const byte = value.charCodeAt(start + i);
      if (text.charCodeAt(i) !== (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte)) return false;
    }
    return true;
  }
}

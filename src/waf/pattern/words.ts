// Lists of phrases (@pm, @pmFromFile): which lists have a phrase in the value, ASCII case ignored. One automaton
// (Aho-Corasick) over a small code of the bytes finds candidates; the bytes themselves decide. Exact and linear.
import { chunk, latin1Chunk } from './latin1.ts';
import type { LazyDfa } from './lazy-dfa.ts';
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
  /** By final node, from the first: its lists as bits of the first word; all bits where that is not enough. */
  private readonly finals: Uint32Array;
  private node = 0;
  private value = '';
  /** Place in the value of the first byte of the chunk in hand. */
  private base = 0;

  constructor(lists: readonly (readonly string[])[]) {
    this.trie = buildTrie(lists);
    this.finals = finalsOf(this.trie, lists.length);
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
    this.begin(value, hits);
    for (let at = 0; at < value.length; ) {
      const length = latin1Chunk(value, at);
      this.beginChunk(at);
      this.feed(chunk, 0, length, hits);
      at += length;
    }
  }

  /** Begins a value whose bytes come in chunks. */
  begin(value: string, hits: Uint32Array): void {
    for (const list of this.always) hits[list >>> 5]! |= 1 << (list & 31);
    this.node = 0;
    this.value = value;
  }

  /** The bytes that come next are those of the value from `base` on. */
  beginChunk(base: number): void {
    this.base = base;
  }

  feed(bytes: Uint8Array, from: number, to: number, hits: Uint32Array): void {
    const { table, codeOf, shift, firstFinal } = this.trie;
    const { finals } = this;
    let { node } = this;
    for (let i = from; i < to; i++) {
      node = table[(node << shift) | codeOf[bytes[i]!]!]!;
      if (node >= firstFinal && (finals[node - firstFinal]! & ~hits[0]!) !== 0) this.accept(node, this.base + i, hits);
    }
    this.node = node;
  }

  /**
   * Reads the same bytes as an automaton of patterns, in one loop: each waits for its loads while the other does.
   * Returns the first byte that neither has read: see LazyDfa.feed.
   */
  feedWith(
    dfa: LazyDfa,
    bytes: Uint8Array,
    from: number,
    to: number,
    patternHits: Uint32Array,
    hits: Uint32Array,
  ): number {
    const { table: words, codeOf, shift, firstFinal } = this.trie;
    const { columnOf } = dfa;
    const { finals } = this;
    const lastPlain = firstFinal - 1;
    let i = from;
    while (i < to && dfa.row >= 0) {
      const { table } = dfa;
      let { row } = dfa;
      let { node } = this;
      while (i < to) {
        const byte = bytes[i]!;
        const nextRow = table[row + columnOf[byte]!]!;
        const nextNode = words[(node << shift) | codeOf[byte]!]!;
        // Lists of which a phrase was found need no second one.
        if ((nextRow | (lastPlain - nextNode)) < 0) {
          if (nextRow < 0 || (finals[nextNode - firstFinal]! & ~hits[0]!) !== 0) break;
        }
        row = nextRow;
        node = nextNode;
        i++;
      }
      dfa.row = row;
      this.node = node;
      if (i === to) return to;
      if (!dfa.takeOwn(columnOf[bytes[i]!]!, patternHits)) return i;
      this.feed(bytes, i, i + 1, hits);
      i++;
    }
    const reached = dfa.feed(bytes, i, to, patternHits);
    this.feed(bytes, i, reached, hits);
    return reached;
  }

  /** Of the phrases of a list in the value, the one that ends first, and of those the longest. */
  first(list: number, value: string): Span | undefined {
    const { table, codeOf, shift, firstFinal, outputs, lists, phrases, depths } = this.trie;
    if (this.always.includes(list)) return { start: 0, end: 0 };
    this.value = value;
    let best: Span | undefined;
    let node = 0;
    let base = 0;
    let limit = 0;
    for (let i = 0; i < value.length && !(best && best.end <= i); i++) {
      if (i === limit) {
        base = i;
        limit = i + latin1Chunk(value, i);
      }
      node = table[(node << shift) | codeOf[chunk[i - base]!]!]!;
      if (node < firstFinal) continue;
      for (const phrase of outputs[node - firstFinal]!) {
        if (lists[phrase] !== list || !this.isAt(phrase, i)) continue;
        const start = i + 1 - depths[phrase]!;
        const end = start + phrases[phrase]!.length;
        if (!best || end < best.end || (end === best.end && start < best.start)) best = { start, end };
      }
    }
    return best;
  }

  private accept(node: number, at: number, hits: Uint32Array): void {
    const { outputs, firstFinal, lists } = this.trie;
    const output = outputs[node - firstFinal]!;
    for (let i = 0; i < output.length; i++) {
      const list = lists[output[i]!]!;
      if ((hits[list >>> 5]! & (1 << (list & 31))) !== 0) continue;
      if (this.isAt(output[i]!, at)) hits[list >>> 5]! |= 1 << (list & 31);
    }
  }

  /** Whether the bytes are those of the phrase whose node was reached with the byte at `at`. */
  private isAt(phrase: number, at: number): boolean {
    const { value } = this;
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

const ALL_LISTS = 0xffffffff;

function finalsOf({ outputs, lists }: Trie, listCount: number): Uint32Array {
  const bits = (phrases: Int32Array): number =>
    listCount > 32 ? ALL_LISTS : phrases.reduce((all, phrase) => all | (1 << lists[phrase]!), 0);
  return Uint32Array.from(outputs, bits);
}

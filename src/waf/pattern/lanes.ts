// Several automata over the same bytes. Each waits for its last load; four side by side wait at the same time.
import type { Lane } from './lane.ts';
import type { LazyDfa } from './lazy-dfa.ts';
import { race } from './race.ts';
import type { RunFilter } from './run-filter.ts';
import type { WordMatcher } from './words.ts';

/** Bytes after which lanes that were split up join the others, and those whose patterns have all matched end. */
const BLOCK_BYTES = 512;
/** Of lanes that are open, as many as may read from the beginning in place of the first one. */
const FEW_LANES = 4;

/** The automata that read one value: at first one, more when it was split up. */
export class Lanes {
  /** Times that an automaton was split up. */
  splits = 0;
  private readonly root: Lane;
  /** Patterns that are looked for. */
  private wanted: Uint32Array = new Uint32Array(0);
  private readonly all: Uint32Array;
  private readonly narrowed: Uint32Array;
  private readonly filter: () => RunFilter;
  /** The value in hand, if it was shown; else nothing. */
  private bytes: Uint8Array = new Uint8Array(0);
  private from = 0;
  private to = 0;
  /** Whether `lanes` read, else the first one alone. */
  private isSplit = false;
  /** The first `count` of them read; behind them lie earlier ones. An array that is made shorter gives its memory back. */
  private lanes: Lane[] = [];
  private count = 0;
  private spare: Lane[] = [];
  /** Runs beside two or three: an automaton of no patterns. */
  private readonly idle: LazyDfa;

  /** `all`: the patterns of `root` as bits, as long as any `wanted`. */
  constructor(root: Lane, all: Uint32Array, idle: LazyDfa, filter: () => RunFilter) {
    this.root = root;
    this.all = all;
    this.narrowed = new Uint32Array(all.length);
    this.idle = idle;
    this.filter = filter;
  }

  /** Forgets the smaller automata; between two values only. */
  dropParts(): void {
    this.lanes.length = 0;
    this.count = 0;
    this.spare.length = 0;
    this.root.dropParts();
  }

  /** Begins a new value. */
  begin(wanted: Uint32Array): void {
    this.wanted = wanted;
    this.to = this.from;
    this.isSplit = false;
    this.count = 0;
    this.root.dfa.begin();
  }

  /** Begins a value of which little is asked: with smaller automata at once, if those for what is open are few. */
  beginApart(wanted: Uint32Array, hits: Uint32Array): void {
    this.begin(wanted);
    for (const part of this.root.parts) {
      if (!part.isOpen(wanted, hits)) continue;
      part.dfa.begin();
      this.add(part);
      if (this.count > FEW_LANES) break;
    }
    if (this.count > FEW_LANES) this.count = 0;
    else this.goApart(hits);
  }

  /**
   * The value that has just begun is bytes `from` to `to - 1`: what it cannot match need not be looked for. Where the
   * first automaton may not grow, the smaller ones begin at once.
   */
  show(bytes: Uint8Array, from: number, to: number, hits: Uint32Array): void {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
    if (this.isSplit || to === from || this.root.dfa.mayGrow) return;
    this.splits++;
    this.goApart(hits);
    for (let word = 0; word < this.wanted.length; word++) {
      for (let rest = this.wanted[word]! | 0; rest !== 0; ) {
        const bit = 31 - Math.clz32(rest);
        rest ^= 1 << bit;
        const part = this.root.partOf(word * 32 + bit);
        if (this.isReading(part)) continue;
        part.dfa.begin();
        this.add(part);
      }
    }
  }

  /** From now on smaller automata read. What a value that was shown cannot match is not looked for any more. */
  private goApart(hits: Uint32Array): void {
    const { bytes, from, to } = this;
    this.isSplit = true;
    if (to === from) return;
    for (let i = 0; i < this.all.length; i++) this.narrowed[i] = this.wanted[i]! & this.all[i]!;
    this.filter().narrow(this.narrowed, hits, bytes, from, to);
    this.wanted = this.narrowed;
  }

  /** Reads bytes `from` to `to - 1` and sets the bit of each pattern that is matched. */
  feed(bytes: Uint8Array, from: number, to: number, hits: Uint32Array): void {
    let at = from;
    while (!this.isSplit) {
      const end = Math.min(at + BLOCK_BYTES, to);
      at = this.root.dfa.feed(bytes, at, end, hits);
      if (at < end) this.split(this.root, bytes, at, ++at, hits);
      else if (at === to) return;
      // With no lanes nothing is read any more.
      else if (!this.root.isOpen(this.wanted, hits)) this.isSplit = true;
    }
    for (; at < to && this.count > 0; at += BLOCK_BYTES) {
      this.feedBlock(bytes, at, Math.min(at + BLOCK_BYTES, to), hits);
    }
  }

  /** The same, and lets a word matcher read the same bytes: in one loop as long as one automaton reads alone. */
  feedWith(
    words: WordMatcher,
    bytes: Uint8Array,
    from: number,
    to: number,
    hits: Uint32Array,
    wordHits: Uint32Array,
  ): void {
    let at = from;
    if (!this.isSplit) {
      at = words.feedWith(this.root.dfa, bytes, from, to, hits, wordHits);
      if (at === to) return;
    }
    words.feed(bytes, at, to, wordHits);
    this.feed(bytes, at, to, hits);
  }

  /** Reads one column: what `feed` does for a byte. */
  take(column: number, hits: Uint32Array): void {
    const { lanes, root, count } = this;
    if (!this.isSplit) {
      if (!root.dfa.take(column, hits)) this.splitAt(root, column, hits);
      return;
    }
    this.beginNext();
    for (let i = 0; i < count; i++) {
      const lane = lanes[i]!;
      if (lane.dfa.take(column, hits)) this.add(lane);
      else this.splitAt(lane, column, hits);
    }
  }

  /** Puts its parts in the place of a lane that cannot go on before byte `at`, and lets them read up to `to`. */
  private split(lane: Lane, bytes: Uint8Array, at: number, to: number, hits: Uint32Array): void {
    this.splits++;
    if (!this.isSplit) this.goApart(hits);
    for (const part of lane.parts) {
      if (!part.isOpen(this.wanted, hits)) continue;
      part.dfa.beginAt(lane.dfa);
      const reached = part.dfa.feed(bytes, at, to, hits);
      if (reached < to) this.split(part, bytes, reached, to, hits);
      else this.add(part);
    }
  }

  /** The same for a lane that cannot read a column. */
  private splitAt(lane: Lane, column: number, hits: Uint32Array): void {
    this.splits++;
    if (!this.isSplit) this.goApart(hits);
    for (const part of lane.parts) {
      if (!part.isOpen(this.wanted, hits)) continue;
      part.dfa.beginAt(lane.dfa);
      if (part.dfa.take(column, hits)) this.add(part);
      else this.splitAt(part, column, hits);
    }
  }

  private feedBlock(bytes: Uint8Array, from: number, to: number, hits: Uint32Array): void {
    this.dropClosed(bytes, from, hits);
    const { lanes, count } = this;
    this.beginNext();
    for (let i = 0; i < count; i += 4) {
      const few = Math.min(4, count - i);
      if (few === 1) this.feedLane(lanes[i]!, bytes, from, to, hits);
      else this.feedFour(lanes, i, few, bytes, from, to, hits);
    }
  }

  /** From now on lanes are put together anew; those there were stay as they are until the next time. */
  private beginNext(): void {
    const { lanes } = this;
    this.lanes = this.spare;
    this.spare = lanes;
    this.count = 0;
  }

  private add(lane: Lane): void {
    this.lanes[this.count++] = lane;
  }

  private isReading(lane: Lane): boolean {
    for (let i = 0; i < this.count; i++) if (this.lanes[i] === lane) return true;
    return false;
  }

  /** Before byte `at`: leaves lanes out that have nothing to look for any more, and parts those that have little. */
  private dropClosed(bytes: Uint8Array, at: number, hits: Uint32Array): void {
    const { lanes, wanted, count } = this;
    this.beginNext();
    for (let i = 0; i < count; i++) {
      const lane = lanes[i]!;
      if (!lane.isOpen(wanted, hits)) continue;
      if (lane.isTorn(hits)) this.split(lane, bytes, at, at, hits);
      else this.add(lane);
    }
  }

  private feedLane(lane: Lane, bytes: Uint8Array, from: number, to: number, hits: Uint32Array): void {
    const reached = lane.dfa.feed(bytes, from, to, hits);
    if (reached < to) this.split(lane, bytes, reached, to, hits);
    else this.add(lane);
  }

  /** Lets `count` lanes read side by side, four at most. */
  private feedFour(
    lanes: readonly Lane[],
    first: number,
    count: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    hits: Uint32Array,
  ): void {
    const a = lanes[first]!.dfa;
    const b = lanes[first + 1]!.dfa;
    const c = count > 2 ? lanes[first + 2]!.dfa : this.idle;
    const d = count > 3 ? lanes[first + 3]!.dfa : this.idle;
    let at = from;
    let left = 0;
    while (at < to && left === 0 && a.row >= 0 && b.row >= 0 && c.row >= 0 && d.row >= 0) {
      at = race(a, b, c, d, bytes, at, to);
      if (at === to) break;
      const byte = bytes[at]!;
      if (!a.takeOwn(a.columnOf[byte]!, hits)) left |= 1;
      if (!b.takeOwn(b.columnOf[byte]!, hits)) left |= 2;
      if (!c.takeOwn(c.columnOf[byte]!, hits)) left |= 4;
      if (!d.takeOwn(d.columnOf[byte]!, hits)) left |= 8;
      at++;
    }
    for (let i = 0; i < count; i++) this.feedLane(lanes[first + i]!, bytes, at - ((left >>> i) & 1), to, hits);
  }
}

// Several automata over the same bytes. Each waits for its last load; four side by side wait at the same time.
import type { LazyDfa } from './lazy-dfa.ts';
import type { WordMatcher } from './words.ts';

/** An automaton, and the smaller ones that take its place when it may not make the states it needs. */
export class Lane {
  readonly dfa: LazyDfa;
  /** The patterns it reads for, as bits, and the first word that has any. */
  private readonly patterns: Uint32Array;
  private readonly firstWord: number;
  private readonly makeParts: () => Lane[];
  private made: readonly Lane[] | undefined;

  /** `makeParts` is called when the parts are first needed. */
  constructor(dfa: LazyDfa, patterns: readonly number[], makeParts: () => Lane[]) {
    this.dfa = dfa;
    this.patterns = new Uint32Array((Math.max(0, ...patterns) >>> 5) + 1);
    for (const pattern of patterns) this.patterns[pattern >>> 5]! |= 1 << (pattern & 31);
    this.firstWord = Math.min(...patterns) >>> 5;
    this.makeParts = makeParts;
  }

  /** Whether one of its patterns is wanted and has no bit yet. */
  isOpen(wanted: Uint32Array, hits: Uint32Array): boolean {
    const { patterns } = this;
    for (let i = this.firstWord; i < patterns.length; i++)
      if ((patterns[i]! & wanted[i]! & ~hits[i]!) !== 0) return true;
    return false;
  }

  get parts(): readonly Lane[] {
    this.made ??= this.makeParts();
    return this.made;
  }

  dropParts(): void {
    this.made = undefined;
  }
}

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
  /** Whether some of those that are not wanted were not looked for. */
  isPartial = false;
  /** Whether `lanes` read, else the first one alone. */
  private isSplit = false;
  private lanes: Lane[] = [];
  private spare: Lane[] = [];
  private readonly columnOf: Uint8Array;

  constructor(root: Lane, columnOf: Uint8Array) {
    this.root = root;
    this.columnOf = columnOf;
  }

  /** Forgets the smaller automata; between two values only. */
  dropParts(): void {
    this.lanes.length = 0;
    this.spare.length = 0;
    this.root.dropParts();
  }

  /** Begins a new value. */
  begin(wanted: Uint32Array): void {
    this.wanted = wanted;
    this.isSplit = false;
    this.isPartial = false;
    if (this.lanes.length > 0) this.lanes.length = 0;
    this.root.dfa.begin();
  }

  /** Begins a value of which little is asked: with smaller automata at once, if those for what is open are few. */
  beginApart(wanted: Uint32Array, hits: Uint32Array): void {
    this.begin(wanted);
    for (const part of this.root.parts) {
      if (!part.isOpen(wanted, hits)) continue;
      part.dfa.begin();
      if (this.lanes.push(part) > FEW_LANES) break;
    }
    if (this.lanes.length > FEW_LANES) this.lanes.length = 0;
    else this.goApart();
  }

  private goApart(): void {
    this.isSplit = true;
    this.isPartial = true;
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
      else if (!this.root.isOpen(this.wanted, hits)) this.goApart();
    }
    for (; at < to && this.lanes.length > 0; at += BLOCK_BYTES) {
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
      at = words.feedWith(this.root.dfa, this.columnOf, bytes, from, to, hits, wordHits);
      if (at === to) return;
    }
    words.feed(bytes, at, to, wordHits);
    this.feed(bytes, at, to, hits);
  }

  /** Reads one column: what `feed` does for a byte. */
  take(column: number, hits: Uint32Array): void {
    const { lanes, root } = this;
    if (!this.isSplit) {
      if (!root.dfa.take(column, hits)) this.splitAt(root, column, hits);
      return;
    }
    this.lanes = this.spare;
    for (const lane of lanes) {
      if (lane.dfa.take(column, hits)) this.lanes.push(lane);
      else this.splitAt(lane, column, hits);
    }
    lanes.length = 0;
    this.spare = lanes;
  }

  /** Puts its parts in the place of a lane that cannot go on before byte `at`, and lets them read up to `to`. */
  private split(lane: Lane, bytes: Uint8Array, at: number, to: number, hits: Uint32Array): void {
    this.splits++;
    this.goApart();
    for (const part of lane.parts) {
      if (!part.isOpen(this.wanted, hits)) continue;
      part.dfa.beginAt(lane.dfa);
      const reached = part.dfa.feed(bytes, at, to, hits);
      if (reached < to) this.split(part, bytes, reached, to, hits);
      else this.lanes.push(part);
    }
  }

  /** The same for a lane that cannot read a column. */
  private splitAt(lane: Lane, column: number, hits: Uint32Array): void {
    this.splits++;
    this.goApart();
    for (const part of lane.parts) {
      if (!part.isOpen(this.wanted, hits)) continue;
      part.dfa.beginAt(lane.dfa);
      if (part.dfa.take(column, hits)) this.lanes.push(part);
      else this.splitAt(part, column, hits);
    }
  }

  private feedBlock(bytes: Uint8Array, from: number, to: number, hits: Uint32Array): void {
    const lanes = this.openLanes(hits);
    const four = lanes.length - (lanes.length % 4);
    this.lanes = this.spare;
    for (let i = 0; i < four; i += 4) this.feedFour(lanes, i, bytes, from, to, hits);
    for (let i = four; i < lanes.length; i++) this.feedLane(lanes[i]!, bytes, from, to, hits);
    lanes.length = 0;
    this.spare = lanes;
  }

  /** The lanes without those that have nothing to look for any more. */
  private openLanes(hits: Uint32Array): Lane[] {
    const { lanes, wanted } = this;
    let count = 0;
    for (let i = 0; i < lanes.length; i++) if (lanes[i]!.isOpen(wanted, hits)) lanes[count++] = lanes[i]!;
    lanes.length = count;
    return lanes;
  }

  private feedLane(lane: Lane, bytes: Uint8Array, from: number, to: number, hits: Uint32Array): void {
    const reached = lane.dfa.feed(bytes, from, to, hits);
    if (reached < to) this.split(lane, bytes, reached, to, hits);
    else this.lanes.push(lane);
  }

  private feedFour(
    lanes: readonly Lane[],
    first: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    hits: Uint32Array,
  ): void {
    const a = lanes[first]!;
    const b = lanes[first + 1]!;
    const c = lanes[first + 2]!;
    const d = lanes[first + 3]!;
    let at = from;
    while (at < to && a.dfa.row >= 0 && b.dfa.row >= 0 && c.dfa.row >= 0 && d.dfa.row >= 0) {
      at = this.race(a.dfa, b.dfa, c.dfa, d.dfa, bytes, at, to);
      if (at === to) break;
      const column = this.columnOf[bytes[at]!]!;
      const takenA = a.dfa.take(column, hits);
      const takenB = b.dfa.take(column, hits);
      const takenC = c.dfa.take(column, hits);
      const takenD = d.dfa.take(column, hits);
      at++;
      if (takenA && takenB && takenC && takenD) continue;
      this.feedLane(a, bytes, takenA ? at : at - 1, to, hits);
      this.feedLane(b, bytes, takenB ? at : at - 1, to, hits);
      this.feedLane(c, bytes, takenC ? at : at - 1, to, hits);
      this.feedLane(d, bytes, takenD ? at : at - 1, to, hits);
      return;
    }
    for (let i = first; i < first + 4; i++) this.feedLane(lanes[i]!, bytes, at, to, hits);
  }

  /** Moves four automata on as long as none of them needs `take`; returns the first byte not read. */
  private race(a: LazyDfa, b: LazyDfa, c: LazyDfa, d: LazyDfa, bytes: Uint8Array, from: number, to: number): number {
    const { columnOf } = this;
    const tableA = a.table;
    const tableB = b.table;
    const tableC = c.table;
    const tableD = d.table;
    let rowA = a.row;
    let rowB = b.row;
    let rowC = c.row;
    let rowD = d.row;
    let at = from;
    for (; at < to; at++) {
      const column = columnOf[bytes[at]!]!;
      const nextA = tableA[rowA + column]!;
      const nextB = tableB[rowB + column]!;
      const nextC = tableC[rowC + column]!;
      const nextD = tableD[rowD + column]!;
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
}

// Many patterns at once: which of them match anywhere in a value. Exact and linear in the value's length, whatever
// its content. One automaton reads for all patterns; where a request has used up its new states, one for each few
// patterns goes on, then one for each pattern, then steps without any state.
import { CountFilter } from './counter.ts';
import type { Allowance } from './dfa-options.ts';
import { type Group, groupsOf } from './grouping.ts';
import { Lane } from './lane.ts';
import { Lanes } from './lanes.ts';
import { chunk, latin1Chunk } from './latin1.ts';
import { LazyDfa } from './lazy-dfa.ts';
import { joinNfas } from './nfa.ts';
import type { Node } from './node.ts';
import { RunFilter } from './run-filter.ts';
import { MAX_EAGER } from './state-context.ts';
import { Stepper } from './stepper.ts';
import { DEFAULTS, type UnionOptions } from './union-options.ts';
import { type UnionPattern, unionPattern } from './union-pattern.ts';
import type { WordMatcher } from './words.ts';

export interface UnionStats {
  readonly states: number;
  /** States of the automata of groups and single patterns. */
  readonly groupStates: number;
  readonly nfaStates: number;
  readonly bytes: number;
  readonly resets: number;
  /** Times that an automaton handed over to smaller ones. */
  readonly splits: number;
  /** Steps of the NFA: bounded by the length of what was read times the size of the patterns. */
  readonly work: number;
}

/** Of longer values it is looked at first whether much is asked of them. */
const LONG_BYTES = 2_048;

export class UnionMatcher {
  private readonly stepper: Stepper;
  private readonly options: Required<UnionOptions>;
  private readonly main: LazyDfa;
  /** Reads for all patterns but those of `counters`. */
  private readonly lanes: Lanes;
  /** Reads for patterns that count; undefined if there are none. */
  private readonly counters: Lanes | undefined;
  private readonly countFilter: CountFilter | undefined;
  /** Made when it is first needed. */
  private readonly filter: () => RunFilter;
  private readonly parts: LazyDfa[] = [];
  private splitsSeen = 0;
  private readonly always: Int32Array;
  private readonly all: Uint32Array;
  private readonly eager: readonly number[];
  private readonly allowance: Allowance = { states: 0 };
  private readonly groupAllowance: Allowance = { states: 0 };
  private readonly singleAllowance: Allowance = { states: 0 };

  /** What is looked for. */
  readonly patterns: readonly UnionPattern[];

  constructor(patterns: readonly (UnionPattern | Node)[], options: UnionOptions = {}) {
    const known = patterns.map((pattern) => ('kind' in pattern ? unionPattern(pattern) : pattern));
    this.patterns = known;
    this.options = { ...DEFAULTS, ...options };
    let filter: RunFilter | undefined;
    this.filter = () => {
      filter ??= new RunFilter(known.map(({ node }) => node));
      return filter;
    };
    this.stepper = new Stepper(joinNfas(known.map(({ nfa }) => nfa)));
    const wanted: number[] = [];
    const always: number[] = [];
    for (const index of patterns.keys()) (this.stepper.matchesAlways(index) ? always : wanted).push(index);
    this.always = Int32Array.from(always);
    this.all = new Uint32Array((patterns.length + 31) >>> 5).fill(0xffffffff);
    this.eager = wanted.filter((index) => known[index]!.isEager);
    const counters = wanted.length > 1 ? wanted.filter((index) => known[index]!.isCounter) : [];
    const others = wanted.filter((index) => !counters.includes(index));
    this.main = this.automaton(others, this.options.maxStates, this.allowance);
    this.lanes = this.lanesOf(this.main, others);
    if (counters.length > 0) {
      this.countFilter = new CountFilter(counters.map((index) => known[index]!.node));
      this.counters = this.lanesOf(
        this.automaton(counters, this.options.maxGroupStates, this.groupAllowance),
        counters,
      );
    }
    this.beginRequest();
  }

  get stats(): UnionStats {
    const { parts, main, stepper } = this;
    return {
      states: main.stateCount,
      groupStates: parts.reduce((sum, part) => sum + part.stateCount, 0),
      nfaStates: stepper.follow.nfa.op.length,
      bytes: main.bytes + this.partBytes,
      resets: parts.reduce((sum, part) => sum + part.resets, main.resets),
      splits: this.lanes.splits + (this.counters?.splits ?? 0),
      work: stepper.work,
    };
  }

  /** Gives the new states back that one request may cause. */
  beginRequest(): void {
    this.allowance.states = this.options.newStates;
    this.groupAllowance.states = this.options.newGroupStates;
    this.singleAllowance.states = this.options.newSingleStates;
    if (this.lanes.splits === this.splitsSeen) return;
    this.splitsSeen = this.lanes.splits;
    if (this.partBytes > this.options.maxPartBytes) this.dropParts();
  }

  /** For the request in hand the automaton of all patterns stays as it is: the smaller ones read what it does not know. */
  holdMain(): void {
    this.allowance.states = 0;
  }

  private get partBytes(): number {
    return this.parts.reduce((sum, part) => sum + part.bytes, 0);
  }

  private dropParts(): void {
    this.parts.length = 0;
    this.lanes.dropParts();
    this.counters?.dropParts();
  }

  /**
   * Sets the bit of every pattern that matches anywhere in a byte string: bit `n & 31` of `hits[n >>> 5]` for pattern
   * `n`. Bits that are set stay set. With `wanted` only the patterns with a bit in it need be looked for.
   */
  scan(value: string, hits: Uint32Array, wanted: Uint32Array = this.all): void {
    let at = 0;
    let length = latin1Chunk(value, 0);
    this.begin(hits, wanted, chunk, 0, length, value.length);
    for (; at + length < value.length; length = latin1Chunk(value, at)) {
      this.lanes.feed(chunk, 0, length, hits);
      this.counters?.feed(chunk, 0, length, hits);
      at += length;
    }
    const end = this.endOf(chunk, 0, length);
    this.lanes.feed(chunk, 0, end, hits);
    this.finish(chunk, 0, end, length, value.length, hits);
  }

  /** The same, and sets the bits of the word lists as `words.scan` would: for little more than the price of one. */
  scanWith(
    words: WordMatcher,
    value: string,
    hits: Uint32Array,
    wordHits: Uint32Array,
    wanted: Uint32Array = this.all,
  ): void {
    let at = 0;
    let length = latin1Chunk(value, 0);
    this.begin(hits, wanted, chunk, 0, length, value.length);
    words.begin(value, wordHits);
    for (; at + length < value.length; length = latin1Chunk(value, at)) {
      words.beginChunk(at);
      this.lanes.feedWith(words, chunk, 0, length, hits, wordHits);
      this.counters?.feed(chunk, 0, length, hits);
      at += length;
    }
    const end = this.endOf(chunk, 0, length);
    words.beginChunk(at);
    this.lanes.feedWith(words, chunk, 0, end, hits, wordHits);
    words.feed(chunk, end, length, wordHits);
    this.finish(chunk, 0, end, length, value.length, hits);
  }

  /** The same for the value that is bytes `from` to `to - 1`. */
  scanBytes(bytes: Uint8Array, from: number, to: number, hits: Uint32Array): void {
    this.begin(hits, this.all, bytes, from, to, to - from);
    const end = this.endOf(bytes, from, to);
    this.lanes.feed(bytes, from, end, hits);
    this.finish(bytes, from, end, to, to - from, hits);
  }

  /** Begins a value of so many bytes, of which `from` to `to - 1` are the first. */
  private begin(
    hits: Uint32Array,
    wanted: Uint32Array,
    bytes: Uint8Array,
    from: number,
    to: number,
    length: number,
  ): void {
    const { always, lanes, counters } = this;
    for (let i = 0; i < always.length; i++) hits[always[i]! >>> 5]! |= 1 << (always[i]! & 31);
    if (length < LONG_BYTES || wanted === this.all) lanes.begin(wanted);
    else lanes.beginApart(wanted, hits);
    counters?.begin(wanted);
    if (to - from < length) return;
    lanes.show(bytes, from, to, hits);
    counters?.show(bytes, from, to, hits);
  }

  /** Where the bytes end that are read as they are: before a line feed that ends the value. */
  private endOf(bytes: Uint8Array, from: number, to: number): number {
    return to > from && bytes[to - 1] === 0x0a ? to - 1 : to;
  }

  /** Ends a value of which all bytes before `end` are read but for the patterns that count. */
  private finish(bytes: Uint8Array, from: number, end: number, to: number, length: number, hits: Uint32Array): void {
    const { finalLf, edge } = this.stepper.follow.alphabet;
    if (end < to) this.lanes.take(finalLf, hits);
    this.lanes.take(edge, hits);
    if (this.counters === undefined) return;
    if (to - from === length && !this.countFilter!.mayMatch(bytes, from, to)) return;
    this.counters.feed(bytes, from, end, hits);
    if (end < to) this.counters.take(finalLf, hits);
    this.counters.take(edge, hits);
  }

  private lanesOf(dfa: LazyDfa, patterns: readonly number[]): Lanes {
    const { groupSize, askedWith: labels } = this.options;
    const size = patterns.length <= groupSize ? 1 : groupSize;
    const { follow } = this.stepper;
    const root = new Lane(dfa, patterns, () =>
      groupsOf(patterns, { follow, size, labels }).map((group) => this.part(group)),
    );
    const all = new Uint32Array(this.all.length);
    for (const pattern of patterns) all[pattern >>> 5]! |= 1 << (pattern & 31);
    return new Lanes(root, all, this.automaton([], 1, { states: Infinity }), this.filter);
  }

  private part({ patterns, isAlike }: Group): Lane {
    const { maxGroupStates, maxSingleStates } = this.options;
    const dfa =
      patterns.length === 1
        ? this.automaton(patterns, maxSingleStates, this.singleAllowance)
        : this.automaton(patterns, maxGroupStates, this.groupAllowance);
    this.parts.push(dfa);
    const makeParts = () => patterns.map((own) => this.part({ patterns: [own], isAlike: false }));
    return new Lane(dfa, patterns, makeParts, isAlike);
  }

  private automaton(patterns: readonly number[], maxStates: number, allowance: Allowance): LazyDfa {
    const { resetIntervalMs, now } = this.options;
    const eager = this.eager.filter((pattern) => patterns.includes(pattern)).slice(0, MAX_EAGER);
    const mayStep = patterns.length <= 1;
    return new LazyDfa(this.stepper, Int32Array.from(patterns), allowance, {
      maxStates,
      resetIntervalMs,
      now,
      mayStep,
      eager,
    });
  }
}

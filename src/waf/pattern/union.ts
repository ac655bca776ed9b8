// Many patterns at once: which of them match anywhere in a value. Exact and linear in the value's length, whatever
// its content: one automaton for all, then one for each group of patterns when a request has used up its new
// states, then steps without any state.
import { minLengthOf } from './analysis.ts';
import { OTHER } from './context.ts';
import { LazyDfa, MAX_EAGER } from './lazy-dfa.ts';
import { buildNfa } from './nfa.ts';
import type { Node } from './node.ts';
import { Stepper } from './stepper.ts';

export interface UnionOptions {
  /** Most states the automaton of all patterns keeps. */
  readonly maxStates?: number;
  /** Most states the automaton of a group keeps. */
  readonly maxGroupStates?: number;
  /** New states of the automaton of all patterns that one request may cause. */
  readonly newStates?: number;
  /** New states that one request may cause in the automaton of a group. */
  readonly newGroupStates?: number;
  /** Patterns in a group. */
  readonly groupSize?: number;
  /** Shortest time between two drops of all states of an automaton. */
  readonly resetIntervalMs?: number;
  readonly now?: () => number;
  /** Read values from the last byte to the first. */
  readonly reverse?: boolean;
}

export interface UnionStats {
  readonly states: number;
  readonly groupStates: number;
  readonly nfaStates: number;
  readonly bytes: number;
  readonly resets: number;
  /** Values that went on in the groups. */
  readonly fallbacks: number;
  /** Steps of the NFA: bounded by the length of what was read times the size of the patterns. */
  readonly work: number;
}

export const DEFAULT_MAX_STATES = 8_000;
export const DEFAULT_NEW_STATES = 512;
const DEFAULT_MAX_GROUP_STATES = 1_000;
const DEFAULT_NEW_GROUP_STATES = 128;
const DEFAULT_GROUP_SIZE = 16;
const DEFAULT_RESET_INTERVAL_MS = 1_000;

/** A pattern that so many bytes match by themselves is matched by nearly every value. */
const EAGER_BYTES = 48;

/** Bytes that a string is turned into at a time. */
const CHUNK_BYTES = 16_384;
/** Shared by all matchers: a scan is never interrupted. */
const chunk = Buffer.allocUnsafe(CHUNK_BYTES) as Buffer & Latin1Writer;

/** Node's own method behind `write(…, 'latin1')`, without the cost of looking at its arguments. */
interface Latin1Writer {
  latin1Write(text: string, offset: number, length: number): number;
}

export class UnionMatcher {
  private readonly stepper: Stepper;
  private readonly main: LazyDfa;
  private readonly makeGroups: () => LazyDfa[];
  private readonly always: number[] = [];
  private readonly newStates: number;
  private readonly newGroupStates: number;
  private readonly isSingle: boolean;
  private groups: LazyDfa[] | undefined;
  private isSplit = false;
  private fallbacks = 0;

  constructor(patterns: readonly Node[], options: UnionOptions = {}) {
    this.stepper = new Stepper(buildNfa(patterns, { reverse: options.reverse === true }));
    this.newStates = options.newStates ?? DEFAULT_NEW_STATES;
    this.newGroupStates = options.newGroupStates ?? DEFAULT_NEW_GROUP_STATES;
    const limits = {
      resetIntervalMs: options.resetIntervalMs ?? DEFAULT_RESET_INTERVAL_MS,
      now: options.now ?? (() => performance.now()),
    };
    const wanted: number[] = [];
    for (const index of patterns.keys()) (this.stepper.matchesAlways(index) ? this.always : wanted).push(index);
    const eager = wanted.filter((index) => minLengthOf(patterns[index]!) <= 1 && this.matchesMostBytes(index));
    this.main = new LazyDfa(this.stepper, Int32Array.from(wanted), {
      ...limits,
      maxStates: options.maxStates ?? DEFAULT_MAX_STATES,
      eager: eager.slice(0, MAX_EAGER),
    });
    const size = options.groupSize ?? DEFAULT_GROUP_SIZE;
    this.isSingle = wanted.length <= size;
    this.makeGroups = () => {
      const maxStates = options.maxGroupStates ?? DEFAULT_MAX_GROUP_STATES;
      const ranges = Array.from({ length: Math.ceil(wanted.length / size) }, (_, i) => i * size);
      return ranges.map((at) => {
        const group = Int32Array.from(wanted.slice(at, at + size));
        return new LazyDfa(this.stepper, group, { ...limits, maxStates });
      });
    };
    this.beginRequest();
  }

  get stats(): UnionStats {
    const groups = this.groups ?? [];
    return {
      states: this.main.stateCount,
      groupStates: groups.reduce((sum, group) => sum + group.stateCount, 0),
      nfaStates: this.stepper.follow.nfa.op.length,
      bytes: groups.reduce((sum, group) => sum + group.bytes, this.main.bytes),
      resets: groups.reduce((sum, group) => sum + group.resets, this.main.resets),
      fallbacks: this.fallbacks,
      work: this.stepper.work,
    };
  }

  /** Gives the new states back that one request may cause. */
  beginRequest(): void {
    this.main.allowance = this.newStates;
    for (const group of this.groups ?? []) group.allowance = this.newGroupStates;
  }

  /** Sets the bit of every pattern that matches anywhere in a byte string. */
  scan(value: string, hits: Uint32Array): void {
    const { length } = value;
    this.begin(hits);
    if (length <= CHUNK_BYTES) {
      chunk.latin1Write(value, 0, length);
      this.finish(chunk, 0, length, hits);
      return;
    }
    let at = 0;
    for (; length - at > CHUNK_BYTES; at += CHUNK_BYTES) {
      chunk.latin1Write(value.slice(at, at + CHUNK_BYTES), 0, CHUNK_BYTES);
      this.feed(chunk, 0, CHUNK_BYTES, hits);
    }
    chunk.latin1Write(value.slice(at), 0, length - at);
    this.finish(chunk, 0, length - at, hits);
  }

  /** The same for the value that is bytes `from` to `to - 1`. */
  scanBytes(bytes: Uint8Array, from: number, to: number, hits: Uint32Array): void {
    this.begin(hits);
    this.finish(bytes, from, to, hits);
  }

  private matchesMostBytes(pattern: number): boolean {
    const { columnOf } = this.stepper.follow.alphabet;
    const only = Int32Array.of(pattern);
    const isMatched = (column: number) => this.stepper.restartOf(only, OTHER, column).accepted.length > 0;
    return columnOf.filter(isMatched).length >= EAGER_BYTES;
  }

  private begin(hits: Uint32Array): void {
    for (const pattern of this.always) hits[pattern >>> 5]! |= 1 << (pattern & 31);
    this.isSplit = false;
    this.main.begin();
  }

  private finish(bytes: Uint8Array, from: number, to: number, hits: Uint32Array): void {
    const { alphabet } = this.stepper.follow;
    if (to > from && bytes[to - 1] === 0x0a) {
      this.feed(bytes, from, to - 1, hits);
      this.take(alphabet.finalLf, hits);
    } else {
      this.feed(bytes, from, to, hits);
    }
    this.take(alphabet.edge, hits);
  }

  private feed(bytes: Uint8Array, from: number, to: number, hits: Uint32Array): void {
    let at = from;
    if (!this.isSplit) {
      at = this.main.feed(bytes, from, to, hits, this.isSingle);
      if (at === to) return;
      this.splitUp();
    }
    for (const group of this.groups!) group.feed(bytes, at, to, hits, true);
  }

  private take(column: number, hits: Uint32Array): void {
    if (!this.isSplit) {
      if (this.main.take(column, hits, this.isSingle)) return;
      this.splitUp();
    }
    for (const group of this.groups!) group.take(column, hits, true);
  }

  private splitUp(): void {
    if (!this.groups) {
      this.groups = this.makeGroups();
      for (const group of this.groups) group.allowance = this.newGroupStates;
    }
    this.isSplit = true;
    this.fallbacks++;
    for (const group of this.groups) group.beginAt(this.main);
  }
}

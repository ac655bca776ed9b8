// A deterministic automaton whose states are made when a value first needs them. A state is the set of NFA states
// after the last byte and the kind of that byte; what follows is worked out when the next byte is known, so that
// assertions need no states of their own. When the budget is used up it steps the NFA instead: slower, never wrong.
import { contextBit, EDGE, KINDS } from './context.ts';
import { grown } from './follow.ts';
import { ASSERT } from './nfa.ts';
import type { Restart, Stepper } from './stepper.ts';

export interface LazyDfaOptions {
  /**
   * Patterns that match nearly everything at its first byte. States remember which of them were matched and stop
   * looking for them; for all others that would cost more states than it saves. At most MAX_EAGER.
   */
  readonly eager?: readonly number[];
  /** Most states kept. When they are reached all are dropped, if that is not too soon after the last time. */
  readonly maxStates: number;
  /** Shortest time between two such drops. */
  readonly resetIntervalMs: number;
  /** The clock, in milliseconds. */
  readonly now: () => number;
}

/** As many as fit beside the kind of neighbour in a byte. */
export const MAX_EAGER = 5;
/** Bits of a state's context that hold the kind of the byte behind; those above say which eager patterns matched. */
const KIND_BITS = 3;
const KIND_MASK = (1 << KIND_BITS) - 1;

/** Cell of the table that is not worked out yet. Lower values name a record of the patterns matched on the way. */
const UNKNOWN = -1;

export class LazyDfa {
  /** States that may still be made before the next `allow`. */
  allowance = 0;
  resets = 0;
  private readonly stepper: Stepper;
  private readonly patterns: Int32Array;
  private readonly owns: Uint8Array;
  private readonly options: LazyDfaOptions;
  private readonly columnOf: Uint8Array;
  private readonly width: number;
  /** Kinds of neighbour that no state tells apart share a number. */
  private readonly behindOf: Uint8Array;
  private readonly eager: readonly number[];
  /** By context, then by column. */
  private readonly restarts: (Restart | undefined)[][] = [];

  private table: Int32Array = new Int32Array(0);
  private states = 0;
  private core: Int32Array = new Int32Array(1024);
  private coreUsed = 0;
  private readonly coreStart: Int32Array;
  private readonly contexts: Uint8Array;
  private readonly hashes: Int32Array;
  /** Hash table of states: index + 1, 0 where empty. */
  private readonly buckets: Int32Array;
  private recordTarget: number[] = [];
  private recordPatterns: Int32Array[] = [];
  private lastReset = -Infinity;

  /** The present state as a row of the table; -1 while the set of states is kept in `loose`. */
  private row = 0;
  private readonly loose: Int32Array;
  private looseCount = 0;
  private looseContext = 0;

  constructor(stepper: Stepper, patterns: Int32Array, options: LazyDfaOptions) {
    const { alphabet, nfa } = stepper.follow;
    this.stepper = stepper;
    this.patterns = patterns;
    this.options = options;
    this.eager = options.eager ?? [];
    this.columnOf = alphabet.columnOf;
    // Rows end on cache lines, an odd number of them, so that their first lines do not all fall into the same sets.
    this.width = ((Math.ceil(alphabet.columns / 16) | 1) * 16) | 0;
    this.owns = new Uint8Array(nfa.starts.length);
    for (const pattern of patterns) this.owns[pattern] = 1;
    this.behindOf = distinctKinds(
      nfa.arg.filter((_, state) => nfa.op[state] === ASSERT && this.owns[nfa.pattern[state]!] === 1),
    );
    this.loose = new Int32Array(nfa.op.length);
    this.coreStart = new Int32Array(options.maxStates + 2);
    this.contexts = new Uint8Array(options.maxStates + 1);
    this.hashes = new Int32Array(options.maxStates + 1);
    this.buckets = new Int32Array(2 ** Math.ceil(Math.log2(options.maxStates * 2 + 2)));
    this.clear();
  }

  get stateCount(): number {
    return this.states;
  }

  /** Bytes held by the tables. */
  get bytes(): number {
    return this.table.byteLength + this.core.byteLength + this.coreStart.byteLength + this.buckets.byteLength;
  }

  /** Begins a new value. */
  begin(): void {
    this.row = 0;
  }

  /** Continues from the states of this automaton's patterns that `other` has reached. */
  beginAt(other: LazyDfa): void {
    other.loosen();
    const { pattern } = this.stepper.follow.nfa;
    this.looseCount = 0;
    this.looseContext = this.behindOf[other.looseContext & KIND_MASK]!;
    for (let i = 0; i < other.looseCount; i++) {
      const state = other.loose[i]!;
      if (this.owns[pattern[state]!] === 1) this.loose[this.looseCount++] = state;
    }
    this.row = -1;
    this.stepper.load(this.loose, this.looseCount);
    this.settle(this.looseContext);
  }

  /**
   * Reads bytes `from` to `to - 1` and sets the bit of each pattern that is matched. Returns `to`, or, unless
   * `mayStep`, the first byte not read because a new state was needed and none is allowed.
   */
  feed(bytes: Uint8Array, from: number, to: number, hits: Uint32Array, mayStep: boolean): number {
    const { columnOf } = this;
    let i = from;
    while (i < to) {
      if (this.row >= 0) {
        // Nearly all time is spent in this loop: one load that waits for the one before, and one test.
        const { table } = this;
        let { row } = this;
        while (i < to) {
          const next = table[row + columnOf[bytes[i]!]!]!;
          if (next < 0) break;
          row = next;
          i++;
        }
        this.row = row;
        if (i === to) break;
      }
      if (!this.take(columnOf[bytes[i]!]!, hits, mayStep)) return i;
      i++;
    }
    return to;
  }

  /** Reads one column: what `feed` does for a byte. False when it needs a state that is not allowed. */
  take(column: number, hits: Uint32Array, mayStep: boolean): boolean {
    if (this.row < 0) {
      this.stepLoose(column, hits);
      return true;
    }
    const known = this.table[this.row + column]!;
    if (known >= 0) {
      this.row = known;
      return true;
    }
    if (known < UNKNOWN) {
      const record = -2 - known;
      setBits(this.recordPatterns[record]!, hits);
      this.row = this.recordTarget[record]!;
      return true;
    }
    return this.explore(column, hits, mayStep);
  }

  /** Works out an unknown cell. */
  private explore(column: number, hits: Uint32Array, mayStep: boolean): boolean {
    const { stepper, row, width } = this;
    const index = row / width;
    const context = this.contexts[index]!;
    const restart = this.restart(context, column);
    stepper.step(this.core, this.coreStart[index]!, this.coreStart[index + 1]!, context & KIND_MASK, column, restart);
    const after = this.contextAfter(context, column);
    let target = this.find(after);
    if (target < 0 && !this.mayAdd()) {
      if (!mayStep) return false;
      this.accept(hits);
      this.keepLoose(after);
      return true;
    }
    const generation = this.resets;
    if (target < 0) target = this.add(after);
    if (generation === this.resets) this.table[row + column] = this.cell(target);
    this.accept(hits);
    this.row = target * width;
    return true;
  }

  private stepLoose(column: number, hits: Uint32Array): void {
    const { stepper, looseContext } = this;
    const restart = this.restart(looseContext, column);
    stepper.step(this.loose, 0, this.looseCount, looseContext & KIND_MASK, column, restart);
    this.accept(hits);
    this.settle(this.contextAfter(looseContext, column));
  }

  /** Goes on in the table if the stepper's result is a state of it, else keeps the result as a set. */
  private settle(context: number): void {
    const index = this.find(context);
    if (index >= 0) this.row = index * this.width;
    else if (this.mayAdd()) this.row = this.add(context) * this.width;
    else this.keepLoose(context);
  }

  private keepLoose(context: number): void {
    const { stepper } = this;
    this.row = -1;
    this.looseCount = stepper.count;
    this.looseContext = context;
    for (let i = 0; i < stepper.count; i++) this.loose[i] = stepper.next[i]!;
  }

  private loosen(): void {
    if (this.row < 0) return;
    const index = this.row / this.width;
    const from = this.coreStart[index]!;
    this.looseCount = this.coreStart[index + 1]! - from;
    this.looseContext = this.contexts[index]!;
    for (let i = 0; i < this.looseCount; i++) this.loose[i] = this.core[from + i]!;
  }

  private cell(target: number): number {
    const { stepper } = this;
    if (stepper.acceptedCount === 0) return target * this.width;
    this.recordPatterns.push(stepper.accepted.slice(0, stepper.acceptedCount));
    return -1 - this.recordTarget.push(target * this.width);
  }

  private accept(hits: Uint32Array): void {
    const { accepted, acceptedCount } = this.stepper;
    for (let i = 0; i < acceptedCount; i++) hits[accepted[i]! >>> 5]! |= 1 << (accepted[i]! & 31);
  }

  /** The context after the stepper's step over a column. */
  private contextAfter(context: number, column: number): number {
    const { stepper, eager } = this;
    let matched = context & ~KIND_MASK;
    for (let i = 0; i < eager.length; i++) if (stepper.hasAccepted(eager[i]!)) matched |= 1 << (KIND_BITS + i);
    return matched | this.behindOf[stepper.follow.alphabet.kindOf[column]!]!;
  }

  private restart(context: number, column: number): Restart {
    let byColumn = this.restarts[context];
    if (byColumn === undefined) this.restarts[context] = byColumn = [];
    const known = byColumn[column];
    if (known !== undefined) return known;
    const isOpen = (pattern: number) => ((context >>> KIND_BITS) & (1 << this.eager.indexOf(pattern))) === 0;
    const patterns = context > KIND_MASK ? this.patterns.filter(isOpen) : this.patterns;
    const restart = this.stepper.restartOf(patterns, context & KIND_MASK, column);
    byColumn[column] = restart;
    return restart;
  }

  private find(context: number): number {
    const { buckets, stepper } = this;
    const mask = buckets.length - 1;
    for (let slot = (stepper.hash + context) & mask; buckets[slot] !== 0; slot = (slot + 1) & mask) {
      const index = buckets[slot]! - 1;
      const start = this.coreStart[index]!;
      if (this.hashes[index] !== stepper.hash || this.contexts[index] !== context) continue;
      if (this.coreStart[index + 1]! - start === stepper.count && stepper.isResult(this.core, start)) return index;
    }
    return -1;
  }

  private mayAdd(): boolean {
    if (this.allowance <= 0) return false;
    return this.states < this.options.maxStates || this.options.now() - this.lastReset >= this.options.resetIntervalMs;
  }

  private add(context: number): number {
    if (this.states >= this.options.maxStates) {
      this.lastReset = this.options.now();
      this.resets++;
      this.clear();
    }
    this.allowance--;
    return this.insert(this.stepper.next, this.stepper.count, this.stepper.hash, context);
  }

  /** Drops all states but the first: nothing read yet. */
  private clear(): void {
    this.states = 0;
    this.coreUsed = 0;
    this.buckets.fill(0);
    this.recordTarget = [];
    this.recordPatterns = [];
    this.insert(this.loose, 0, 0, this.behindOf[EDGE]!);
  }

  private insert(states: Int32Array, count: number, hash: number, context: number): number {
    const { width } = this;
    const index = this.states++;
    while (this.coreUsed + count > this.core.length) this.core = grown(this.core);
    for (let i = 0; i < count; i++) this.core[this.coreUsed++] = states[i]!;
    this.coreStart[index + 1] = this.coreUsed;
    this.contexts[index] = context;
    this.hashes[index] = hash;
    const mask = this.buckets.length - 1;
    let slot = (hash + context) & mask;
    while (this.buckets[slot] !== 0) slot = (slot + 1) & mask;
    this.buckets[slot] = index + 1;
    if (this.table.length < this.states * width) {
      const table = new Int32Array(Math.min(this.options.maxStates + 1, Math.max(16, this.states * 2)) * width);
      table.set(this.table);
      this.table = table;
    }
    this.table.fill(UNKNOWN, index * width, this.states * width);
    return index;
  }
}

function setBits(patterns: Int32Array, hits: Uint32Array): void {
  for (let i = 0; i < patterns.length; i++) hits[patterns[i]! >>> 5]! |= 1 << (patterns[i]! & 31);
}

/** For each kind of neighbour the first kind that every mask treats alike. */
function distinctKinds(masks: Int32Array): Uint8Array {
  const rowOf = (mask: number, kind: number) => (mask >>> (kind * KINDS)) & (contextBit(1, 0) - 1);
  const isAlike = (a: number, b: number) => masks.every((mask) => rowOf(mask, a) === rowOf(mask, b));
  const kinds = Uint8Array.from({ length: KINDS }, (_, kind) => kind);
  return kinds.map((kind) => kinds.find((other) => isAlike(kind, other))!);
}

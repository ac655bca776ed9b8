// A deterministic automaton whose states are made when a value first needs them. A state is the set of NFA states
// after the last byte and the kind of that byte; what follows is worked out when the next byte is known, so that
// assertions need no states of their own. When the budget is used up it steps the NFA instead: slower, never wrong.
import { type Columns, columnsOf } from './columns.ts';
import type { Allowance, LazyDfaOptions } from './dfa-options.ts';
import { LooseStates } from './loose-states.ts';
import { StateContexts } from './state-context.ts';
import { StateStore } from './state-store.ts';
import type { Stepper } from './stepper.ts';

/** Cell of the table that is not worked out yet. Lower values name a record of the patterns matched on the way. */
const UNKNOWN = -1;

/** Rows of so many columns are the large automaton's. */
const LONG_ROW = 64;

export class LazyDfa {
  resets = 0;
  /** The present state as a row of the table; -1 while its set of states is kept in `loose`. Read by lanes.ts. */
  row = 0;
  /** Next row by row + column; negative where `take` must be asked. Read by lanes.ts. */
  table: Int32Array = new Int32Array(0);
  private readonly allowance: Allowance;
  private readonly stepper: Stepper;
  private readonly owns: Uint8Array;
  private readonly options: LazyDfaOptions;
  /** Column of each byte. Read by lanes.ts and words.ts. */
  readonly columnOf: Uint8Array;
  private readonly columns: Columns;
  private readonly width: number;
  private readonly contexts: StateContexts;

  private readonly store = new StateStore();
  private recordTarget: number[] = [];
  private recordPatterns: Int32Array[] = [];
  private lastReset = -Infinity;
  /** Whether it was found for the value in hand that no states may be dropped yet. */
  private isFull = false;

  private readonly loose = new LooseStates();

  constructor(stepper: Stepper, patterns: Int32Array, allowance: Allowance, options: LazyDfaOptions) {
    const { nfa } = stepper.follow;
    this.stepper = stepper;
    this.allowance = allowance;
    this.options = options;
    this.columns = columnsOf(stepper, patterns);
    this.columnOf = this.columns.ofByte;
    const { count } = this.columns;
    // Long rows end on cache lines, an odd number of them, so that their first lines do not all fall into the same sets.
    this.width = count < LONG_ROW ? count : ((Math.ceil(count / 16) | 1) * 16) | 0;
    this.owns = new Uint8Array(nfa.starts.length);
    for (const pattern of patterns) this.owns[pattern] = 1;
    this.contexts = new StateContexts(stepper, patterns, options.eager);
    this.clear();
  }

  get stateCount(): number {
    return this.store.count;
  }

  /** Bytes held by the tables. */
  get bytes(): number {
    return this.table.byteLength + this.store.bytes;
  }

  /** Whether the request in hand may still cause new states here. */
  get mayGrow(): boolean {
    return this.allowance.states > 0;
  }

  /** Whether nothing that was read belongs to a match that has begun. */
  get isClear(): boolean {
    const { starts } = this.store;
    const index = this.row / this.width;
    return this.row < 0 ? this.loose.count === 0 : starts[index + 1] === starts[index];
  }

  /** Begins a new value. */
  begin(): void {
    this.row = 0;
    this.isFull = false;
  }

  /** Continues from the states of this automaton's patterns that `other` has reached. */
  beginAt(other: LazyDfa): void {
    other.loosen();
    const { pattern } = this.stepper.follow.nfa;
    const { loose, owns, contexts } = this;
    loose.begin(contexts.ofKind(contexts.kindOf(other.loose.context)), other.loose.count);
    for (let i = 0; i < other.loose.count; i++) {
      const state = other.loose.states[i]!;
      if (owns[pattern[state]!] === 1) loose.states[loose.count++] = state;
    }
    this.row = -1;
    this.isFull = false;
    this.stepper.load(loose.states, loose.count);
    this.settle(loose.context);
  }

  /**
   * Reads bytes `from` to `to - 1` and sets the bit of each pattern that is matched. Returns `to`, or, unless
   * it may step, the first byte not read because a new state was needed and none is allowed.
   */
  feed(bytes: Uint8Array, from: number, to: number, hits: Uint32Array): number {
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
      if (!this.takeOwn(columnOf[bytes[i]!]!, hits)) return i;
      i++;
    }
    return to;
  }

  /** Reads one column of the shared alphabet: what `feed` does for a byte. False when it needs a state that is not allowed. */
  take(column: number, hits: Uint32Array): boolean {
    return this.takeOwn(this.columns.ofShared[column]!, hits);
  }

  /** The same for a column of its own. */
  takeOwn(column: number, hits: Uint32Array): boolean {
    if (this.row < 0) {
      if (!this.options.mayStep) return false;
      this.stepLoose(this.columns.shared[column]!, hits);
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
    return this.explore(column, hits);
  }

  /** Works out an unknown cell. */
  private explore(column: number, hits: Uint32Array): boolean {
    // Whoever hands over anyway need not find out that the state is new: for many patterns that is dear.
    if (!this.options.mayStep && this.allowance.states <= 0) return false;
    const { stepper, store, contexts, row, width } = this;
    const index = row / width;
    const context = store.contexts[index]!;
    const shared = this.columns.shared[column]!;
    const restart = contexts.restart(context, shared);
    const kind = contexts.kindOf(context);
    stepper.step(store.sets, store.starts[index]!, store.starts[index + 1]!, kind, shared, restart);
    const after = contexts.after(context, shared);
    let target = store.find(stepper, after);
    if (target < 0 && !this.mayAdd()) {
      if (!this.options.mayStep) return false;
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

  private stepLoose(shared: number, hits: Uint32Array): void {
    const { stepper, contexts } = this;
    const { states, count, context } = this.loose;
    const restart = contexts.restart(context, shared);
    stepper.step(states, 0, count, contexts.kindOf(context), shared, restart);
    this.accept(hits);
    this.settle(contexts.after(context, shared));
  }

  /** Goes on in the table if the stepper's result is a state of it, else keeps the result as a set. */
  private settle(context: number): void {
    const index = this.store.find(this.stepper, context);
    if (index >= 0) this.row = index * this.width;
    else if (this.mayAdd()) this.row = this.add(context) * this.width;
    else this.keepLoose(context);
  }

  private keepLoose(context: number): void {
    this.row = -1;
    this.loose.set(context, this.stepper.next, 0, this.stepper.count);
  }

  private loosen(): void {
    if (this.row < 0) return;
    const { sets, starts, contexts } = this.store;
    const index = this.row / this.width;
    this.loose.set(contexts[index]!, sets, starts[index]!, starts[index + 1]!);
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

  private mayAdd(): boolean {
    if (this.allowance.states <= 0) return false;
    return this.store.count < this.options.maxStates || this.mayReset();
  }

  /** The clock is asked once for each value: too little time passes while one is read. */
  private mayReset(): boolean {
    if (this.isFull) return false;
    this.isFull = this.options.now() - this.lastReset < this.options.resetIntervalMs;
    return !this.isFull;
  }

  private add(context: number): number {
    if (this.store.count >= this.options.maxStates) {
      this.lastReset = this.options.now();
      this.resets++;
      this.clear();
    }
    this.allowance.states--;
    return this.insert(this.stepper.next, this.stepper.count, this.stepper.hash, context);
  }

  /** Drops all states but the first: nothing read yet. */
  private clear(): void {
    this.store.clear();
    this.recordTarget = [];
    this.recordPatterns = [];
    this.insert(this.loose.states, 0, 0, this.contexts.first);
  }

  private insert(states: Int32Array, count: number, hash: number, context: number): number {
    const { store, width, options } = this;
    const index = store.insert(states, count, hash, context);
    if (this.table.length < store.count * width) {
      const table = new Int32Array(Math.min(options.maxStates + 1, Math.max(16, store.count * 2)) * width);
      table.set(this.table);
      this.table = table;
    }
    this.table.fill(UNKNOWN, index * width, store.count * width);
    return index;
  }
}

function setBits(patterns: Int32Array, hits: Uint32Array): void {
  for (let i = 0; i < patterns.length; i++) hits[patterns[i]! >>> 5]! |= 1 << (patterns[i]! & 31);
}

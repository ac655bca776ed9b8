// One byte's step of a set of automaton states: the whole work of making a new state of the lazy automaton, and of
// matching without one. It allocates nothing, so its cost is the number of entries it looks at.
import { ANYWHERE, contextBit, KINDS } from './context.ts';
import { FollowTable } from './follow.ts';
import { ASSERT, BYTE, type Nfa } from './nfa.ts';

/** States and patterns reached from the first states of patterns over one column. */
export interface Restart {
  readonly states: Int32Array;
  readonly accepted: Int32Array;
}

/** The same for all patterns: the states of pattern `p` end at `ends[p + 1]`. */
interface RestartOfAll {
  readonly states: Int32Array;
  readonly ends: Int32Array;
  readonly matched: Uint8Array;
}

const NONE = new Int32Array(0);
const NO_RESTART: Restart = { states: NONE, accepted: NONE };

export interface StepperOptions {
  /** Keep the first states of patterns where a way leads back to them: only then no states mean that nothing has begun. */
  readonly keepStarts?: boolean;
}

/** Shared by the automata over one NFA; holds the result of the last step. */
export class Stepper {
  readonly follow: FollowTable;
  /** The states reached: `next[0]` to `next[count - 1]`, in no order, and their hash, which needs no order. */
  readonly next: Int32Array;
  count = 0;
  hash = 0;
  /** The patterns matched by the step. */
  readonly accepted: Int32Array;
  acceptedCount = 0;
  /** Entries looked at so far: the measure that tests use to show that matching is linear. */
  work = 0;
  private readonly mark: Int32Array;
  private readonly acceptedMark: Int32Array;
  private readonly isStart: Uint8Array;
  private readonly assertions: readonly Set<number>[];
  /** By pattern the numbers of the sets that it looks for. */
  private readonly sets: readonly Set<number>[];
  private readonly keepStarts: boolean;
  private stamp = 0;
  private readonly restarts: (RestartOfAll | undefined)[] = [];

  constructor(nfa: Nfa, options: StepperOptions = {}) {
    this.follow = new FollowTable(nfa);
    this.keepStarts = options.keepStarts === true;
    this.next = new Int32Array(nfa.op.length);
    this.mark = new Int32Array(nfa.op.length);
    this.accepted = new Int32Array(nfa.starts.length);
    this.acceptedMark = new Int32Array(nfa.starts.length);
    this.isStart = new Uint8Array(nfa.op.length);
    for (const start of nfa.starts) this.isStart[start] = 1;
    this.assertions = Array.from(nfa.starts, () => new Set<number>());
    this.sets = Array.from(nfa.starts, () => new Set<number>());
    nfa.op.forEach((op, state) => {
      if (op === ASSERT) this.assertions[nfa.pattern[state]!]!.add(nfa.arg[state]!);
      else if (op === BYTE) this.sets[nfa.pattern[state]!]!.add(nfa.arg[state]!);
    });
  }

  /**
   * Steps states `core[from]` to `core[to - 1]` over a column, `behind` being the kind of the byte before.
   * States of a pattern that is matched here are dropped: the match is reported, and a later one begins anew.
   */
  step(core: Int32Array, from: number, to: number, behind: number, column: number, restart: Restart): void {
    const { follow, mark, next, isStart, keepStarts } = this;
    const { nfa, alphabet, accept } = follow;
    const { members } = alphabet;
    const bit = contextBit(behind, alphabet.kindOf[column]!);
    const stamp = this.begin();
    let count = 0;
    for (let i = 0; i < restart.accepted.length; i++) this.acceptPattern(restart.accepted[i]!, stamp);
    for (let i = 0; i < restart.states.length; i++) {
      const state = restart.states[i]!;
      mark[state] = stamp;
      next[count++] = state;
    }
    for (let i = from; i < to; i++) {
      const state = core[i]!;
      if (follow.from[state] === -1) follow.expand(state);
      if ((accept[state]! & bit) !== 0) this.acceptPattern(nfa.pattern[state]!, stamp);
      const end = follow.to[state]!;
      const { cells, masks } = follow;
      this.work += end - follow.from[state]! + 1;
      for (let entry = follow.from[state]!; entry < end; entry++) {
        if (members[cells[entry]! + column] === 0 || (masks[entry]! & bit) === 0) continue;
        const target = follow.next[entry]!;
        if (mark[target] === stamp) continue;
        mark[target] = stamp;
        if (isStart[target] !== 0 && !keepStarts) continue;
        if (follow.isFinal(target)) this.acceptPattern(nfa.pattern[target]!, stamp);
        else next[count++] = target;
      }
    }
    this.work += restart.states.length + 1;
    this.count = this.acceptedCount === 0 ? count : this.dropMatched(count, stamp);
    this.hash = this.hashNext();
  }

  /** Whether the last step matched the pattern. */
  hasAccepted(pattern: number): boolean {
    return this.acceptedMark[pattern] === this.stamp;
  }

  /** The context masks that the given patterns ask for. */
  assertionsOf(patterns: Int32Array): number[] {
    const masks = new Set<number>();
    for (const pattern of patterns) for (const mask of this.assertions[pattern]!) masks.add(mask);
    return [...masks];
  }

  /** The numbers of the sets of bytes that the given patterns look for. */
  setsOf(patterns: Int32Array): Set<number> {
    const sets = new Set<number>();
    for (const pattern of patterns) for (const set of this.sets[pattern]!) sets.add(set);
    return sets;
  }

  /** What the first states of the given patterns reach; `behind` and `column` as for `step`. */
  restartOf(patterns: Int32Array, behind: number, column: number): Restart {
    // One pattern's are kept by whoever asks: hundreds of patterns have a stepper of their own.
    if (this.follow.nfa.starts.length === 1) {
      this.step(this.follow.nfa.starts, 0, patterns.length, behind, column, NO_RESTART);
      return restartFrom(this.next.subarray(0, this.count), this.accepted.subarray(0, this.acceptedCount));
    }
    const { states, ends, matched } = this.restartOfAll(behind, column);
    const parts: number[] = [];
    const accepted: number[] = [];
    for (const pattern of patterns) {
      for (let i = ends[pattern]!; i < ends[pattern + 1]!; i++) parts.push(states[i]!);
      if (matched[pattern] === 1) accepted.push(pattern);
    }
    return restartFrom(parts, accepted);
  }

  private restartOfAll(behind: number, column: number): RestartOfAll {
    const key = column * KINDS + behind;
    const known = this.restarts[key];
    if (known !== undefined) return known;
    const { starts } = this.follow.nfa;
    const states: number[] = [];
    const ends = new Int32Array(starts.length + 1);
    const matched = new Uint8Array(starts.length);
    for (let pattern = 0; pattern < starts.length; pattern++) {
      this.step(starts, pattern, pattern + 1, behind, column, NO_RESTART);
      for (let i = 0; i < this.count; i++) states.push(this.next[i]!);
      ends[pattern + 1] = states.length;
      matched[pattern] = this.acceptedCount;
    }
    const restart = { states: Int32Array.from(states), ends, matched };
    this.restarts[key] = restart;
    return restart;
  }

  /** Takes a given set of states as the result, so that it can be looked up or stored. */
  load(states: Int32Array, count: number): void {
    const stamp = this.begin();
    for (let i = 0; i < count; i++) {
      this.next[i] = states[i]!;
      this.mark[states[i]!] = stamp;
    }
    this.count = count;
    this.hash = this.hashNext();
  }

  /** True when `states` from `from` on, as many as the result holds, are the result. */
  isResult(states: Int32Array, from: number): boolean {
    const end = from + this.count;
    for (let i = from; i < end; i++) if (this.mark[states[i]!] !== this.stamp) return false;
    return true;
  }

  /** True when the pattern matches every value, whatever it holds. */
  matchesAlways(pattern: number): boolean {
    const start = this.follow.nfa.starts[pattern]!;
    return this.follow.isFinal(start) || (this.follow.accept[start]! & START_BITS) === START_BITS;
  }

  private begin(): number {
    this.acceptedCount = 0;
    if (this.stamp === 0x7fffffff) {
      this.mark.fill(0);
      this.acceptedMark.fill(0);
      this.stamp = 0;
    }
    return ++this.stamp;
  }

  private acceptPattern(pattern: number, stamp: number): void {
    if (this.acceptedMark[pattern] === stamp) return;
    this.acceptedMark[pattern] = stamp;
    this.accepted[this.acceptedCount++] = pattern;
  }

  private dropMatched(count: number, stamp: number): number {
    const { next, mark, acceptedMark } = this;
    const { pattern } = this.follow.nfa;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const state = next[i]!;
      if (acceptedMark[pattern[state]!] === stamp) mark[state] = 0;
      else next[kept++] = state;
    }
    return kept;
  }

  private hashNext(): number {
    let hash = this.count;
    for (let i = 0; i < this.count; i++) {
      let mixed = Math.imul(this.next[i]! + 0x3c6ef372, 0x85ebca6b);
      mixed ^= mixed >>> 15;
      hash = (hash + Math.imul(mixed, 0xc2b2ae35)) | 0;
    }
    return hash ^ (hash >>> 16);
  }
}

/** Small arrays take a hundred times their bytes, and most of these are empty. */
function restartFrom(states: ArrayLike<number>, accepted: ArrayLike<number>): Restart {
  if (states.length === 0 && accepted.length === 0) return NO_RESTART;
  return { states: copyOf(states), accepted: copyOf(accepted) };
}

function copyOf(numbers: ArrayLike<number>): Int32Array {
  return numbers.length === 0 ? NONE : Int32Array.from(numbers);
}

/** Every context in which a value begins. */
const START_BITS = ANYWHERE & 31;

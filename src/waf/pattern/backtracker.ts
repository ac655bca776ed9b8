// Runs patterns that no automaton can: lookaround, atomic groups, backreferences. It tries one way after another as
// PCRE does, but what has failed at a place is not tried there again, and a search ends after a fixed number of steps.
import { analysePattern } from './analysis.ts';
import type { ByteSet } from './byte-set.ts';
import { CaptureLog } from './capture-log.ts';
import { contextBit, EDGE } from './context.ts';
import { firstBytesOf } from './first-bytes.ts';
import { ASSERT, ATOMIC, BEHIND, BYTE, LOOK, MATCH, MAX_GROUP, NEGATED, REFERENCE, SAVE, SAVES, SPLIT } from './nfa.ts';
import type { Node, Term } from './node.ts';
import { type Program, programOf } from './program.ts';
import { referencesOf } from './relax.ts';

/** Steps of one search with backreferences, which could take any time: some 10 ms. */
export const MAX_REFERENCE_STEPS = 600_000;
/** Steps of one search without: they grow with the value's length times the pattern's size, and this is the end. */
export const MAX_STEPS = 2_000_000;
/** Pairs of a state and a place that are remembered: 8 MiB, shared by all patterns. Places behind are not remembered. */
const MAX_MEMO = 2_097_152;
/** Ways left open at a time: at most 16 MiB, shared by all patterns. */
const MAX_WAYS = 1_048_576;

const FAILED = -1;
const GAVE_UP = -2;
/** Numbers that each open way takes: state, place, lengths of the two logs. */
const WAY = 4;

/** The answer when the steps were not enough. */
export const UNKNOWN = 'unknown';

/** Room that all searches share: one never begins within another. It grows to its bounds and no further. */
let memo = new Int32Array(4_096);
let ways = new Int32Array(4_096);

export class Backtracker {
  /** Steps taken so far, in all searches. */
  steps = 0;
  private readonly term: Term;
  private readonly references: ReadonlySet<number>;
  /** Bytes with which a match can begin; undefined: a match may take no byte. */
  private readonly firstBytes: ByteSet | undefined;
  private readonly isAnchored: boolean;
  private testProgram: Program | undefined;
  private execProgram: Program | undefined;

  private program!: Program;
  private value = '';
  private base = 0;
  private window = 0;
  private lastStep = 0;
  private height = 0;
  private readonly captures = new CaptureLog();
  /** Memo cells passed on the way that is being tried, of the inner patterns under way. */
  private readonly trail: number[] = [];

  /** `relaxed` is the plain pattern that matches wherever `term` does. */
  constructor(term: Term, relaxed: Node) {
    this.term = term;
    this.references = referencesOf(term);
    this.firstBytes = firstBytesOf(relaxed);
    this.isAnchored = analysePattern(relaxed).anchoredStart;
  }

  /** Whether a match begins at `from` or later. */
  test(value: string, from: number): boolean | typeof UNKNOWN {
    this.testProgram ??= programOf(this.term, this.references);
    const found = this.search(this.testProgram, value, from);
    return found === UNKNOWN ? UNKNOWN : found !== undefined;
  }

  /** The match that PCRE would find at `from` or later: offsets as of Pattern.exec. */
  exec(value: string, from: number): Int32Array | undefined | typeof UNKNOWN {
    this.execProgram ??= programOf(this.term, ALL_GROUPS);
    return this.search(this.execProgram, value, from);
  }

  private search(program: Program, value: string, from: number): Int32Array | undefined | typeof UNKNOWN {
    this.program = program;
    this.value = value;
    this.begin(from);
    const { firstBytes } = this;
    const entry = program.nfa.starts[0]!;
    const last = this.isAnchored ? 0 : value.length;
    for (let start = from; start <= last; start++) {
      if (firstBytes !== undefined && (start === value.length || !firstBytes.has(value.charCodeAt(start)))) continue;
      const end = this.run(entry, start, 0, false);
      if (end === GAVE_UP) return UNKNOWN;
      if (end !== FAILED) return this.captures.offsets(start, end);
    }
    return undefined;
  }

  private begin(from: number): void {
    const { count } = this.program.plan;
    this.base = from;
    this.window = count === 0 ? 0 : Math.min(this.value.length - from + 1, Math.floor(MAX_MEMO / count));
    const cells = this.window * count;
    if (memo.length < cells) memo = new Int32Array(Math.min(MAX_MEMO, cells * 2));
    else memo.fill(0, 0, cells);
    this.lastStep = this.steps + (this.references.size > 0 ? MAX_REFERENCE_STEPS : MAX_STEPS);
    this.height = 0;
    this.captures.clear();
    this.trail.length = 0;
  }

  /**
   * The end of the preferred match of the pattern that begins with state `entry`, from place `from`; FAILED or GAVE_UP.
   * `isInner`: what is found is remembered, too, unless groups are set within that someone may read.
   */
  private run(entry: number, from: number, bits: number, isInner: boolean): number {
    const { nfa, plan, alphabet } = this.program;
    const { columnOf, columns, members } = alphabet;
    const { op, arg, out, branches } = nfa;
    const { value, trail, captures } = this;
    const isBackward = (bits & BEHIND) !== 0;
    const floor = this.height;
    const trailFloor = trail.length;
    const captureFloor = captures.length;
    let state = entry;
    let at = from;
    for (;;) {
      if (++this.steps > this.lastStep) return GAVE_UP;
      let next = FAILED;
      const known = plan.numberOf[state]! < 0 ? 0 : this.recall(state, at, isInner);
      if (known > 0) return this.finish(known - 1, bits, floor, trailFloor);
      if (known === 0) {
        const out0 = out[state]!;
        switch (op[state]) {
          case BYTE: {
            const place = isBackward ? at - 1 : at;
            if (place < 0 || place >= value.length) break;
            if (members[arg[state]! * columns + columnOf[value.charCodeAt(place)]!] === 0) break;
            at = isBackward ? place : at + 1;
            next = out0;
            break;
          }
          case SPLIT:
            next = this.open(state, at, isBackward);
            if (next === GAVE_UP) return GAVE_UP;
            break;
          case ASSERT: {
            const before = this.kindAt(at - 1);
            const after = this.kindAt(at);
            const bit = isBackward ? contextBit(after, before) : contextBit(before, after);
            if ((arg[state]! & bit) !== 0) next = out0;
            break;
          }
          case SAVE:
            captures.save(arg[state]!, at);
            next = out0;
            break;
          case LOOK: {
            const flags = arg[state]!;
            const before = captures.length;
            const end = this.run(branches[out0]!, at, flags, true);
            if (end === GAVE_UP) return GAVE_UP;
            if ((flags & NEGATED) !== 0) captures.restore(before);
            if ((end === FAILED) === ((flags & NEGATED) !== 0)) next = branches[out0 + 1]!;
            break;
          }
          case ATOMIC: {
            const end = this.run(branches[out0]!, at, arg[state]! | (bits & BEHIND), true);
            if (end === GAVE_UP) return GAVE_UP;
            if (end === FAILED) break;
            next = branches[out0 + (end === at ? 2 : 1)]!;
            at = end;
            break;
          }
          case REFERENCE: {
            // A group that took no part fails, as in PCRE.
            const length = captures.lengthOf(arg[state]!);
            this.steps += Math.max(length, 0) >> 3;
            if (length < 0 || !captures.isRepeated(arg[state]!, value, at)) break;
            next = branches[out0 + (length === 0 ? 1 : 0)]!;
            at += length;
            break;
          }
          case MATCH:
            return this.finish(at, bits, floor, trailFloor);
        }
      }
      if (next !== FAILED) {
        state = next;
        continue;
      }
      if (this.height === floor) {
        trail.length = trailFloor;
        captures.restore(captureFloor);
        return FAILED;
      }
      this.height -= WAY;
      state = ways[this.height]!;
      at = ways[this.height + 1]!;
      captures.restore(ways[this.height + 2]!);
      if (trail.length > ways[this.height + 3]!) trail.length = ways[this.height + 3]!;
    }
  }

  /**
   * What is known of a state at a place: 0 nothing, FAILED, or one more than the end that was found from there. What is
   * not known counts as failed from now on, until it is found to succeed.
   */
  private recall(state: number, at: number, isInner: boolean): number {
    const { numberOf, count } = this.program.plan;
    const place = at - this.base;
    if (place < 0 || place >= this.window) return 0;
    const cell = place * count + numberOf[state]!;
    const known = memo[cell]!;
    if (known !== 0) return known;
    memo[cell] = FAILED;
    if (isInner) this.trail.push(cell);
    return 0;
  }

  /** Ends an inner pattern, or the whole: the ways left open are given up, and the way taken is remembered. */
  private finish(end: number, bits: number, floor: number, trailFloor: number): number {
    const { trail } = this;
    const value = (bits & SAVES) === 0 || (bits & NEGATED) !== 0 ? end + 1 : 0;
    for (let i = trailFloor; i < trail.length; i++) memo[trail[i]!] = value;
    trail.length = trailFloor;
    this.height = floor;
    return end;
  }

  /** The first branch of a SPLIT that may go on; the others that may are left open. FAILED: none; GAVE_UP: no room. */
  private open(split: number, at: number, isBackward: boolean): number {
    const { nfa, alphabet, opens } = this.program;
    const { arg, out, branches } = nfa;
    const { columns } = alphabet;
    const first = out[split]!;
    const count = arg[split]!;
    const needed = this.height + count * WAY;
    if (needed > ways.length && !makeRoom(needed)) return GAVE_UP;
    this.steps += count >> 2;
    const column = this.columnAt(isBackward ? at - 1 : at);
    let next = FAILED;
    for (let i = count - 1; i >= 0; i--) {
      const state = branches[first + i]!;
      if (opens[state * columns + column] === 0) continue;
      if (next !== FAILED) {
        ways[this.height] = next;
        ways[this.height + 1] = at;
        ways[this.height + 2] = this.captures.length;
        ways[this.height + 3] = this.trail.length;
        this.height += WAY;
      }
      next = state;
    }
    return next;
  }

  private kindAt(at: number): number {
    return at < 0 ? EDGE : this.program.alphabet.kindOf[this.columnAt(at)]!;
  }

  private columnAt(at: number): number {
    const { value } = this;
    const { columnOf, edge, finalLf } = this.program.alphabet;
    if (at < 0 || at >= value.length) return edge;
    const byte = value.charCodeAt(at);
    return byte === 0x0a && at === value.length - 1 ? finalLf : columnOf[byte]!;
  }
}

const ALL_GROUPS = Array.from({ length: MAX_GROUP }, (_, i) => i + 1);

function makeRoom(needed: number): boolean {
  if (needed > MAX_WAYS * WAY) return false;
  const more = new Int32Array(Math.min(MAX_WAYS * WAY, needed * 2));
  more.set(ways);
  ways = more;
  return true;
}

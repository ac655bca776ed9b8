// Finds the match a backtracking engine would find first, with its groups, in linear time. All ways through the
// pattern advance together, ordered by preference (Pike's machine); what a byte does to them is worked out once and
// kept, so that most bytes cost one look-up. Run only for rules that hit.
import { type Alphabet, buildAlphabet } from './alphabet.ts';
import { contextBit, EDGE } from './context.ts';
import { CHUNK_BYTES, chunk, latin1Chunk } from './latin1.ts';
import { BYTE, MATCH, type Nfa, SAVE, SPLIT } from './nfa.ts';
import { NEW, SLOTS, SlotRows, setSlots } from './slot-rows.ts';
import { type Move, type Stage, StageStore } from './stages.ts';

/** Moves that are made in any case; after that a run may add one for so many bytes: few are worth their price. */
const FREE_MOVES = 64;
const BYTES_PER_MOVE = 32;
/** Bytes read without stages before it is tried again with them. */
const LOOSE_BYTES = 64;
/** Steps that a search may take when nothing is left of its allowance. */
const MIN_STEPS = 1_024;

/** Steps that all searches for one purpose may take together. */
export interface StepAllowance {
  steps: number;
}

export class SubmatchMachine {
  /** Bytes read and NFA states looked at so far: the measure that tests use to show that matching is linear. */
  work = 0;
  private readonly nfa: Nfa;
  private readonly alphabet: Alphabet;
  private readonly slots: SlotRows;
  private readonly stages = new StageStore();
  private readonly mark: Int32Array;
  private readonly targetMark: Int32Array;
  private readonly stack: Int32Array;
  private stamp = 0;

  /** What `follow` found: the ways after a column, where they come from, what they save, and the match before it. */
  private threads: Int32Array;
  private previous: Int32Array;
  private readonly sources: Int32Array;
  private readonly saves: Int32Array;
  private count = 0;
  private isMatch = false;
  private matched = NEW;
  private matchedSaves = 0;
  /** The match that the run in hand prefers so far. */
  private found: Int32Array | undefined;

  /** Steps of the search in hand: the same for the same value, whatever is known from earlier ones. */
  private taken = 0;
  /** Where `readLoose` has ended. */
  private place = 0;

  /** The places of the value that `chunk` holds: from `base` up to `limit`. */
  private base = 0;
  private limit = 0;

  /** `nfa` holds one pattern, built with captures. */
  constructor(nfa: Nfa) {
    const states = nfa.op.length;
    this.nfa = nfa;
    this.alphabet = buildAlphabet(nfa.sets);
    this.mark = new Int32Array(states);
    this.targetMark = new Int32Array(states);
    this.stack = new Int32Array((states + nfa.branches.length + 1) * 2);
    this.threads = new Int32Array(states);
    this.previous = new Int32Array(states);
    this.sources = new Int32Array(states);
    this.saves = new Int32Array(states);
    this.slots = new SlotRows(
      nfa.arg.reduce((most, slot, state) => (nfa.op[state] === SAVE && slot >= most ? slot + 1 : most), 2),
    );
  }

  /** The preferred match that begins at `start`; undefined if there is none. */
  exec(value: string, start: number): Int32Array | undefined {
    this.limit = 0;
    return this.run(value, start, this.stages.get(this.nfa.starts, 1, this.kindBefore(value, start), false), Infinity);
  }

  /**
   * The first match that begins at `from` or later; undefined if there is none. With an allowance the search ends when
   * it has taken too many steps: the answer is then the part of the match that is certain, or what was read of it.
   */
  search(value: string, from: number, allowance?: StepAllowance): Int32Array | undefined {
    this.limit = 0;
    const first = this.stages.get([], 0, this.kindBefore(value, from), true);
    if (allowance === undefined) return this.run(value, from, first, Infinity);
    const found = this.run(value, from, first, Math.max(MIN_STEPS, allowance.steps));
    allowance.steps -= this.taken;
    return found;
  }

  private run(value: string, from: number, first: Stage, mostSteps: number): Int32Array | undefined {
    let newMoves = 0;
    this.taken = 0;
    let stage = first;
    this.found = undefined;
    this.slots.begin();
    for (let at = from; (stage.isOpen || stage.threads.length > 0) && at <= value.length; ) {
      if (this.taken > mostSteps) return this.found ?? this.cutAt(at, stage.threads.length);
      const column = this.columnAt(value, at);
      let move = stage.moves[column];
      if (move === undefined) {
        if (this.stages.made >= FREE_MOVES && newMoves >= (at - from) / BYTES_PER_MOVE) {
          const end = Math.min(at + LOOSE_BYTES, value.length + 1);
          stage = this.readLoose(value, at, end, stage, mostSteps);
          at = this.place;
          continue;
        }
        newMoves++;
        move = this.explore(stage, column);
      }
      if (move.isMatch) this.match(at, move.matched, move.matchedSaves);
      if (!move.keepsAll) this.slots.apply(move.sources, move.saves, move.sources.length, at);
      this.taken += 1 + stage.threads.length;
      stage = move.target;
      this.work++;
      at++;
    }
    return this.found;
  }

  /** Reads from `from` up to `to`, or `place`, without keeping what it learns; returns the stage after that. */
  private readLoose(value: string, from: number, to: number, stage: Stage, mostSteps: number): Stage {
    let { behind, isOpen } = stage;
    let count = stage.threads.length;
    this.threads.set(stage.threads);
    let at = from;
    for (; (isOpen || count > 0) && at < to && this.taken <= mostSteps; at++) {
      this.taken += 1 + count;
      const column = this.columnAt(value, at);
      const current = this.threads;
      this.threads = this.previous;
      this.previous = current;
      this.follow(current, count, behind, isOpen, column);
      if (this.isMatch) this.match(at, this.matched, this.matchedSaves);
      this.slots.apply(this.sources, this.saves, this.count, at);
      count = this.count;
      behind = this.alphabet.kindOf[column]!;
      isOpen &&= !this.isMatch;
      this.work++;
    }
    this.place = at;
    return this.stages.get(this.threads, count, behind, isOpen);
  }

  private match(at: number, thread: number, saves: number): void {
    this.found ??= new Int32Array(SLOTS).fill(-1);
    this.slots.copy(thread, this.found);
    setSlots(this.found, 0, saves, at);
  }

  /** What is known of the match that began first, read up to `at`; undefined if none has begun. */
  private cutAt(at: number, count: number): Int32Array | undefined {
    if (count === 0) return undefined;
    this.match(at, 0, END_OF_MATCH);
    const found = this.found!;
    for (let slot = 2; slot < SLOTS; slot += 2) if (found[slot + 1]! < found[slot]!) found.fill(-1, slot, slot + 2);
    return found;
  }

  private kindBefore(value: string, at: number): number {
    return at === 0 ? EDGE : this.alphabet.kindOf[this.columnAt(value, at - 1)]!;
  }

  private columnAt(value: string, at: number): number {
    const { columnOf, edge, finalLf } = this.alphabet;
    if (at === value.length) return edge;
    if (at >= this.limit) this.load(value, at);
    const byte = chunk[at - this.base]!;
    return byte === 0x0a && at === value.length - 1 ? finalLf : columnOf[byte]!;
  }

  private load(value: string, at: number): void {
    this.base = at - (at % CHUNK_BYTES);
    this.limit = this.base + latin1Chunk(value, this.base);
  }

  private explore(stage: Stage, column: number): Move {
    this.follow(stage.threads, stage.threads.length, stage.behind, stage.isOpen, column);
    const sources = this.sources.slice(0, this.count);
    const saves = this.saves.slice(0, this.count);
    const { isMatch, matched, matchedSaves } = this;
    const move: Move = {
      target: this.stages.get(this.threads, this.count, this.alphabet.kindOf[column]!, stage.isOpen && !isMatch),
      sources,
      saves,
      keepsAll: sources.every((source, i) => source === i && saves[i] === 0),
      isMatch,
      matched,
      matchedSaves,
    };
    this.stages.add(stage, column, move);
    return move;
  }

  /** Follows all ways over a column, the preferred ones first; a way that is at the end cuts off those after it. */
  private follow(threads: Int32Array, threadCount: number, behind: number, isOpen: boolean, column: number): void {
    const { nfa, alphabet, mark, targetMark, stack, threads: next, sources, saves } = this;
    const { op, arg: args, out: outs, branches } = nfa;
    const bit = contextBit(behind, alphabet.kindOf[column]!);
    const stamp = ++this.stamp;
    let count = 0;
    let steps = 0;
    let isMatch = false;
    this.matched = NEW;
    this.matchedSaves = 0;
    for (let i = 0; i < threadCount + (isOpen ? 1 : 0) && !isMatch; i++) {
      const thread = i < threadCount ? i : NEW;
      stack[0] = i < threadCount ? threads[i]! : nfa.starts[0]!;
      stack[1] = 0;
      let top = 2;
      while (top > 0) {
        const set = stack[--top]!;
        const state = stack[--top]!;
        if (mark[state] === stamp) continue;
        mark[state] = stamp;
        steps++;
        const arg = args[state]!;
        const out = outs[state]!;
        const kind = op[state]!;
        if (kind === BYTE) {
          if (alphabet.members[arg * alphabet.columns + column] === 0 || targetMark[out] === stamp) continue;
          targetMark[out] = stamp;
          next[count] = out;
          sources[count] = thread;
          saves[count++] = set;
        } else if (kind === SPLIT) {
          for (let i = arg - 1; i >= 0; i--) {
            stack[top++] = branches[out + i]!;
            stack[top++] = set;
          }
        } else if (kind === MATCH) {
          isMatch = true;
          this.matched = thread;
          this.matchedSaves = set;
          break;
        } else if (kind === SAVE || (arg & bit) !== 0) {
          stack[top++] = out;
          stack[top++] = kind === SAVE ? set | (1 << arg) : set;
        }
      }
    }
    this.count = count;
    this.isMatch = isMatch;
    this.work += steps;
  }
}

/** The slot of the end of group 0. */
const END_OF_MATCH = 1 << 1;

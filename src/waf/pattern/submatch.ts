// Finds the match a backtracking engine would find first, with its groups, in linear time. All ways through the
// pattern advance together, ordered by preference (Pike's machine); what a byte does to them is worked out once and
// kept, so that most bytes cost one look-up. Run only for rules that hit.
import { type Alphabet, buildAlphabet } from './alphabet.ts';
import { contextBit, EDGE } from './context.ts';
import { ASSERT, MATCH, MAX_GROUP, type Nfa, SAVE, SPLIT } from './nfa.ts';

/** Offsets in a result: start and end of groups 0 to 9. */
export const SLOTS: number = (MAX_GROUP + 1) * 2;

/** Stages kept; then all are forgotten. */
const MAX_STAGES = 256;
const NEW = -1;

/** The ways that are open after a byte, the preferred one first, each as the NFA state it has reached. */
interface Stage {
  readonly threads: Int32Array;
  /** Kind of the byte behind. */
  readonly behind: number;
  /** A match may still begin here, after all ways in preference. */
  readonly isOpen: boolean;
  /** By column. */
  readonly moves: (Move | undefined)[];
}

/**
 * What a column does: each new way comes from an old one (or, NEW, begins here), and sets some slots to the place of
 * the column.
 */
interface Move {
  readonly target: Stage;
  readonly sources: Int32Array;
  readonly saves: Int32Array;
  /** True when every way keeps its place and its slots. */
  readonly keepsAll: boolean;
  /** Whether the pattern's end is reached before the column, by which way, and the slots it sets. */
  readonly isMatch: boolean;
  readonly matched: number;
  readonly matchedSaves: number;
}

export class SubmatchMachine {
  /** Bytes read and NFA states looked at so far: the measure that tests use to show that matching is linear. */
  work = 0;
  private readonly nfa: Nfa;
  private readonly alphabet: Alphabet;
  private readonly slotCount: number;
  private readonly stages = new Map<string, Stage>();
  private readonly mark: Int32Array;
  private readonly targetMark: Int32Array;
  private stamp = 0;
  private slots: Int32Array = new Int32Array(SLOTS);
  private spare: Int32Array = new Int32Array(SLOTS);

  /** `nfa` holds one pattern, built with captures. */
  constructor(nfa: Nfa) {
    this.nfa = nfa;
    this.alphabet = buildAlphabet(nfa.sets);
    this.mark = new Int32Array(nfa.op.length);
    this.targetMark = new Int32Array(nfa.op.length);
    this.slotCount = nfa.arg.reduce(
      (most, slot, state) => (nfa.op[state] === SAVE && slot >= most ? slot + 1 : most),
      2,
    );
  }

  /** The preferred match that begins at `start`; undefined if there is none. */
  exec(value: string, start: number): Int32Array | undefined {
    return this.run(value, start, this.stage([this.nfa.starts[0]!], this.kindBefore(value, start), false));
  }

  /** The first match that begins at `from` or later; undefined if there is none. */
  search(value: string, from: number): Int32Array | undefined {
    return this.run(value, from, this.stage([], this.kindBefore(value, from), true));
  }

  private run(value: string, from: number, first: Stage): Int32Array | undefined {
    const { slotCount } = this;
    let found: Int32Array | undefined;
    let stage = first;
    this.slots.fill(-1, 0, slotCount);
    let at = from;
    for (; (stage.isOpen || stage.threads.length > 0) && at <= value.length; at++) {
      const column = this.columnAt(value, at);
      const move = stage.moves[column] ?? this.explore(stage, column);
      if (move.isMatch) {
        found ??= new Int32Array(SLOTS).fill(-1);
        this.copySlots(move.matched, found, 0);
        setSlots(found, 0, move.matchedSaves, at);
      }
      if (!move.keepsAll) this.apply(move, at);
      stage = move.target;
    }
    this.work += at - from;
    return found;
  }

  private kindBefore(value: string, at: number): number {
    return at === 0 ? EDGE : this.alphabet.kindOf[this.columnAt(value, at - 1)]!;
  }

  private columnAt(value: string, at: number): number {
    const { columnOf, edge, finalLf } = this.alphabet;
    if (at === value.length) return edge;
    const byte = value.charCodeAt(at);
    return byte === 0x0a && at === value.length - 1 ? finalLf : columnOf[byte]!;
  }

  private apply({ sources, saves }: Move, at: number): void {
    const { slots, spare, slotCount } = this;
    const needed = sources.length * slotCount;
    const next = spare.length < needed ? new Int32Array(needed * 2) : spare;
    for (let i = 0; i < sources.length; i++) {
      this.copySlots(sources[i]!, next, i * slotCount);
      if (saves[i] !== 0) setSlots(next, i * slotCount, saves[i]!, at);
    }
    this.slots = next;
    this.spare = slots;
  }

  private copySlots(thread: number, into: Int32Array, to: number): void {
    const { slots, slotCount } = this;
    const from = thread * slotCount;
    for (let slot = 0; slot < slotCount; slot++) into[to + slot] = thread === NEW ? -1 : slots[from + slot]!;
  }

  private stage(threads: readonly number[], behind: number, isOpen: boolean): Stage {
    const key = `${behind}${isOpen}${threads.join()}`;
    const known = this.stages.get(key);
    if (known !== undefined) return known;
    if (this.stages.size >= MAX_STAGES) this.stages.clear();
    const stage = { threads: Int32Array.from(threads), behind, isOpen, moves: [] };
    this.stages.set(key, stage);
    return stage;
  }

  /** Follows all ways over a column, the preferred ones first; a way that is at the end cuts off those after it. */
  private explore(stage: Stage, column: number): Move {
    const { nfa, alphabet, mark, targetMark } = this;
    const bit = contextBit(stage.behind, alphabet.kindOf[column]!);
    const stamp = ++this.stamp;
    const threads: number[] = [];
    const sources: number[] = [];
    const saves: number[] = [];
    let isMatch = false;
    let matched = NEW;
    let matchedSaves = 0;
    const count = stage.threads.length;
    for (let i = 0; i < count + (stage.isOpen ? 1 : 0) && !isMatch; i++) {
      const thread = i < count ? i : NEW;
      const stack = [i < count ? stage.threads[i]! : nfa.starts[0]!, 0];
      while (stack.length > 0 && !isMatch) {
        const set = stack.pop()!;
        const state = stack.pop()!;
        if (mark[state] === stamp) continue;
        mark[state] = stamp;
        this.work++;
        const arg = nfa.arg[state]!;
        const out = nfa.out[state]!;
        switch (nfa.op[state]) {
          case SPLIT:
            for (let i = arg - 1; i >= 0; i--) stack.push(nfa.branches[out + i]!, set);
            break;
          case ASSERT:
            if ((arg & bit) !== 0) stack.push(out, set);
            break;
          case SAVE:
            stack.push(out, set | (1 << arg));
            break;
          case MATCH:
            isMatch = true;
            matched = thread;
            matchedSaves = set;
            break;
          default:
            if (alphabet.members[arg * alphabet.columns + column] === 0 || targetMark[out] === stamp) break;
            targetMark[out] = stamp;
            threads.push(out);
            sources.push(thread);
            saves.push(set);
        }
      }
    }
    const move: Move = {
      target: this.stage(threads, alphabet.kindOf[column]!, stage.isOpen && !isMatch),
      sources: Int32Array.from(sources),
      saves: Int32Array.from(saves),
      keepsAll: sources.every((source, i) => source === i && saves[i] === 0),
      isMatch,
      matched,
      matchedSaves,
    };
    stage.moves[column] = move;
    return move;
  }
}

function setSlots(slots: Int32Array, from: number, mask: number, at: number): void {
  for (let rest = mask; rest !== 0; rest &= rest - 1) slots[from + 31 - Math.clz32(rest & -rest)] = at;
}

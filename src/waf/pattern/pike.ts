// Finds the match a backtracking engine would find first, with its groups, in linear time: all ways through the
// pattern advance together, ordered by preference (Pike's virtual machine). Run only for rules that hit.
import { ByteSet, WORD } from './byte-set.ts';
import { contextBit, EDGE, FINAL_LF, LF, OTHER, WORD_BYTE } from './context.ts';
import { FollowTable, grown } from './follow.ts';
import { ASSERT, MATCH, MAX_GROUP, type Nfa, SAVE, SPLIT } from './nfa.ts';

/** Offsets in a result: start and end of groups 0 to 9. */
export const SLOTS: number = (MAX_GROUP + 1) * 2;

/** Ways through the pattern that are still open, the preferred one first, each with the groups it has set. */
interface Threads {
  readonly states: Int32Array;
  slots: Int32Array;
  count: number;
}

export class PikeMachine {
  /** Steps so far: the measure that tests use to show that matching is linear. */
  work = 0;
  private readonly nfa: Nfa;
  /** Bytes a match can begin with; all bytes if it can be empty. */
  private readonly first: ByteSet;
  private readonly mark: Int32Array;
  private stamp = 0;
  private current: Threads;
  private following: Threads;
  /** States still to enter; a negative number is a slot to set back, its old value above it. */
  private stack: Int32Array = new Int32Array(256);

  /** `nfa` holds one pattern, built with captures. */
  constructor(nfa: Nfa) {
    this.nfa = nfa;
    this.first = firstBytes(nfa);
    this.mark = new Int32Array(nfa.op.length);
    const threads = () => ({ states: new Int32Array(nfa.op.length), slots: new Int32Array(SLOTS * 16), count: 0 });
    this.current = threads();
    this.following = threads();
  }

  /** The first match that begins at `from` or later; undefined if there is none. */
  exec(value: string, from: number): Int32Array | undefined {
    const { nfa, first } = this;
    const slots = new Int32Array(SLOTS).fill(-1);
    let found: Int32Array | undefined;
    this.current.count = 0;
    for (let at = from; ; at++) {
      if (!found && at <= value.length) {
        if (this.current.count === 0) {
          while (at < value.length && !first.has(value.charCodeAt(at))) at++;
          this.stamp++;
        }
        if (at < value.length ? first.has(value.charCodeAt(at)) : true) {
          this.enter(this.current, nfa.starts[0]!, value, at, slots);
        }
      }
      if (this.current.count === 0 && (found || at >= value.length)) return found;
      found = this.step(value, at) ?? found;
      const { current } = this;
      this.current = this.following;
      this.following = current;
    }
  }

  /** Moves all threads over the byte at `at`; returns the groups of the thread that is at the pattern's end. */
  private step(value: string, at: number): Int32Array | undefined {
    const { nfa, current, following } = this;
    const byte = at < value.length ? value.charCodeAt(at) : -1;
    following.count = 0;
    this.stamp++;
    this.work += current.count;
    for (let i = 0; i < current.count; i++) {
      const state = current.states[i]!;
      const slots = current.slots.subarray(i * SLOTS, i * SLOTS + SLOTS);
      if (nfa.op[state] === MATCH) return slots.slice();
      if (byte < 0 || !nfa.sets[nfa.arg[state]!]!.has(byte)) continue;
      this.enter(following, nfa.out[state]!, value, at + 1, slots);
    }
    return undefined;
  }

  /** Adds what `start` leads to without taking a byte. `slots` is changed on the way and set back. */
  private enter(threads: Threads, start: number, value: string, at: number, slots: Int32Array): void {
    const { nfa, mark, stamp } = this;
    const bit = contextBit(kindAt(value, at - 1), kindAt(value, at));
    let depth = 0;
    let { stack } = this;
    stack[depth++] = start;
    while (depth > 0) {
      const state = stack[--depth]!;
      if (state < 0) {
        slots[-1 - state] = stack[--depth]!;
        continue;
      }
      if (mark[state] === stamp) continue;
      mark[state] = stamp;
      this.work++;
      const room = depth + (nfa.op[state] === SPLIT ? nfa.arg[state]! : 3);
      if (room > stack.length) stack = this.stack = grownTo(stack, room);
      switch (nfa.op[state]) {
        case SPLIT:
          for (let i = nfa.arg[state]! - 1; i >= 0; i--) stack[depth++] = nfa.branches[nfa.out[state]! + i]!;
          break;
        case ASSERT:
          if ((nfa.arg[state]! & bit) !== 0) stack[depth++] = nfa.out[state]!;
          break;
        case SAVE: {
          const slot = nfa.arg[state]!;
          stack[depth++] = slots[slot]!;
          stack[depth++] = -1 - slot;
          slots[slot] = at;
          stack[depth++] = nfa.out[state]!;
          break;
        }
        default:
          if ((threads.count + 1) * SLOTS > threads.slots.length) threads.slots = grown(threads.slots);
          threads.slots.set(slots, threads.count * SLOTS);
          threads.states[threads.count++] = state;
      }
    }
  }
}

function kindAt(value: string, at: number): number {
  if (at < 0 || at >= value.length) return EDGE;
  const byte = value.charCodeAt(at);
  if (byte === 0x0a) return at === value.length - 1 ? FINAL_LF : LF;
  return WORD.has(byte) ? WORD_BYTE : OTHER;
}

function firstBytes(nfa: Nfa): ByteSet {
  const follow = new FollowTable(nfa);
  const start = nfa.starts[0]!;
  follow.expand(start);
  if (follow.accept[start] !== 0) return ByteSet.all;
  const { columns } = follow.alphabet;
  const cells = follow.cells.slice(follow.from[start], follow.to[start]);
  return ByteSet.union(Array.from(new Set(cells), (cell) => nfa.sets[cell / columns]!));
}

function grownTo(array: Int32Array, length: number): Int32Array {
  let larger = array;
  while (larger.length < length) larger = grown(larger);
  return larger;
}

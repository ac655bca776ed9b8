// What can come after each state of an automaton, with empty moves worked out. Computed when a state is first
// reached, since a request sees few of them.
import { type Alphabet, buildAlphabet } from './alphabet.ts';
import { ANYWHERE } from './context.ts';
import { ASSERT, BYTE, MATCH, type Nfa, SAVE, SPLIT } from './nfa.ts';

/** Room at the beginning. */
const FIRST_ENTRIES = 32;

/** The BYTE states that each state leads to, under which context masks, and where it reaches its pattern's end. */
export class FollowTable {
  readonly nfa: Nfa;
  readonly alphabet: Alphabet;
  /** Entries `from[state]` to `to[state]` belong to a state; `from` is -1 as long as it is not known. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Contexts in which the pattern of a state is matched without another byte. */
  readonly accept: Int32Array;
  /** Of each entry: first member cell of its set, context mask, state after the byte. */
  cells: Int32Array = new Int32Array(FIRST_ENTRIES);
  masks: Int32Array = new Int32Array(FIRST_ENTRIES);
  next: Int32Array = new Int32Array(FIRST_ENTRIES);
  private used = 0;
  private readonly seen: Int32Array;
  private readonly touched: number[] = [];

  constructor(nfa: Nfa) {
    this.nfa = nfa;
    this.alphabet = buildAlphabet(nfa.sets);
    this.from = new Int32Array(nfa.op.length).fill(-1);
    this.to = new Int32Array(nfa.op.length);
    this.accept = new Int32Array(nfa.op.length);
    this.seen = new Int32Array(nfa.op.length);
  }

  /** Works out the entries of a state; each state is visited at most once for each bit of a context mask. */
  expand(state: number): void {
    const { op, arg, out, branches } = this.nfa;
    const { seen, touched } = this;
    const stack = [state, ANYWHERE];
    let accept = 0;
    while (stack.length > 0) {
      const mask = stack.pop()!;
      const at = stack.pop()!;
      const fresh = mask & ~seen[at]!;
      if (fresh === 0) continue;
      if (seen[at] === 0) touched.push(at);
      seen[at]! |= fresh;
      switch (op[at]) {
        case SPLIT:
          for (let i = arg[at]! - 1; i >= 0; i--) stack.push(branches[out[at]! + i]!, fresh);
          break;
        case ASSERT:
          stack.push(out[at]!, fresh & arg[at]!);
          break;
        case SAVE:
          stack.push(out[at]!, fresh);
          break;
        case MATCH:
          accept |= fresh;
          break;
      }
    }
    this.accept[state] = accept;
    this.from[state] = this.used;
    for (const at of touched) {
      if (op[at] === BYTE) this.append(arg[at]! * this.alphabet.columns, seen[at]!, out[at]!);
      seen[at] = 0;
    }
    this.to[state] = this.used;
    touched.length = 0;
  }

  /** True when the state's pattern is matched wherever the state is reached. */
  isFinal(state: number): boolean {
    if (this.from[state] === -1) this.expand(state);
    return this.accept[state] === ANYWHERE;
  }

  private append(cell: number, mask: number, next: number): void {
    if (this.used === this.cells.length) {
      this.cells = grown(this.cells);
      this.masks = grown(this.masks);
      this.next = grown(this.next);
    }
    this.cells[this.used] = cell;
    this.masks[this.used] = mask;
    this.next[this.used++] = next;
  }
}

/** A copy of twice the length. */
export function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

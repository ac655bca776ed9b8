// Patterns to one nondeterministic automaton (Thompson's construction). Repeats are written out; suffixes that are
// equal share their states. Bounded by the size bounds of the parser.
import type { ByteSet } from './byte-set.ts';
import { mirrored } from './context.ts';
import { type Atomic, isNullable, type Look, type Node, type Reference, type Repeat, type Term } from './node.ts';

export const BYTE = 0;
export const SPLIT = 1;
export const ASSERT = 2;
export const SAVE = 3;
export const MATCH = 4;
/** The states that follow are for the backtracker alone: no automaton has them. */
export const LOOK = 5;
export const ATOMIC = 6;
export const REFERENCE = 7;

/** Bits of a LOOK's `arg`; an ATOMIC has the last one only. */
export const NEGATED = 1;
export const BEHIND = 2;
/** Groups are set within. */
export const SAVES = 4;
/** Bit of a REFERENCE's `arg`, above the number of its group. */
export const IGNORE_CASE = 16;

/**
 * States by number. `arg` is a set's number (BYTE), a context mask (ASSERT), a slot (SAVE), a count (SPLIT), bits
 * (LOOK, ATOMIC, REFERENCE); `out` is the next state, or the place in `branches` where several begin. SPLIT: the
 * preferred one first. LOOK: what is looked for, which ends in a MATCH of its own, then the next. ATOMIC: the same
 * with two nexts, for when a byte was taken and for when not. REFERENCE: those two.
 */
export interface Nfa {
  readonly op: Uint8Array;
  readonly arg: Int32Array;
  readonly out: Int32Array;
  readonly branches: Int32Array;
  readonly pattern: Uint16Array;
  readonly sets: readonly ByteSet[];
  /** First state of each pattern. */
  readonly starts: Int32Array;
}

export interface NfaOptions {
  /** Keep the places of groups 0 to 9 as SAVE states. */
  readonly captures?: boolean;
}

/** The groups that exist for `captures`, 0 being the whole match. */
const ALL_GROUPS = -1;

/** Groups with a higher number are not reported: SecLang has TX:0 to TX:9. */
export const MAX_GROUP = 9;

export function buildNfa(patterns: readonly Node[], options: NfaOptions = {}): Nfa {
  const builder = new Builder(options.captures === true ? ALL_GROUPS : 0);
  return builder.build(patterns);
}

/** Automata as one, in their order: the same as if it had been built of all their patterns. Each is of one pattern. */
export function joinNfas(parts: readonly Nfa[]): Nfa {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const states = parts.reduce((sum, { op }) => sum + op.length, 0);
  const op = new Uint8Array(states);
  const arg = new Int32Array(states);
  const out = new Int32Array(states);
  const pattern = new Uint16Array(states);
  const branches = new Int32Array(parts.reduce((sum, part) => sum + part.branches.length, 0));
  const starts = new Int32Array(parts.length);
  const sets: ByteSet[] = [];
  const setNumbers = new Map<string, number>();
  let base = 0;
  let firstBranch = 0;
  for (const [index, part] of parts.entries()) {
    const numbers = part.sets.map((set) => setNumbers.getOrInsertComputed(set.key, () => sets.push(set) - 1));
    for (let i = 0; i < part.op.length; i++) {
      const state = base + i;
      const kind = part.op[i]!;
      op[state] = kind;
      pattern[state] = index;
      arg[state] = kind === BYTE ? numbers[part.arg[i]!]! : kind === MATCH ? index : part.arg[i]!;
      out[state] = kind === SPLIT ? firstBranch + part.out[i]! : kind === MATCH ? 0 : base + part.out[i]!;
    }
    for (let i = 0; i < part.branches.length; i++) branches[firstBranch + i] = base + part.branches[i]!;
    starts[index] = base + part.starts[0]!;
    base += part.op.length;
    firstBranch += part.branches.length;
  }
  return { op, arg, out, branches, pattern, sets, starts };
}

/** For the backtracker: any pattern, with SAVE states for those groups whose bit is set in `groups`. */
export function buildProgram(term: Term, groups: number): Nfa {
  return new Builder(groups).build([term]);
}

class Builder {
  private readonly op: number[] = [];
  private readonly arg: number[] = [];
  private readonly out: number[] = [];
  private readonly branches: number[] = [];
  private readonly pattern: number[] = [];
  private readonly sets: ByteSet[] = [];
  private readonly setNumbers = new Map<string, number>();
  /** BYTE and ASSERT states of the pattern in hand, by what they look for and their successor. */
  private readonly shared = new Map<number, number>();
  private readonly groups: number;
  /** Within a look-behind, which is read from its end to its beginning. */
  private reverse = false;
  private current = 0;

  constructor(groups: number) {
    this.groups = groups;
  }

  build(patterns: readonly Term[]): Nfa {
    const starts = Int32Array.from(patterns, (node, index) => {
      this.current = index;
      this.shared.clear();
      return this.group(node, 0, this.add(MATCH, index, 0));
    });
    return {
      op: Uint8Array.from(this.op),
      arg: Int32Array.from(this.arg),
      out: Int32Array.from(this.out),
      branches: Int32Array.from(this.branches),
      pattern: Uint16Array.from(this.pattern),
      sets: this.sets,
      starts,
    };
  }

  private add(op: number, arg: number, out: number): number {
    this.pattern.push(this.current);
    this.arg.push(arg);
    this.out.push(out);
    return this.op.push(op) - 1;
  }

  private addShared(op: number, arg: number, out: number): number {
    // Masks have 25 bits, numbers of states fewer than 26: the key stays an exact number.
    const key = (arg * 2 + (op === ASSERT ? 1 : 0)) * 2 ** 26 + out;
    const known = this.shared.get(key);
    if (known !== undefined) return known;
    const state = this.add(op, arg, out);
    this.shared.set(key, state);
    return state;
  }

  private setNumber(set: ByteSet): number {
    const { key } = set;
    const known = this.setNumbers.get(key);
    if (known !== undefined) return known;
    const number = this.sets.push(set) - 1;
    this.setNumbers.set(key, number);
    return number;
  }

  /** Makes `state` a choice between branches, the preferred one first. */
  private split(state: number, branches: readonly number[]): number {
    this.arg[state] = branches.length;
    this.out[state] = this.branches.length;
    this.branches.push(...branches);
    return state;
  }

  /** The state from which `node` is matched and then `next`. */
  private lower(node: Term, next: number): number {
    switch (node.kind) {
      case 'bytes':
        return this.addShared(BYTE, this.setNumber(node.set), next);
      case 'assert':
        return this.addShared(ASSERT, this.reverse ? mirrored(node.mask) : node.mask, next);
      case 'sequence': {
        const reduce = (state: number, part: Term) => this.lower(part, state);
        return this.reverse ? node.nodes.reduce(reduce, next) : node.nodes.reduceRight(reduce, next);
      }
      case 'choice': {
        const branches = [...new Set(node.nodes.map((part) => this.lower(part, next)))];
        return branches.length === 1 ? branches[0]! : this.split(this.add(SPLIT, 0, 0), branches);
      }
      case 'repeat':
        return this.repeat(node.node, node.min, node.max, node.lazy, next);
      case 'group':
        return this.group(node.node, node.index, next);
      case 'look':
        return this.look(node, next);
      case 'atomic':
        return this.atomic(node, next, next);
      case 'reference':
        return this.reference(node, next, next);
    }
  }

  private group(node: Term, index: number, next: number): number {
    if (!this.isSaved(index)) return this.lower(node, next);
    const close = this.add(SAVE, index * 2 + 1, next);
    return this.add(SAVE, index * 2, this.lower(node, close));
  }

  private isSaved(index: number): boolean {
    return index <= MAX_GROUP && ((this.groups >> index) & 1) === 1;
  }

  private look(node: Look, next: number): number {
    const { reverse } = this;
    this.reverse = node.behind;
    const inner = this.inner(node.node);
    this.reverse = reverse;
    const bits = (node.negated ? NEGATED : 0) | (node.behind ? BEHIND : 0) | inner.saves;
    return this.jump(LOOK, bits, [inner.start, next]);
  }

  private atomic({ node }: Atomic, moved: number, still: number): number {
    const { start, saves } = this.inner(node);
    return this.jump(ATOMIC, saves, [start, moved, still]);
  }

  private reference({ index, ignoreCase }: Reference, moved: number, still: number): number {
    return this.jump(REFERENCE, index | (ignoreCase ? IGNORE_CASE : 0), [moved, still]);
  }

  /** A pattern within the pattern, which ends by itself. */
  private inner(node: Term): { start: number; saves: number } {
    const first = this.op.length;
    const start = this.lower(node, this.add(MATCH, 0, 0));
    return { start, saves: this.op.includes(SAVE, first) ? SAVES : 0 };
  }

  private jump(op: number, arg: number, targets: readonly number[]): number {
    const state = this.split(this.add(op, 0, 0), targets);
    this.arg[state] = arg;
    return state;
  }

  private repeat(node: Term, min: number, max: number, lazy: boolean, next: number): number {
    if (max === 0) return next;
    const order = (body: number, exit: number) => (lazy ? [exit, body] : [body, exit]);
    let state = next;
    let copies = min;
    if (max === Infinity) {
      const loop = this.add(SPLIT, 0, 0);
      const body = isNullable(node) ? this.enter(node, next, loop) : this.lower(node, loop);
      this.split(loop, order(body, next));
      state = min > 0 ? body : loop;
      copies = Math.max(min - 1, 0);
    } else {
      for (let i = min; i < max; i++) state = this.split(this.add(SPLIT, 0, 0), order(this.lower(node, state), next));
    }
    for (let i = 0; i < copies; i++) state = this.lower(node, state);
    return state;
  }

  /**
   * Like `lower`, but goes on at `still` as long as no byte was taken. A round of a loop that takes nothing ends the
   * loop, as in PCRE; whether one did is known only where the two are kept apart.
   */
  private enter(node: Term, still: number, moved: number): number {
    switch (node.kind) {
      case 'bytes':
        return this.lower(node, moved);
      case 'assert':
        return this.lower(node, still);
      case 'sequence': {
        let entry = still;
        let after = moved;
        const nodes = this.reverse ? node.nodes : node.nodes.toReversed();
        for (const part of nodes) {
          entry = this.enter(part, entry, after);
          after = this.lower(part, after);
        }
        return entry;
      }
      case 'choice':
        return this.split(
          this.add(SPLIT, 0, 0),
          node.nodes.map((part) => this.enter(part, still, moved)),
        );
      case 'group': {
        if (!this.isSaved(node.index)) return this.enter(node.node, still, moved);
        const close = (next: number) => this.add(SAVE, node.index * 2 + 1, next);
        return this.add(SAVE, node.index * 2, this.enter(node.node, close(still), close(moved)));
      }
      case 'repeat':
        return this.enterRepeat(node, still, moved);
      case 'look':
        return this.look(node, still);
      case 'atomic':
        return this.atomic(node, moved, still);
      case 'reference':
        return this.reference(node, moved, still);
    }
  }

  private enterRepeat(node: Repeat<Term>, still: number, moved: number): number {
    const { min, max, lazy } = node;
    if (max === 0) return still;
    const choose = (body: number, exit: number) =>
      this.split(this.add(SPLIT, 0, 0), lazy ? [exit, body] : [body, exit]);
    let entry = still;
    let rest = max === Infinity ? this.repeat(node.node, 0, max, lazy, moved) : moved;
    for (let count = max === Infinity ? Math.max(min, 1) : max; count > 0; count--) {
      const body = this.enter(node.node, entry, rest);
      entry = count > min ? choose(body, still) : body;
      rest = this.lower(node.node, rest);
      if (count > min) rest = choose(rest, moved);
    }
    return entry;
  }
}

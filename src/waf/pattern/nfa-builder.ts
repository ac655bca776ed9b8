// Patterns to one nondeterministic automaton (Thompson's construction). Repeats are written out; suffixes that are
// equal share their states. Bounded by the size bounds of the parser.
import type { ByteSet } from './byte-set.ts';
import { mirrored } from './context.ts';
import {
  ASSERT,
  ATOMIC,
  BEHIND,
  BYTE,
  IGNORE_CASE,
  LOOK,
  MATCH,
  MAX_GROUP,
  NEGATED,
  type Nfa,
  REFERENCE,
  SAVE,
  SAVES,
  SPLIT,
} from './nfa.ts';
import { type Atomic, isNullable, type Look, type Node, type Reference, type Repeat, type Term } from './node.ts';

export interface NfaOptions {
  /** Keep the places of groups 0 to 9 as SAVE states. */
  readonly captures?: boolean;
}

/** The groups that exist for `captures`, 0 being the whole match. */
const ALL_GROUPS = -1;

export function buildNfa(patterns: readonly Node[], options: NfaOptions = {}): Nfa {
  const builder = new Builder(options.captures === true ? ALL_GROUPS : 0);
  return builder.build(patterns);
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

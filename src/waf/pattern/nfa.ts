// Patterns to one nondeterministic automaton (Thompson's construction). Repeats are written out; suffixes that are
// equal share their states. Bounded by the size bounds of the parser.
import type { ByteSet } from './byte-set.ts';
import { mirrored } from './context.ts';
import { isNullable, type Node } from './node.ts';

export const BYTE = 0;
export const SPLIT = 1;
export const ASSERT = 2;
export const SAVE = 3;
export const MATCH = 4;

/**
 * States by number. `arg` is a set's number (BYTE), a context mask (ASSERT), a slot (SAVE), a count (SPLIT);
 * `out` is the next state, and for SPLIT where its branches begin in `branches`, the preferred one first.
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
  /** Build for values that are read from the end to the beginning. */
  readonly reverse?: boolean;
}

/** Groups with a higher number are not reported: SecLang has TX:0 to TX:9. */
export const MAX_GROUP = 9;

export function buildNfa(patterns: readonly Node[], options: NfaOptions = {}): Nfa {
  const builder = new Builder(options);
  return builder.build(patterns);
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
  private readonly captures: boolean;
  private readonly reverse: boolean;
  private current = 0;

  constructor(options: NfaOptions) {
    this.captures = options.captures === true;
    this.reverse = options.reverse === true;
  }

  build(patterns: readonly Node[]): Nfa {
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
  private lower(node: Node, next: number): number {
    switch (node.kind) {
      case 'bytes':
        return this.addShared(BYTE, this.setNumber(node.set), next);
      case 'assert':
        return this.addShared(ASSERT, this.reverse ? mirrored(node.mask) : node.mask, next);
      case 'sequence': {
        const reduce = (state: number, part: Node) => this.lower(part, state);
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
    }
  }

  private group(node: Node, index: number, next: number): number {
    if (!this.captures || index > MAX_GROUP) return this.lower(node, next);
    const close = this.add(SAVE, index * 2 + 1, next);
    return this.add(SAVE, index * 2, this.lower(node, close));
  }

  private repeat(node: Node, min: number, max: number, lazy: boolean, next: number): number {
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
  private enter(node: Node, still: number, moved: number): number {
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
        if (!this.captures || node.index > MAX_GROUP) return this.enter(node.node, still, moved);
        const close = (next: number) => this.add(SAVE, node.index * 2 + 1, next);
        return this.add(SAVE, node.index * 2, this.enter(node.node, close(still), close(moved)));
      }
      case 'repeat':
        return this.enterRepeat(node, still, moved);
    }
  }

  private enterRepeat(node: Extract<Node, { kind: 'repeat' }>, still: number, moved: number): number {
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

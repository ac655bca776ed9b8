// The tree of a parsed pattern. Flags, classes and escapes are gone: leaves are byte sets and context masks. What an
// automaton can run is a Node; what only the backtracker can run is a Term.
import type { ByteSet } from './byte-set.ts';
import type { ContextMask } from './context.ts';

/** A plain pattern: an automaton can run it. */
export type Node = Leaf | Sequence<Node> | Choice<Node> | Repeat<Node> | Group<Node>;

/** Any pattern that is supported. */
export type Term = Leaf | Sequence<Term> | Choice<Term> | Repeat<Term> | Group<Term> | Look | Atomic | Reference;

export type Leaf =
  | { readonly kind: 'bytes'; readonly set: ByteSet }
  | { readonly kind: 'assert'; readonly mask: ContextMask };

export interface Sequence<T> {
  readonly kind: 'sequence';
  readonly nodes: readonly T[];
}

export interface Choice<T> {
  readonly kind: 'choice';
  readonly nodes: readonly T[];
}

/** `max` is Infinity where there is no upper bound. */
export interface Repeat<T> {
  readonly kind: 'repeat';
  readonly node: T;
  readonly min: number;
  readonly max: number;
  readonly lazy: boolean;
}

/** A capturing group; numbers begin at 1. */
export interface Group<T> {
  readonly kind: 'group';
  readonly node: T;
  readonly index: number;
}

/** A lookahead, or a lookbehind. */
export interface Look {
  readonly kind: 'look';
  readonly node: Term;
  readonly behind: boolean;
  readonly negated: boolean;
}

/** An atomic group; a possessive repeat is one, too. */
export interface Atomic {
  readonly kind: 'atomic';
  readonly node: Term;
}

/** A backreference: the text that a group last took. */
export interface Reference {
  readonly kind: 'reference';
  readonly index: number;
  readonly ignoreCase: boolean;
}

export const EMPTY: Node = { kind: 'sequence', nodes: [] };

export function sequence<T>(nodes: readonly T[]): T | Sequence<T> {
  return nodes.length === 1 ? nodes[0]! : { kind: 'sequence', nodes };
}

export function choice<T>(nodes: readonly T[]): T | Choice<T> {
  return nodes.length === 1 ? nodes[0]! : { kind: 'choice', nodes };
}

/** The same tree with every byte set replaced. */
export function mapSets(node: Node, change: (set: ByteSet) => ByteSet): Node {
  switch (node.kind) {
    case 'bytes':
      return { kind: 'bytes', set: change(node.set) };
    case 'assert':
      return node;
    case 'sequence':
    case 'choice':
      return { kind: node.kind, nodes: node.nodes.map((part) => mapSets(part, change)) };
    case 'repeat':
    case 'group':
      return { ...node, node: mapSets(node.node, change) };
  }
}

/** True when the node can match without taking a byte. */
export function isNullable(node: Term): boolean {
  switch (node.kind) {
    case 'bytes':
      return false;
    case 'assert':
    case 'look':
    case 'reference':
      return true;
    case 'sequence':
      return node.nodes.every(isNullable);
    case 'choice':
      return node.nodes.some(isNullable);
    case 'repeat':
      return node.min === 0 || isNullable(node.node);
    case 'group':
    case 'atomic':
      return isNullable(node.node);
  }
}

/** The number of automaton states the node costs once its repeats are written out. */
export function expandedSize(node: Term): number {
  return sizesOf(node).plain;
}

/** `entered` is what the node costs where "nothing taken yet" is kept apart: see nfa.ts. */
interface Sizes {
  readonly plain: number;
  readonly entered: number;
}

const LEAF: Sizes = { plain: 1, entered: 1 };

function sizesOf(node: Term): Sizes {
  switch (node.kind) {
    case 'bytes':
    case 'assert':
    case 'reference':
      return LEAF;
    case 'sequence':
    case 'choice': {
      let plain = 1;
      let entered = 1;
      for (const part of node.nodes) {
        const sizes = sizesOf(part);
        plain += sizes.plain;
        entered += sizes.entered;
      }
      return { plain, entered: plain + entered };
    }
    case 'repeat': {
      const { plain, entered } = sizesOf(node.node);
      const copies = Math.max(1, node.max === Infinity ? node.min : node.max);
      const looped = node.max === Infinity && isNullable(node.node) ? entered : plain;
      const all = 2 + plain * (copies - 1) + looped;
      return { plain: all, entered: all + (plain + entered + 2) * copies };
    }
    case 'group': {
      const { plain, entered } = sizesOf(node.node);
      return { plain: plain + 2, entered: entered + 3 };
    }
    case 'look':
    case 'atomic': {
      const { plain } = sizesOf(node.node);
      return { plain: plain + 2, entered: plain + 2 };
    }
  }
}

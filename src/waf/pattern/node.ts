// The tree of a parsed pattern. Flags, classes and escapes are gone: leaves are byte sets and context masks.
import type { ByteSet } from './byte-set.ts';
import type { ContextMask } from './context.ts';

/** One node of a pattern. `max` is Infinity where there is no upper bound; group numbers begin at 1. */
export type Node =
  | { readonly kind: 'bytes'; readonly set: ByteSet }
  | { readonly kind: 'assert'; readonly mask: ContextMask }
  | { readonly kind: 'sequence'; readonly nodes: readonly Node[] }
  | { readonly kind: 'choice'; readonly nodes: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly min: number; readonly max: number; readonly lazy: boolean }
  | { readonly kind: 'group'; readonly node: Node; readonly index: number };

export function sequence(nodes: readonly Node[]): Node {
  return nodes.length === 1 ? nodes[0]! : { kind: 'sequence', nodes };
}

export function choice(nodes: readonly Node[]): Node {
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
export function isNullable(node: Node): boolean {
  switch (node.kind) {
    case 'bytes':
      return false;
    case 'assert':
      return true;
    case 'sequence':
      return node.nodes.every(isNullable);
    case 'choice':
      return node.nodes.some(isNullable);
    case 'repeat':
      return node.min === 0 || isNullable(node.node);
    case 'group':
      return isNullable(node.node);
  }
}

/** The number of automaton states the node costs once its repeats are written out. */
export function expandedSize(node: Node): number {
  return sizesOf(node).plain;
}

/** `entered` is what the node costs where "nothing taken yet" is kept apart: see nfa.ts. */
interface Sizes {
  readonly plain: number;
  readonly entered: number;
}

const LEAF: Sizes = { plain: 1, entered: 1 };

function sizesOf(node: Node): Sizes {
  switch (node.kind) {
    case 'bytes':
    case 'assert':
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
  }
}

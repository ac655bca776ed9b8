// The bytes with which a match can begin, so that a search need not try every place.
import { ByteSet } from './byte-set.ts';
import type { Node } from './node.ts';

/** undefined when the pattern can match without taking a byte. */
export function firstBytesOf(node: Node): ByteSet | undefined {
  const { set, isNullable } = firstOf(node);
  return isNullable ? undefined : set;
}

interface First {
  readonly set: ByteSet;
  readonly isNullable: boolean;
}

function firstOf(node: Node): First {
  switch (node.kind) {
    case 'bytes':
      return { set: node.set, isNullable: false };
    case 'assert':
      return { set: ByteSet.none, isNullable: true };
    case 'sequence': {
      const sets: ByteSet[] = [];
      for (const part of node.nodes) {
        const { set, isNullable } = firstOf(part);
        sets.push(set);
        if (!isNullable) return { set: ByteSet.union(sets), isNullable: false };
      }
      return { set: ByteSet.union(sets), isNullable: true };
    }
    case 'choice': {
      const firsts = node.nodes.map(firstOf);
      return { set: ByteSet.union(firsts.map(({ set }) => set)), isNullable: firsts.some((part) => part.isNullable) };
    }
    case 'repeat': {
      const { set, isNullable } = firstOf(node.node);
      return { set, isNullable: isNullable || node.min === 0 };
    }
    case 'group':
      return firstOf(node.node);
  }
}

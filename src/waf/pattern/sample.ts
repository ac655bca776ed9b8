// Texts that a pattern matches, or nearly: what a hostile value is made of.
import type { Node } from './node.ts';

/** A whole number from 0, below `end`. */
export type Random = (end: number) => number;

/** How often a part is repeated beyond what it must be. */
const MORE_TURNS = 3;
/** Longer repeats are cut: what is wanted is a way into the automaton and not its end. */
const MOST_TURNS = 8;

/** A text that the pattern matches, but for what it asserts and for very long repeats. */
export function sampleOf(node: Node, random: Random): string {
  switch (node.kind) {
    case 'bytes': {
      const bytes = node.set.bytes();
      return String.fromCharCode(bytes[random(bytes.length)] ?? 0x20);
    }
    case 'assert':
      return '';
    case 'group':
      return sampleOf(node.node, random);
    case 'sequence':
      return node.nodes.map((part) => sampleOf(part, random)).join('');
    case 'choice':
      return sampleOf(node.nodes[random(node.nodes.length)] as Node, random);
    case 'repeat': {
      const turns = Math.min(node.min + random(Math.min(node.max - node.min, MORE_TURNS) + 1), MOST_TURNS);
      return Array.from({ length: turns }, () => sampleOf(node.node, random)).join('');
    }
  }
}

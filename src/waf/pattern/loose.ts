// Bytes that several transformations take out of a text or put in, and leave all others as they are. What a pattern needs
// beside them is in the text before such a transformation if it is in the one behind.
import { ByteSet } from './byte-set.ts';
import type { Node } from './node.ts';

/** White space, what a shell takes for it or ignores, and both bytes of a no-break space in UTF-8. */
export const LOOSE: ByteSet = ByteSet.of('\0\t\n\v\f\r "\'\\^,;\xa0\xc2');

const NOTHING: Node = { kind: 'sequence', nodes: [] };

/** A pattern that matches, of each match of another, what is left without its loose bytes. Assertions are left out. */
export function withoutLoose(node: Node): Node {
  switch (node.kind) {
    case 'bytes': {
      const set = node.set.minus(LOOSE);
      if (set.size === node.set.size) return node;
      return set.size === 0 ? NOTHING : { kind: 'choice', nodes: [{ kind: 'bytes', set }, NOTHING] };
    }
    case 'assert':
      return NOTHING;
    case 'group':
      return withoutLoose(node.node);
    case 'sequence':
    case 'choice':
      return { kind: node.kind, nodes: node.nodes.map(withoutLoose) };
    case 'repeat':
      return { ...node, node: withoutLoose(node.node) };
  }
}

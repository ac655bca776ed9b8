// How many groups the patterns of a condition have, for messages that quote them.
import type { Node } from '../pattern/node.ts';
import { PatternError } from '../pattern/pattern-error.ts';
import { patternOf } from '../pattern-store.ts';
import type { OperatorCall } from '../rule.ts';

/** The highest number of a group; a pattern that cannot be used has none. */
export function groupCount({ name, argument, calls }: OperatorCall): number {
  if (calls !== undefined) return Math.max(0, ...calls.map(groupCount));
  if (name !== 'rx') return 0;
  try {
    return highest(patternOf(argument).node);
  } catch (error) {
    if (error instanceof PatternError) return 0;
    throw error;
  }
}

function highest(node: Node): number {
  if (node.kind === 'group') return Math.max(node.index, highest(node.node));
  if (node.kind === 'repeat') return highest(node.node);
  if (node.kind === 'sequence' || node.kind === 'choice') return Math.max(0, ...node.nodes.map(highest));
  return 0;
}

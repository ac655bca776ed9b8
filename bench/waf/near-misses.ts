// Texts that keep a matcher busy with one pattern: matches without their last character, and its loops run long.
import type { PatternNode } from './pattern-tree.ts';
import type { Writer } from './words.ts';

/** How much of a loop a sampled text has beyond what it must. */
const EXTRA_TURNS = 3;
const MAX_LOOPS = 4;
/** Of loops with a bound, those that are worth a text of their own. */
const LONG_LOOP = 8;

/** A text that the pattern matches, assertions aside. */
export function sampleMatch(node: PatternNode, writer: Writer): string {
  switch (node.kind) {
    case 'set':
      return node.members[writer.below(node.members.length)] as string;
    case 'sequence':
      return node.parts.map((part) => sampleMatch(part, writer)).join('');
    case 'choice':
      return sampleMatch(writer.of(node.branches), writer);
    case 'repeat': {
      const turns = node.least + writer.below(Math.min(node.most - node.least, EXTRA_TURNS) + 1);
      return Array.from({ length: turns }, () => sampleMatch(node.of, writer)).join('');
    }
  }
}

/** A way into a loop, and one turn of it. */
export interface Loop {
  readonly before: string;
  readonly turn: string;
}

/** Some of the pattern's loops, in an order that the writer decides. */
export function sampleLoops(node: PatternNode, writer: Writer): Loop[] {
  const loops: Loop[] = [];
  collect(node, '', writer, loops);
  while (loops.length > MAX_LOOPS) loops.splice(writer.below(loops.length), 1);
  return loops;
}

function collect(node: PatternNode, before: string, writer: Writer, loops: Loop[]): void {
  if (node.kind === 'choice') for (const branch of node.branches) collect(branch, before, writer, loops);
  if (node.kind === 'sequence') {
    let entered = before;
    for (const part of node.parts) {
      collect(part, entered, writer, loops);
      entered += sampleMatch(part, writer);
    }
  }
  if (node.kind === 'repeat') {
    const turn = sampleMatch(node.of, writer);
    if (node.most > LONG_LOOP && turn !== '') loops.push({ before, turn });
    collect(node.of, before, writer, loops);
  }
}

// How many bytes a pattern takes: what a lookbehind may hold depends on it, as in PCRE.
import type { Term } from './node.ts';

export interface Lengths {
  readonly min: number;
  /** Infinity: there is no greatest length. */
  readonly max: number;
  /** Some atomic part takes different lengths: read from its end, it could not be told which. */
  readonly isAtomicOpen: boolean;
}

export function lengthsOf(term: Term): Lengths {
  switch (term.kind) {
    case 'bytes':
      return { min: 1, max: 1, isAtomicOpen: false };
    case 'assert':
    case 'look':
      return NOTHING;
    case 'reference':
      return { min: 0, max: Infinity, isAtomicOpen: false };
    case 'sequence': {
      const parts = term.nodes.map(lengthsOf);
      return parts.reduce((all, part) => join(all, part, all.min + part.min, all.max + part.max), NOTHING);
    }
    case 'choice':
      return term.nodes
        .map(lengthsOf)
        .reduce((all, part) => join(all, part, Math.min(all.min, part.min), Math.max(all.max, part.max)));
    case 'repeat': {
      const part = lengthsOf(term.node);
      const max = term.max === 0 || part.max === 0 ? 0 : term.max * part.max;
      return join(part, part, term.min * part.min, max);
    }
    case 'group':
      return lengthsOf(term.node);
    case 'atomic': {
      const part = lengthsOf(term.node);
      return { ...part, isAtomicOpen: part.isAtomicOpen || part.min !== part.max };
    }
  }
}

const NOTHING: Lengths = { min: 0, max: 0, isAtomicOpen: false };

function join(a: Lengths, b: Lengths, min: number, max: number): Lengths {
  return { min, max, isAtomicOpen: a.isAtomicOpen || b.isAtomicOpen };
}

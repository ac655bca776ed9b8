// From a pattern that only the backtracker can run to a plain one that matches wherever it does, and perhaps in more
// places: automata look for that one, and what it says of a value that cannot match is true of the other.
import { ByteSet } from './byte-set.ts';
import { choice, EMPTY, expandedSize, type Node, type Reference, sequence, type Term } from './node.ts';

/** Most automaton states that the text of a backreference may cost; beyond, any text will do. */
const MAX_REFERENCE_SIZE = 500;

const ANY_TEXT: Node = {
  kind: 'repeat',
  node: { kind: 'bytes', set: ByteSet.all },
  min: 0,
  max: Infinity,
  lazy: false,
};

/** True for a pattern that an automaton can run as it is. */
export function isPlain(term: Term): term is Node {
  switch (term.kind) {
    case 'bytes':
    case 'assert':
      return true;
    case 'sequence':
    case 'choice':
      return term.nodes.every(isPlain);
    case 'repeat':
    case 'group':
      return isPlain(term.node);
    default:
      return false;
  }
}

/**
 * A plain pattern that matches at least wherever `term` does, from the same start to the same end: lookaround holds
 * everywhere, what is atomic may give back, and a backreference takes any text that its group could have taken.
 */
export function relax(term: Term): Node {
  return isPlain(term) ? term : new Relaxer(term).relax(term);
}

/** The groups that backreferences of the pattern speak of. */
export function referencesOf(term: Term): Set<number> {
  const found = new Set<number>();
  visit(term, (part) => {
    if (part.kind === 'reference') found.add(part.index);
  });
  return found;
}

class Relaxer {
  private readonly groups = new Map<number, Term>();

  constructor(root: Term) {
    visit(root, (term) => {
      if (term.kind === 'group') this.groups.set(term.index, term.node);
    });
  }

  relax(term: Term): Node {
    switch (term.kind) {
      case 'bytes':
      case 'assert':
        return term;
      case 'sequence':
        return sequence(term.nodes.map((part) => this.relax(part)));
      case 'choice':
        return choice(term.nodes.map((part) => this.relax(part)));
      case 'repeat':
      case 'group':
        return { ...term, node: this.relax(term.node) };
      case 'look':
        return EMPTY;
      case 'atomic':
        return this.relax(term.node);
      case 'reference':
        return this.referenced(term);
    }
  }

  private referenced({ index, ignoreCase }: Reference): Node {
    const group = this.groups.get(index);
    const text = group && textOf(group, ignoreCase);
    return text === undefined || expandedSize(text) > MAX_REFERENCE_SIZE ? ANY_TEXT : text;
  }
}

/** What a group may have taken, wherever it stands: no assertion, and nothing to capture. Undefined: unknown. */
function textOf(term: Term, ignoreCase: boolean): Node | undefined {
  switch (term.kind) {
    case 'bytes':
      return ignoreCase ? { kind: 'bytes', set: term.set.foldCase() } : term;
    case 'assert':
    case 'look':
      return EMPTY;
    case 'reference':
      return undefined;
    case 'sequence':
    case 'choice': {
      const nodes = term.nodes.map((part) => textOf(part, ignoreCase));
      return nodes.every((node) => node !== undefined) ? { kind: term.kind, nodes } : undefined;
    }
    case 'repeat': {
      const node = textOf(term.node, ignoreCase);
      return node && { ...term, node };
    }
    case 'group':
    case 'atomic':
      return textOf(term.node, ignoreCase);
  }
}

function visit(term: Term, see: (term: Term) => void): void {
  see(term);
  if ('nodes' in term) for (const part of term.nodes) visit(part, see);
  else if ('node' in term) visit(term.node, see);
}

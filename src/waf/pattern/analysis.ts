// What can be said of a pattern without running it: cheap tests that show a value cannot match.
import { ByteSet } from './byte-set.ts';
import { ANYWHERE, AT_END, AT_END_OR_FINAL_LF, AT_START } from './context.ts';
import type { Node } from './node.ts';

/** Most clauses kept for one pattern. */
export const MAX_CLAUSES = 8;

export interface Analysis {
  /** No shorter value matches. */
  readonly minLength: number;
  /** A matching value holds at least one byte of each of these sets; the most telling set first. */
  readonly clauses: readonly ByteSet[];
  /** Every match begins where the value begins. */
  readonly anchoredStart: boolean;
  /** Every match ends where the value ends, or before the line feed that ends it. */
  readonly anchoredEnd: boolean;
  /** The only text that matches as the whole value; with `allowsFinalLf` also when a line feed follows it. */
  readonly literal?: { readonly text: string; readonly allowsFinalLf: boolean };
}

export function analysePattern(node: Node): Analysis {
  const literal = literalOf(node);
  return {
    minLength: minLengthOf(node),
    clauses: clausesOf(node),
    anchoredStart: isAnchored(node, AT_START, false),
    anchoredEnd: isAnchored(node, AT_END_OR_FINAL_LF, true),
    ...(literal && { literal }),
  };
}

/** The length of the shortest text that the node can match. */
export function minLengthOf(node: Node): number {
  switch (node.kind) {
    case 'bytes':
      return 1;
    case 'assert':
      return 0;
    case 'sequence':
      return node.nodes.reduce((sum, part) => sum + minLengthOf(part), 0);
    case 'choice':
      return Math.min(...node.nodes.map(minLengthOf));
    case 'repeat':
      return node.min === 0 ? 0 : node.min * minLengthOf(node.node);
    case 'group':
      return minLengthOf(node.node);
  }
}

function clausesOf(node: Node): ByteSet[] {
  switch (node.kind) {
    case 'bytes':
      return node.set.equals(ByteSet.all) ? [] : [node.set];
    case 'assert':
      return [];
    case 'sequence':
      return clausesOfSequence(node.nodes);
    case 'choice':
      return clausesOfChoice(node.nodes.map(clausesOf));
    case 'repeat':
      return node.min === 0 ? [] : clausesOf(node.node);
    case 'group':
      return clausesOf(node.node);
  }
}

function clausesOfSequence(nodes: readonly Node[]): ByteSet[] {
  const clauses: ByteSet[] = [];
  for (const node of nodes) {
    // What every part asks for counts; optional parts, the larger share of long patterns, ask for nothing.
    if (node.kind === 'bytes') clauses.push(node.set);
    else if (node.kind !== 'assert') clauses.push(...clausesOf(node));
  }
  return strongest(clauses);
}

/** One set out of every branch makes a clause; a clause of one branch that all others imply comes with it. */
function clausesOfChoice(branches: readonly ByteSet[][]): ByteSet[] {
  if (branches.some((clauses) => clauses.length === 0)) return [];
  const shared = branches[0]!.filter((set) => branches.every((clauses) => clauses.some((own) => own.isSubsetOf(set))));
  const rounds = Math.min(...branches.map((clauses) => clauses.length));
  const merged = Array.from({ length: rounds }, (_, i) => ByteSet.union(branches.map((clauses) => clauses[i]!)));
  return strongest([...shared, ...merged]);
}

function strongest(clauses: readonly ByteSet[]): ByteSet[] {
  if (clauses.length === 0 || (clauses.length === 1 && clauses[0]!.size < 256)) return [...clauses];
  const sorted = clauses.filter((set) => set.size < 256).sort((a, b) => a.size - b.size);
  const kept: ByteSet[] = [];
  for (const set of sorted) {
    if (kept.length < MAX_CLAUSES && !kept.some((stronger) => stronger.isSubsetOf(set))) kept.push(set);
  }
  return kept;
}

/** True when each way through the node passes, at its outer end, an assertion that implies `mask`. */
function isAnchored(node: Node, mask: number, atEnd: boolean): boolean {
  switch (node.kind) {
    case 'bytes':
      return false;
    case 'assert':
      return (node.mask & ~mask) === 0;
    case 'sequence': {
      const nodes = atEnd ? node.nodes.toReversed() : node.nodes;
      for (const part of nodes) {
        if (isAnchored(part, mask, atEnd)) return true;
        if (!isEmpty(part)) return false;
      }
      return false;
    }
    case 'choice':
      return node.nodes.every((part) => isAnchored(part, mask, atEnd));
    case 'repeat':
      return node.min > 0 && isAnchored(node.node, mask, atEnd);
    case 'group':
      return isAnchored(node.node, mask, atEnd);
  }
}

/** True when the node takes no byte, whatever it asserts. */
function isEmpty(node: Node): boolean {
  switch (node.kind) {
    case 'bytes':
      return false;
    case 'assert':
      return true;
    case 'sequence':
    case 'choice':
      return node.nodes.every(isEmpty);
    case 'repeat':
    case 'group':
      return isEmpty(node.node);
  }
}

function literalOf(node: Node): Analysis['literal'] {
  const parts = partsOf(node);
  const first = parts?.[0];
  const last = parts?.at(-1);
  if (!parts || parts.length < 2 || first?.kind !== 'assert' || last?.kind !== 'assert') return undefined;
  if (first.mask !== AT_START || (last.mask !== AT_END && last.mask !== AT_END_OR_FINAL_LF)) return undefined;
  let text = '';
  for (const part of parts.slice(1, -1)) {
    const byte = part.kind === 'bytes' ? part.set.single : -1;
    if (byte < 0) return undefined;
    text += String.fromCharCode(byte);
  }
  return { text, allowsFinalLf: last.mask === AT_END_OR_FINAL_LF };
}

/** The leaves of a node that is a plain sequence, else undefined. */
function partsOf(node: Node): Node[] | undefined {
  if (node.kind === 'bytes') return [node];
  if (node.kind === 'assert') return node.mask === ANYWHERE ? [] : [node];
  if (node.kind === 'group') return partsOf(node.node);
  if (node.kind !== 'sequence') return undefined;
  const parts = node.nodes.map(partsOf);
  return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
}

// Patterns that count what may lie far apart, such as `(?:[!-/][^!-/]*){12}`. Their count goes on while all other
// patterns begin anew, so that one automaton for both would need a state for each pair: they are read apart.
import { analysePattern } from './analysis.ts';
import { ByteSet } from './byte-set.ts';
import type { Node } from './node.ts';

/** Repeats of a pattern that counts. */
const COUNTER_TIMES = 5;
/** Size of a set that most text stays within. */
const WIDE_BYTES = 128;

/** True for a pattern with a part that is repeated several times and may take any amount of text each time. */
export function isCounter(node: Node): boolean {
  if (node.kind === 'bytes' || node.kind === 'assert') return false;
  if (node.kind === 'sequence' || node.kind === 'choice') return node.nodes.some(isCounter);
  if (node.kind === 'group') return isCounter(node.node);
  const times = node.max === Infinity ? node.min : node.max;
  return (times >= COUNTER_TIMES && hasWideLoop(node.node)) || isCounter(node.node);
}

/** A quick test: fewer than `times` of the bytes marked 1, and none of the patterns matches. */
export class CountFilter {
  private readonly counted: Uint8Array;
  private readonly times: number;

  constructor(patterns: readonly Node[]) {
    const needs = patterns.map(needOf);
    const set = ByteSet.union(needs.map((need) => need.set));
    this.counted = Uint8Array.from({ length: 256 }, (_, byte) => (set.has(byte) ? 1 : 0));
    this.times = Math.min(...needs.map((need) => need.times));
  }

  mayMatch(bytes: Uint8Array, from: number, to: number): boolean {
    const { counted, times } = this;
    if (to - from < times) return false;
    let count = 0;
    for (let i = from; i < to; i++) count += counted[bytes[i]!]!;
    return count >= times;
  }
}

/** A set of which a matching value holds at least so many bytes. */
function needOf(node: Node): { set: ByteSet; times: number } {
  const none = { set: ByteSet.none, times: 0 };
  if (node.kind === 'group') return needOf(node.node);
  if (node.kind === 'sequence') return node.nodes.map(needOf).find(({ times }) => times > 0) ?? none;
  if (node.kind !== 'repeat') return none;
  const [set] = analysePattern(node.node).clauses;
  return node.min >= COUNTER_TIMES && set !== undefined ? { set, times: node.min } : none;
}

function hasWideLoop(node: Node): boolean {
  if (node.kind === 'bytes' || node.kind === 'assert') return false;
  if (node.kind === 'sequence' || node.kind === 'choice') return node.nodes.some(hasWideLoop);
  if (node.kind === 'repeat' && node.max === Infinity && isWide(node.node)) return true;
  return hasWideLoop(node.node);
}

function isWide(node: Node): boolean {
  return node.kind === 'bytes' && node.set.size >= WIDE_BYTES;
}

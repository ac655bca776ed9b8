// Where to begin looking for the first match of one pattern in a long value: an automaton reads up to the first match
// and remembers the last place where nothing had begun. No match begins earlier, and few begin long before they end.
import { chunk, latin1Chunk } from './latin1.ts';
import { LazyDfa } from './lazy-dfa.ts';
import { buildNfa } from './nfa-builder.ts';
import type { Node } from './node.ts';
import { Stepper } from './stepper.ts';

/** Bytes between two looks at whether something has begun. */
const BLOCK_BYTES = 64;
/** Most states kept: a few patterns of the Core Rule Set need that many, all others a fraction. */
const MAX_STATES = 8_000;

export class MatchFinder {
  private readonly stepper: Stepper;
  private readonly dfa: LazyDfa;
  private readonly hits = new Uint32Array(1);

  constructor(node: Node) {
    // A way that is back at the pattern's first state has begun all the same, and must be told from one that has not.
    this.stepper = new Stepper(buildNfa([node]), { keepStarts: true });
    this.dfa = new LazyDfa(this.stepper, Int32Array.of(0), { states: Infinity }, LIMITS);
  }

  get work(): number {
    return this.stepper.work;
  }

  /** A place at or before the beginning of the first match; -1 if there is none. */
  find(value: string): number {
    const { dfa, hits } = this;
    const { finalLf, edge } = this.stepper.follow.alphabet;
    const end = value.endsWith('\n') ? value.length - 1 : value.length;
    hits[0] = 0;
    if (this.stepper.matchesAlways(0)) return 0;
    dfa.begin();
    let clear = 0;
    for (let at = 0; at < end; ) {
      const length = Math.min(latin1Chunk(value, at), end - at);
      for (let from = 0; from < length; from += BLOCK_BYTES) {
        if (dfa.isClear) clear = at + from;
        dfa.feed(chunk, from, Math.min(from + BLOCK_BYTES, length), hits);
        if (hits[0] !== 0) return clear;
      }
      at += length;
    }
    if (dfa.isClear) clear = end;
    if (end < value.length) dfa.take(finalLf, hits);
    dfa.take(edge, hits);
    return hits[0] === 0 ? -1 : clear;
  }
}

const LIMITS = {
  maxStates: MAX_STATES,
  mayStep: true,
  eager: [],
  resetIntervalMs: 1_000,
  now: () => performance.now(),
};

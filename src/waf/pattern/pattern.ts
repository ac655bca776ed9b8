// One pattern by itself: does it match, and where. Both answers take time linear in the value's length.
import { type Analysis, analysePattern } from './analysis.ts';
import { LazyDfa } from './lazy-dfa.ts';
import { buildNfa } from './nfa.ts';
import type { Node } from './node.ts';
import { type ParseOptions, parsePattern } from './parse.ts';
import { PikeMachine } from './pike.ts';
import { Stepper } from './stepper.ts';
import { UnionMatcher } from './union.ts';

/** Most states kept by the automaton of one pattern. */
const MAX_STATES = 256;
/** Values longer than this are searched backwards for the place where the match begins. */
const SEARCH_LENGTH = 256;
const LIMITS = { maxStates: MAX_STATES, resetIntervalMs: 1_000, now: () => performance.now() };

/** A compiled pattern. Its automata are made when they are first used. */
export class Pattern {
  readonly node: Node;
  readonly analysis: Analysis;
  private matcher: UnionMatcher | undefined;
  private machine: PikeMachine | undefined;
  private finder: StartFinder | undefined;
  private readonly hits = new Uint32Array(1);

  constructor(node: Node) {
    this.node = node;
    this.analysis = analysePattern(node);
  }

  /** Whether the pattern matches anywhere in a byte string. */
  test(value: string): boolean {
    const { minLength, literal } = this.analysis;
    if (value.length < minLength) return false;
    if (literal) return value === literal.text || (literal.allowsFinalLf && value === `${literal.text}\n`);
    this.matcher ??= new UnionMatcher([this.node], { maxStates: MAX_STATES, newStates: Infinity });
    this.hits[0] = 0;
    this.matcher.scan(value, this.hits);
    return this.hits[0] !== 0;
  }

  /**
   * The match PCRE would find: the leftmost, and of those the first in order of preference. Start and end of groups
   * 0 to 9, -1 for groups that took no part; undefined when nothing matches.
   */
  exec(value: string): Int32Array | undefined {
    if (value.length < this.analysis.minLength) return undefined;
    this.machine ??= new PikeMachine(buildNfa([this.node], { captures: true }));
    if (value.length <= SEARCH_LENGTH) return this.machine.exec(value, 0);
    this.finder ??= new StartFinder(this.node);
    const start = this.finder.find(value);
    return start < 0 ? undefined : this.machine.exec(value, start);
  }

  /** Steps taken without a state at hand: the measure that tests use to show that matching is linear. */
  get work(): number {
    return (this.matcher?.stats.work ?? 0) + (this.machine?.work ?? 0) + (this.finder?.work ?? 0);
  }
}

/** Compiles the text of a pattern; throws a PatternError for what cannot be. */
export function compilePattern(text: string, options: ParseOptions = {}): Pattern {
  return new Pattern(parsePattern(text, options));
}

/** Reads a value from its end: the last match seen that way is the one that begins first. */
class StartFinder {
  private readonly stepper: Stepper;
  private readonly dfa: LazyDfa;
  private readonly hits = new Uint32Array(1);

  constructor(node: Node) {
    this.stepper = new Stepper(buildNfa([node], { reverse: true }), { keepMatched: true });
    this.dfa = new LazyDfa(this.stepper, Int32Array.of(0), LIMITS);
    this.dfa.allowance = Infinity;
  }

  get work(): number {
    return this.stepper.work;
  }

  /** The place of the leftmost match, or the place before it; -1 if there is none. */
  find(value: string): number {
    const { dfa, hits } = this;
    const { columnOf, finalLf, edge } = this.stepper.follow.alphabet;
    let found = -1;
    dfa.begin();
    for (let at = value.length - 1; at >= -1; at--) {
      const byte = at < 0 ? -1 : value.charCodeAt(at);
      const isFinalLf = byte === 0x0a && at === value.length - 1;
      dfa.take(byte < 0 ? edge : isFinalLf ? finalLf : columnOf[byte]!, hits, true);
      if (hits[0] === 0) continue;
      hits[0] = 0;
      found = Math.max(at, 0);
    }
    return found;
  }
}

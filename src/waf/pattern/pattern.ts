// One pattern by itself: does it match, and where. Both answers take time linear in the value's length.
import { type Analysis, analysePattern } from './analysis.ts';
import { LazyDfa } from './lazy-dfa.ts';
import { buildNfa } from './nfa.ts';
import type { Node } from './node.ts';
import { type ParseOptions, parsePattern } from './parse.ts';
import { Stepper } from './stepper.ts';
import { SubmatchMachine } from './submatch.ts';
import { UnionMatcher } from './union.ts';

/** Most states kept by an automaton of one pattern. */
const MAX_STATES = 1_000;
/** Values longer than this are searched backwards for the place where the match begins. */
const SEARCH_LENGTH = 256;
const LIMITS = {
  maxStates: MAX_STATES,
  mayStep: true,
  eager: [],
  resetIntervalMs: 1_000,
  now: () => performance.now(),
};

/** A compiled pattern. Its automata are made when they are first used. */
export class Pattern {
  readonly node: Node;
  private analysed: Analysis | undefined;
  private matcher: UnionMatcher | undefined;
  private machine: SubmatchMachine | undefined;
  private finder: StartFinder | undefined;
  private readonly hits = new Uint32Array(1);

  constructor(node: Node) {
    this.node = node;
  }

  get analysis(): Analysis {
    this.analysed ??= analysePattern(this.node);
    return this.analysed;
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
    this.machine ??= new SubmatchMachine(buildNfa([this.node], { captures: true }));
    if (value.length <= SEARCH_LENGTH) return this.machine.search(value, 0);
    this.finder ??= new StartFinder(this.node);
    const start = this.finder.find(value);
    if (start < 0) return undefined;
    return this.machine.exec(value, start) ?? this.machine.exec(value, start + 1);
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
    this.dfa = new LazyDfa(this.stepper, Int32Array.of(0), { states: Infinity }, LIMITS);
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
      dfa.take(byte < 0 ? edge : isFinalLf ? finalLf : columnOf[byte]!, hits);
      if (hits[0] === 0) continue;
      hits[0] = 0;
      found = Math.max(at, 0);
    }
    return found;
  }
}

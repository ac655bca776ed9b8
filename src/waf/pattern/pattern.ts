// One pattern by itself: does it match, and where. Both answers take time linear in the value's length; for patterns
// with lookaround, atomic groups or backreferences, a bounded number of steps.
import { type Analysis, analysePattern } from './analysis.ts';
import { Backtracker, UNKNOWN } from './backtracker.ts';
import { MatchFinder } from './match-finder.ts';
import { buildNfa } from './nfa-builder.ts';
import type { Node, Term } from './node.ts';
import { type ParseOptions, parseTerm } from './parse.ts';
import { relax } from './relax.ts';
import { type StepAllowance, SubmatchMachine } from './submatch.ts';

/** In values longer than this the place where the match begins is narrowed down first. */
const SEARCH_LENGTH = 256;

/** A compiled pattern. Its automata are made when they are first used. */
export class Pattern {
  /** False: where `node` matches, only `test` knows whether the pattern does. `analysis` is true of it all the same. */
  readonly isExact: boolean;
  private readonly backtracker: Backtracker | undefined;
  private tree: Node | (() => Node);
  private analysed: Analysis | undefined;
  private machine: SubmatchMachine | undefined;
  private finder: MatchFinder | undefined;

  /** Of an exact pattern that is known from earlier its analysis alone, and what reads the rest when it is needed. */
  constructor(term: Term | (() => Node), analysis?: Analysis) {
    this.analysed = analysis;
    this.tree = typeof term === 'function' ? term : relax(term);
    this.isExact = typeof term === 'function' || this.tree === term;
    this.backtracker = this.isExact ? undefined : new Backtracker(term as Term, this.node);
  }

  /** What automata may look for: the pattern, or where it is not exact a plain one that may match in more places. */
  get node(): Node {
    if (typeof this.tree === 'function') this.tree = this.tree();
    return this.tree;
  }

  get analysis(): Analysis {
    this.analysed ??= analysePattern(this.node);
    return this.analysed;
  }

  /**
   * Whether the pattern matches anywhere in a byte string. A pattern that is not exact may need more steps than a
   * search may take (MAX_STEPS, MAX_REFERENCE_STEPS): then the answer is `unlessRuledOut`. True, the default, is on the
   * safe side for whoever looks for an attack; whoever acts when nothing is found passes false.
   */
  test(value: string, unlessRuledOut = true): boolean {
    if (this.backtracker === undefined) return this.testNode(value);
    const found = this.testNode(value) ? this.execNode(value) : undefined;
    if (found === undefined) return false;
    const answer = this.backtracker.test(value, found[0]!);
    return answer === UNKNOWN ? unlessRuledOut : answer;
  }

  private testNode(value: string): boolean {
    const { minLength, literal } = this.analysis;
    if (value.length < minLength) return false;
    if (literal) return value === literal.text || (literal.allowsFinalLf && value === `${literal.text}\n`);
    this.finder ??= new MatchFinder(this.node);
    return this.finder.find(value) >= 0;
  }

  /**
   * The match PCRE would find: the leftmost, and of those the first in order of preference. Start and end of groups
   * 0 to 9, -1 for groups that took no part; undefined when nothing matches. When a search for a pattern that is not
   * exact takes too many steps, the match is that of `node`. With an allowance a match may be reported shorter than it
   * is: see SubmatchMachine.search.
   */
  exec(value: string, allowance?: StepAllowance): Int32Array | undefined {
    const found = this.execNode(value, allowance);
    if (found === undefined || this.backtracker === undefined) return found;
    const answer = this.backtracker.exec(value, found[0]!);
    return answer === UNKNOWN ? found : answer;
  }

  private execNode(value: string, allowance?: StepAllowance): Int32Array | undefined {
    if (value.length < this.analysis.minLength) return undefined;
    this.machine ??= new SubmatchMachine(buildNfa([this.node], { captures: true }));
    if (value.length <= SEARCH_LENGTH) return this.machine.search(value, 0);
    this.finder ??= new MatchFinder(this.node);
    const start = this.finder.find(value);
    return start < 0 ? undefined : this.machine.search(value, start, allowance);
  }

  /** Steps taken without a state at hand: the measure that tests use to show that matching is linear. */
  get work(): number {
    const { machine, finder, backtracker } = this;
    return (machine?.work ?? 0) + (finder?.work ?? 0) + (backtracker?.steps ?? 0);
  }
}

/** Compiles the text of a pattern; throws a PatternError for what cannot be. */
export function compilePattern(text: string, options: ParseOptions = {}): Pattern {
  return new Pattern(parseTerm(text, options));
}

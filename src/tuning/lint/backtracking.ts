// Patterns that cost a backtracking engine (PCRE, the ones of Perl, Java, JavaScript) time out of all proportion. Here every
// pattern takes linear time; the same file elsewhere may not. Nothing is guessed: a pattern is accused only with a value
// on which a plain backtracking matcher was seen to need that many steps.
import { ByteSet } from '../../waf/pattern/byte-set.ts';
import type { Term } from '../../waf/pattern/node.ts';
import { parseTerm } from '../../waf/pattern/parse.ts';
import { CountingMatcher } from './counting-matcher.ts';

export interface Witness {
  /** What is repeated, behind and before the rest. */
  readonly prefix: string;
  readonly pump: string;
  readonly suffix: string;
  /** Steps with so many repetitions of it. */
  readonly repetitions: number;
  readonly steps: number;
  readonly growth: 'exponential' | 'polynomial';
}

/** Each twice the one before. */
const REPETITIONS = [6, 12, 24, 48] as const;
const MAX_STEPS = 300_000;
const FEW_STEPS = 2_000;
/** Twice the repetitions and less than so many times the steps: it will not come to the third power. */
const QUADRATIC = 4.4;
/** Twice the repetitions and so many times the steps: the third power and more. */
const CUBIC = 6.5;
const STEEP = 16;
/** Twice the repetitions: 32 times the steps and a little. */
const FIFTH_POWER = 40;
const MAX_CANDIDATES = 32;
/** What hardly any pattern goes on with. */
const SUFFIXES = ['\x01', '\n'];

/** undefined: none was found. Throws PatternError for what is no pattern. */
export function findWitness(pattern: string): Witness | undefined {
  const term = parseTerm(pattern);
  const matcher = new CountingMatcher(term);
  const candidates = new Map<string, { prefix: string; pump: string }>();
  for (const candidate of candidatesOf(term, '')) {
    if (candidates.size >= MAX_CANDIDATES) break;
    candidates.set(`${candidate.prefix}\0${candidate.pump}`, candidate);
  }
  let found: Witness | undefined;
  for (const { prefix, pump } of candidates.values()) {
    for (const suffix of SUFFIXES) {
      const witness = measure(matcher, prefix, pump, suffix);
      if (witness !== undefined && (found === undefined || witness.steps > found.steps)) found = witness;
    }
    if (found?.growth === 'exponential') break;
  }
  return found;
}

function measure(matcher: CountingMatcher, prefix: string, pump: string, suffix: string): Witness | undefined {
  let [before, ratio] = [0, 0];
  for (const repetitions of REPETITIONS) {
    const steps = matcher.steps(prefix + pump.repeat(repetitions) + suffix, MAX_STEPS);
    const rise = before === 0 ? 0 : steps / before;
    const witness = { prefix, pump, suffix, repetitions, steps };
    // Of a power the rise stays what it is, of an exponential it rises itself.
    const isSteeper = ratio > 0 && rise > STEEP && rise > ratio * 1.8;
    if (steps > FEW_STEPS && (isSteeper || rise > FIFTH_POWER)) return { ...witness, growth: 'exponential' };
    // Where the bound was met the rise is more than it seems.
    if (steps >= MAX_STEPS || (repetitions === REPETITIONS.at(-1) && rise >= CUBIC)) {
      return Math.max(rise, ratio) >= CUBIC ? { ...witness, growth: 'polynomial' } : undefined;
    }
    if (repetitions >= 24 && rise < QUADRATIC) return undefined;
    [before, ratio] = [steps, rise];
  }
  return undefined;
}

interface Candidate {
  readonly prefix: string;
  readonly pump: string;
}

/** For each repeat without a bound: a way to come to it, and words that it can take again and again. */
function* candidatesOf(term: Term, prefix: string): Generator<Candidate, void, undefined> {
  switch (term.kind) {
    case 'sequence': {
      let before = prefix;
      for (const [i, part] of term.nodes.entries()) {
        yield* candidatesOf(part, before);
        const next = term.nodes[i + 1];
        if (part.kind === 'repeat' && next !== undefined) yield* sharedWith(part.node, next, before);
        before += wordOf(part);
      }
      return;
    }
    case 'choice':
      for (const part of term.nodes) yield* candidatesOf(part, prefix);
      return;
    case 'group':
    case 'atomic':
    case 'look':
      yield* candidatesOf(term.node, prefix);
      return;
    case 'repeat':
      if (term.max > REPETITIONS[2]) {
        for (const pump of wordsOf(term.node)) if (pump !== '') yield { prefix, pump };
      }
      yield* candidatesOf(term.node, prefix);
      return;
    default:
  }
}

/** Bytes that a repeat takes and what follows takes too. */
function* sharedWith(body: Term, next: Term, prefix: string): Generator<Candidate, void, undefined> {
  const following = next.kind === 'repeat' ? next.node : next;
  const both = ByteSet.union([firstSet(body)]);
  const other = firstSet(following);
  for (let byte = 0; byte < 256; byte++) {
    if (both.has(byte) && other.has(byte)) {
      yield { prefix, pump: String.fromCharCode(byte) };
      return;
    }
  }
}

/** A few words that the term takes: the shortest, and one for each alternative. */
function wordsOf(term: Term): string[] {
  if (term.kind === 'choice') return term.nodes.slice(0, 8).map(wordOf);
  if (term.kind === 'group' || term.kind === 'atomic') return wordsOf(term.node);
  if (term.kind === 'repeat' && term.min === 0) return wordsOf(term.node);
  const words = [wordOf(term)];
  if (term.kind === 'sequence') {
    // With what may be left out taken once: the inner repeats of `(a*b?)*`.
    words.push(term.nodes.map((part) => (part.kind === 'repeat' ? wordOf(part.node) : wordOf(part))).join(''));
    for (const part of term.nodes) if (part.kind === 'repeat') words.push(wordOf(part.node));
  }
  return words;
}

/** A shortest word that the term takes, as far as that can be seen without running it. */
function wordOf(term: Term): string {
  switch (term.kind) {
    case 'bytes':
      return byteOf(term.set);
    case 'sequence':
      return term.nodes.map(wordOf).join('');
    case 'choice':
      return term.nodes.map(wordOf).reduce((shortest, word) => (word.length < shortest.length ? word : shortest));
    case 'repeat':
      return wordOf(term.node).repeat(term.min);
    case 'group':
    case 'atomic':
      return wordOf(term.node);
    default:
      return '';
  }
}

/** A letter where one will do, so that a witness can be read. */
function byteOf(set: ByteSet): string {
  for (const char of 'a1 -.=/(') if (set.has(char.charCodeAt(0))) return char;
  for (let byte = 0x21; byte < 0x100; byte++) if (set.has(byte)) return String.fromCharCode(byte);
  for (let byte = 0; byte < 0x21; byte++) if (set.has(byte)) return String.fromCharCode(byte);
  return '';
}

function firstSet(term: Term): ByteSet {
  switch (term.kind) {
    case 'bytes':
      return term.set;
    case 'sequence': {
      const first = term.nodes[0];
      return first === undefined ? ByteSet.none : firstSet(first);
    }
    case 'choice':
      return ByteSet.union(term.nodes.map(firstSet));
    case 'repeat':
    case 'group':
    case 'atomic':
      return firstSet(term.node);
    default:
      return ByteSet.none;
  }
}

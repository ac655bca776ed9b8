// The slow engine's operators: patterns by a walk over their tree, word lists word by word. What has neither scan nor
// automaton behind it (numbers, addresses, libinjection) is asked directly; it is tested elsewhere.
import { detectSqli } from '../../../src/waf/injection/sqli.ts';
import { detectXss } from '../../../src/waf/injection/xss.ts';
import { phrasesOf } from '../../../src/waf/operators/phrases.ts';
import { OperatorError, operator } from '../../../src/waf/operators/registry.ts';
import { compilePattern, type Pattern } from '../../../src/waf/pattern/pattern.ts';
import { PatternError } from '../../../src/waf/pattern/pattern-error.ts';
import type { OperatorCall } from '../../../src/waf/rule.ts';
import { GaveUp, naiveExec } from '../pattern/naive.ts';

/** Offsets of the groups that a pattern caught; undefined: it does not match. */
export type Tester = (pattern: Pattern, value: string) => ArrayLike<number> | undefined;

/** A walk goes as deep as the value is long. */
const MAX_WALKED = 400;

/** By walking the tree; where that takes too long, by the machine that the scan does not use. */
export const byWalking: Tester = (pattern, value) => {
  if (value.length > MAX_WALKED) return pattern.exec(value);
  try {
    return naiveExec(pattern.node, value);
  } catch (error) {
    if (error instanceof GaveUp) return pattern.exec(value);
    throw error;
  }
};

/** By the machine alone: fast enough for a whole rule set. */
export const byMachine: Tester = (pattern, value) => pattern.exec(value);

/** The matched part and the groups; the whole value where nothing is known; undefined: the operator does not hold. */
export function answer(
  call: OperatorCall,
  argument: string,
  value: string,
  test: Tester,
): readonly (string | undefined)[] | undefined {
  const found = positiveAnswer(call, argument, value, test);
  if (!call.negated) return found;
  return found === undefined ? [value] : undefined;
}

/** An argument that is only known now, and that no operator can work with, matches nothing. */
function positiveAnswer(
  call: OperatorCall,
  argument: string,
  value: string,
  test: Tester,
): readonly (string | undefined)[] | undefined {
  try {
    return plainAnswer(call, argument, value, test);
  } catch (error) {
    if (error instanceof PatternError || error instanceof OperatorError) return undefined;
    throw error;
  }
}

const patterns = new Map<string, Pattern>();

function plainAnswer(
  call: OperatorCall,
  argument: string,
  value: string,
  test: Tester,
): readonly (string | undefined)[] | undefined {
  switch (call.name) {
    case 'rx': {
      const offsets = test(patternOf(argument), value);
      return offsets === undefined ? undefined : groups(value, offsets);
    }
    case 'pm':
    case 'pmf':
    case 'pmfromfile':
      return firstWord(call.lines ?? phrasesOf(argument), value);
    case 'detectsqli': {
      const print = detectSqli(value);
      return print === undefined ? undefined : [print];
    }
    case 'detectxss':
      return detectXss(value) ? [value] : undefined;
    default: {
      const { lines } = call;
      const found = operator(call.name)!.compile(lines === undefined ? { argument } : { argument, lines })(value);
      if (typeof found === 'boolean') return found ? [value] : undefined;
      return [value.slice(found.start, found.end)];
    }
  }
}

function patternOf(text: string): Pattern {
  let pattern = patterns.get(text);
  if (pattern === undefined) {
    pattern = compilePattern(text);
    patterns.set(text, pattern);
  }
  return pattern;
}

function groups(value: string, offsets: ArrayLike<number>): (string | undefined)[] {
  const all: (string | undefined)[] = [];
  for (let i = 0; i < offsets.length; i += 2)
    all.push(offsets[i]! < 0 ? undefined : value.slice(offsets[i], offsets[i + 1]));
  return all;
}

/** Of the words in the value the one that ends first, and of those the longest. */
function firstWord(words: readonly string[], value: string): readonly string[] | undefined {
  const small = value.replace(/[A-Z]+/g, (run) => run.toLowerCase());
  let best: { start: number; end: number } | undefined;
  for (const word of words) {
    const start = small.indexOf(word.replace(/[A-Z]+/g, (run) => run.toLowerCase()));
    if (start < 0) continue;
    const end = start + word.length;
    if (best === undefined || end < best.end || (end === best.end && start < best.start)) best = { start, end };
  }
  return best && [value.slice(best.start, best.end)];
}

// An operator with its argument, ready to test values. The engine's own operators (patterns, word lists,
// libinjection) are joined here with those of the registry.
import { expand } from './expand.ts';
import { detectSqli, sqliTriggers } from './injection/sqli.ts';
import { detectXss, xssTriggers } from './injection/xss.ts';
import { countMatcher, joinedMatcher } from './joined-matcher.ts';
import { parseTemplate, plainText, type Template } from './macro.ts';
import type { Matcher, Parts } from './matching.ts';
import { phrasesOf } from './operators/phrases.ts';
import { OperatorError, operator, type Test } from './operators/registry.ts';
import { expandedSize } from './pattern/node.ts';
import { compilePattern, type Pattern } from './pattern/pattern.ts';
import { PatternError } from './pattern/pattern-error.ts';
import { WordMatcher } from './pattern/words.ts';
import { patternOf } from './pattern-store.ts';
import type { OperatorCall } from './rule.ts';
import type { Transaction } from './transaction.ts';

/** Compiled tests of one operator whose argument holds macros, by the argument as it came out. */
const MAX_ARGUMENTS = 64;

/** States of a pattern that is known only when its rule runs. */
const MAX_RUNTIME_STATES = 1_000;
const MAX_KNOWN_LENGTH = 64;
const MAX_KNOWN_VALUES = 256;
const ALL_BYTES: readonly number[] = Array.from({ length: 256 }, (_, byte) => byte);
const HIGH_BYTES = ALL_BYTES.filter((byte) => byte >= 0x80);
const PHRASES = new Set(['pm', 'pmf', 'pmfromfile']);

/** Throws OperatorError or PatternError for an argument that cannot be. */
export function compileMatcher(call: OperatorCall): Matcher {
  if (call.calls !== undefined) return joinedMatcher(call.calls.map(compileMatcher), call);
  const template = parseTemplate(call.argument);
  const plain = plainText(template);
  return plain === undefined ? runtimeMatcher(call, template) : plainMatcher(call, plain);
}

function plainMatcher(call: OperatorCall, plain: string): Matcher {
  const { name, negated } = call;
  if (name === 'rx') return patternMatcher(patternOf(plain), plain, negated);
  if (name === 'count') return countMatcher(plain, negated, patternMatcher);
  if (PHRASES.has(name)) return wordsMatcher(call.lines ?? phrasesOf(plain), negated);
  if (name === 'detectsqli') return sqliMatcher(negated);
  if (name === 'detectxss') return testMatcher(detectXss, negated, xssTriggers);
  const test = testOf(call, plain);
  return testMatcher(name === 'within' ? remember(test) : test, negated, triggersOf(name, plain));
}

/** Bytes of which a value needs one to pass, for the tests of which that can be said. */
function triggersOf(name: string, argument: string): readonly number[] | undefined {
  if (name === 'validateutf8encoding') return HIGH_BYTES;
  if (name !== 'validatebyterange') return undefined;
  const isRefused = testOf({ name, negated: false, argument }, argument);
  return ALL_BYTES.filter((byte) => isRefused(String.fromCharCode(byte)) !== false);
}

function testOf(call: OperatorCall, argument: string): Test {
  const known = operator(call.name);
  if (known === undefined) throw new OperatorError(`there is no operator @${call.name}`);
  return known.compile(call.lines === undefined ? { argument } : { argument, lines: call.lines });
}

function testMatcher(test: Test, negated: boolean, triggers?: readonly number[]): Matcher {
  const holds = (value: string): boolean => (test(value) !== false) !== negated;
  return {
    negated,
    holds,
    parts: (value) => partOf(value, negated ? true : test(value)),
    scan: { kind: 'test', test: holds, ...(negated || triggers === undefined ? {} : { triggers }) },
  };
}

function patternMatcher(pattern: Pattern, text: string, negated: boolean): Matcher {
  if (!pattern.isExact) return backtrackingMatcher(pattern, text, negated);
  const shortParts = remember((value) => groupsOf(value, pattern.exec(value)));
  const scan = { kind: 'pattern', pattern, text } as const;
  const isFound = remember((value) => pattern.test(value));
  const parts: Matcher['parts'] = (value, _tx, left) =>
    value.length <= MAX_KNOWN_LENGTH ? shortParts(value) : groupsOf(value, pattern.exec(value, left));
  return {
    negated,
    holds: (value, tx) =>
      (value.length <= MAX_KNOWN_LENGTH ? isFound(value) : (tx.readings?.has(value, text) ?? pattern.test(value))) !==
      negated,
    parts: negated ? (value) => [value] : parts,
    scan,
    ...(negated ? {} : { pattern: scan }),
  };
}

/**
 * A pattern that no automaton decides: the scan finds where it may match, and where that must not be it asks for the
 * test. What cannot be ruled out counts against the request, whether the rule is negated or not.
 */
function backtrackingMatcher(pattern: Pattern, text: string, negated: boolean): Matcher {
  const test = (value: string): boolean => pattern.test(value, !negated) !== negated;
  const counted = <T>(tx: Transaction, run: () => T): T => {
    const before = pattern.work;
    const result = run();
    tx.budget.spend(pattern.work - before);
    return result;
  };
  return {
    negated,
    holds: (value, tx) => counted(tx, () => test(value)),
    parts: (value, tx, left) => (negated ? [value] : counted(tx, () => groupsOf(value, pattern.exec(value, left)))),
    scan: negated ? { kind: 'test', test } : { kind: 'pattern', pattern, text },
  };
}

function wordsMatcher(words: readonly string[], negated: boolean): Matcher {
  let made: WordMatcher | undefined;
  // Seldom asked, since the scan has its own: made when it is.
  const matcher = (): WordMatcher => {
    made ??= new WordMatcher([words]);
    return made;
  };
  return {
    negated,
    holds: (value) => (matcher().first(0, value) !== undefined) !== negated,
    parts: (value) => partOf(value, (negated ? undefined : matcher().first(0, value)) ?? true),
    scan: { kind: 'words', words },
  };
}

function sqliMatcher(negated: boolean): Matcher {
  const test = (value: string) => (detectSqli(value) !== undefined) !== negated;
  return {
    negated,
    holds: test,
    // What is shown and captured is the fingerprint, as libinjection's users know it.
    parts: (value) => [detectSqli(value) ?? value],
    scan: { kind: 'test', test, ...(negated ? {} : { triggers: sqliTriggers }) },
  };
}

/** The argument is known only when the rule runs: tests are compiled then, and kept for the next time. */
function runtimeMatcher(call: OperatorCall, template: Template): Matcher {
  const compiled = new Map<string, Matcher>();
  const current = (tx: Transaction): Matcher => {
    const argument = expand(template, tx);
    const known = compiled.get(argument);
    if (known !== undefined) return known;
    if (compiled.size >= MAX_ARGUMENTS) compiled.clear();
    // Not looked at for macros again: what a client sent is never one, whatever it looks like.
    const matcher = matcherOrNothing(call, argument);
    compiled.set(argument, matcher);
    return matcher;
  };
  return {
    negated: call.negated,
    holds: (value, tx) => current(tx).holds(value, tx),
    parts: (value, tx, left) => current(tx).parts(value, tx, left),
    scan: undefined,
  };
}

/** With what a client sent the argument may be no pattern at all: then nothing matches it, as in ModSecurity. */
function matcherOrNothing(call: OperatorCall, argument: string): Matcher {
  try {
    // Compiled and run for one exchange, and perhaps the work of a client: far less is allowed than in a rule file.
    if (call.name === 'rx' && expandedSize(compilePattern(argument).node) > MAX_RUNTIME_STATES) {
      throw new OperatorError(`a pattern made of macros may have ${MAX_RUNTIME_STATES} states at most`);
    }
    return plainMatcher(call, argument);
  } catch (error) {
    if (!(error instanceof PatternError || error instanceof OperatorError)) throw error;
    return testMatcher(() => false, call.negated);
  }
}

function partOf(value: string, found: ReturnType<Test>): Parts {
  return typeof found === 'boolean' ? [value] : [value.slice(found.start, found.end)];
}

/** Short values come again and again (names of headers, methods): what was found in them is kept. */
function remember<T extends boolean | object>(find: (value: string) => T): (value: string) => T {
  const known = new Map<string, T>();
  return (value) => {
    if (value.length > MAX_KNOWN_LENGTH) return find(value);
    let answer = known.get(value);
    if (answer === undefined) {
      answer = find(value);
      if (known.size >= MAX_KNOWN_VALUES) known.clear();
      known.set(value, answer);
    }
    return answer;
  };
}

function groupsOf(value: string, offsets: Int32Array | undefined): Parts {
  if (offsets === undefined) return [value];
  const groups: (string | undefined)[] = [];
  for (let i = 0; i < offsets.length; i += 2) {
    const start = offsets[i] as number;
    groups.push(start === -1 ? undefined : value.slice(start, offsets[i + 1]));
  }
  return groups;
}

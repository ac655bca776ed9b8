// What native rules say beyond one operator and one value: several conditions on a value (`all`, `any`), and how often a
// pattern is found in it (`count`).
import type { AnyForm, Matcher, ScanForm } from './matching.ts';
import type { Pattern } from './pattern/pattern.ts';
import { UnionMatcher } from './pattern/union.ts';
import { patternOf } from './pattern-store.ts';
import type { OperatorCall } from './rule.ts';
import type { Transaction } from './transaction.ts';

type MatcherOf = (pattern: Pattern, text: string, negated: boolean) => Matcher;

/** `all` and `any` of native rules: several conditions on one value. They hold no macros and ask nothing of a transaction. */
export function joinedMatcher(inner: readonly Matcher[], { name, negated }: OperatorCall): Matcher {
  const join = name === 'all' ? holdsAll(inner) : holdsAny(inner);
  const holds = (value: string, tx: Transaction): boolean => join(value, tx) !== negated;
  const test = (value: string): boolean => holds(value, NO_TRANSACTION);
  return {
    negated,
    holds,
    parts: (value, tx, left) => {
      const telling = inner.find((each) => !each.negated && each.scan?.kind !== 'test' && each.holds(value, tx));
      return (
        (negated ? undefined : (telling ?? inner.find((each) => !each.negated && each.holds(value, tx))))?.parts(
          value,
          tx,
          left,
        ) ?? [value]
      );
    },
    scan: negated
      ? { kind: 'test', test }
      : ((name === 'all' ? mostTelling(inner) : anyOf(inner)) ?? { kind: 'test', test }),
  };
}

/** What the scan tests has none. */
const NO_TRANSACTION = {} as Transaction;

/** Longer values are read for several patterns at once: one after the other each would read them to the end. */
const LONG_VALUE = 1_024;

type Holds = Matcher['holds'];

function holdsAll(inner: readonly Matcher[]): Holds {
  return (value, tx) => inner.every((each) => each.holds(value, tx));
}

function holdsAny(inner: readonly Matcher[]): Holds {
  const patterns = inner.flatMap(({ pattern }) => pattern ?? []);
  const others = inner.filter(({ pattern }) => pattern === undefined);
  let union: UnionMatcher | undefined;
  return (value, tx) => {
    if (value.length < LONG_VALUE || patterns.length < 2) return inner.some((each) => each.holds(value, tx));
    const open = new Uint32Array((patterns.length + 31) >>> 5);
    for (const [i, { text }] of patterns.entries()) {
      const isFound = tx.readings?.has(value, text);
      if (isFound === true) return true;
      if (isFound === undefined) open[i >>> 5]! |= 1 << (i & 31);
    }
    if (open.some((word) => word !== 0)) {
      union ??= new UnionMatcher(
        patterns.map(({ pattern }) => pattern.node),
        UNION,
      );
      const hits = new Uint32Array(open.length);
      union.beginRequest();
      union.scan(value, hits, open);
      if (hits.some((word, i) => (word & open[i]!) !== 0)) return true;
    }
    return others.some((each) => each.holds(value, tx));
  };
}

/** Of one `any`, of which there are dozens. */
const UNION = { maxStates: 500, newStates: 64, maxPartBytes: 512 * 1024 };

/** Where all must hold, the scan may look for one of them; a negated one is worth nothing to it. */
function mostTelling(inner: readonly Matcher[]): Matcher['scan'] {
  const positive = inner.filter((each) => !each.negated);
  const patterns = positive.flatMap(({ scan }) => (scan?.kind === 'pattern' ? [scan] : []));
  patterns.sort((a, b) => b.pattern.analysis.minLength - a.pattern.analysis.minLength);
  const scans = positive.map(({ scan }) => scan);
  return patterns[0] ?? scans.find((scan) => scan?.kind === 'words') ?? scans.find((scan) => scan?.kind === 'any');
}

function anyOf(inner: readonly Matcher[]): AnyForm | undefined {
  if (inner.some((each) => each.negated || each.scan === undefined)) return undefined;
  const forms = inner.flatMap(({ scan }) => (scan?.kind === 'any' ? scan.forms : (scan as ScanForm)));
  const tests = forms.flatMap((form) => (form.kind === 'test' ? [form] : []));
  const rest = forms.filter((form) => form.kind !== 'test');
  if (tests.length === 0) return { kind: 'any', forms: rest };
  const triggers = tests.every((each) => each.triggers !== undefined)
    ? tests.flatMap((each) => each.triggers ?? [])
    : undefined;
  const test = (value: string): boolean => tests.some((each) => each.test(value));
  return { kind: 'any', forms: [...rest, { kind: 'test', test, ...(triggers === undefined ? {} : { triggers }) }] };
}

/** How many times a pattern is found, one match behind the other: `count` of native rules. */
export function countMatcher(argument: string, negated: boolean, matcherOf: MatcherOf): Matcher {
  const blank = argument.indexOf(' ');
  const least = Number(argument.slice(0, blank));
  const text = argument.slice(blank + 1);
  const pattern = patternOf(text);
  const test = (value: string): boolean => {
    let rest = value;
    for (let found = 0; found < least; found++) {
      const match = pattern.exec(rest);
      if (match === undefined) return false;
      rest = rest.slice(Math.max(match[1] as number, 1));
    }
    return true;
  };
  const first = matcherOf(pattern, text, false);
  return {
    negated,
    holds: (value) => test(value) !== negated,
    parts: (value, tx, left) => (negated ? [value] : first.parts(value, tx, left)),
    scan: negated ? { kind: 'test', test: (value) => !test(value) } : { kind: 'pattern', pattern, text },
  };
}

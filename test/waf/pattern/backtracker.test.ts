// Patterns that no automaton can run, against two oracles: V8's RegExp, and a naive walk of the tree.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_REFERENCE_STEPS, MAX_STEPS } from '../../../src/waf/pattern/backtracker.ts';
import { parseTerm } from '../../../src/waf/pattern/parse.ts';
import { compilePattern } from '../../../src/waf/pattern/pattern.ts';
import { hostileValues } from './hostile-values.ts';
import { GaveUp, naiveExec } from './naive.ts';
import { randomValue } from './random-pattern.ts';
import { randomSpecial } from './random-special.ts';
import special from './special-patterns.json' with { type: 'json' };

const RUNS = { numRuns: Number(process.env.FUZZ_RUNS ?? 2_000) };

describe('random patterns on random values', () => {
  test('test agrees with V8', () => {
    fc.assert(
      fc.property(randomSpecial, fc.array(randomValue, { minLength: 1, maxLength: 6 }), (pattern, values) => {
        fc.pre(!pattern.isForked);
        const compiled = compilePattern(pattern.pcre);
        const regexp = new RegExp(pattern.v8);
        for (const value of values) expect(compiled.test(value), JSON.stringify(value)).toBe(regexp.test(value));
      }),
      RUNS,
    );
  });

  test('exec agrees with V8 where the two engines mean the same', () => {
    fc.assert(
      fc.property(randomSpecial, randomValue, ({ pcre, v8, isForked, isPeculiar }, value) => {
        fc.pre(!isForked && !isPeculiar);
        const groups = groupsOf(v8);
        const match = new RegExp(v8, 'd').exec(value);
        const expected = match && [...match.indices!].filter((_, i) => groups[i]).map((pair) => pair ?? [-1, -1]);
        const found = compilePattern(pcre).exec(value);
        const wanted = expected?.slice(0, 10).flat();
        expect(found && [...found].slice(0, wanted?.length)).toEqual(wanted ?? undefined);
      }),
      RUNS,
    );
  });

  test('exec agrees with the naive walk, and test with exec', () => {
    fc.assert(
      fc.property(randomSpecial, randomValue, ({ pcre }, value) => {
        const pattern = compilePattern(pcre);
        const expected = orGiveUp(() => naiveExec(parseTerm(pcre), value));
        fc.pre(expected !== 'gave up');
        const found = pattern.exec(value);
        expect(found && [...found]).toEqual(expected);
        expect(pattern.test(value)).toBe(expected !== undefined);
      }),
      RUNS,
    );
  });

  test('a match is found behind a long text as well', () => {
    fc.assert(
      fc.property(randomSpecial, randomValue, ({ pcre }, value) => {
        const long = `${'\x01'.repeat(300)}${value}`;
        const expected = orGiveUp(() => naiveExec(parseTerm(pcre), long));
        fc.pre(expected !== 'gave up');
        const found = compilePattern(pcre).exec(long);
        expect(found && [...found]).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  test('the relaxed pattern matches at least where the pattern does, and its analysis holds', () => {
    fc.assert(
      fc.property(randomSpecial, randomValue, ({ pcre }, value) => {
        const pattern = compilePattern(pcre);
        const expected = orGiveUp(() => naiveExec(parseTerm(pcre), value));
        fc.pre(expected !== 'gave up' && expected !== undefined);
        const { analysis, node } = pattern;
        expect(orGiveUp(() => naiveExec(node, value))).toBeDefined();
        expect(value.length).toBeGreaterThanOrEqual(analysis.minLength);
        for (const set of analysis.clauses) {
          expect(Array.from(value).some((char) => set.has(char.charCodeAt(0)))).toBe(true);
        }
        if (analysis.anchoredStart) expect(expected[0]).toBe(0);
      }),
      RUNS,
    );
  });
});

test.for(special)('$pattern', ({ pattern, matches, misses }) => {
  const compiled = compilePattern(pattern);
  expect(compiled.isExact).toBe(false);
  for (const value of matches) {
    expect(compiled.test(value), JSON.stringify(value)).toBe(true);
    expect(compiled.exec(value), JSON.stringify(value)).toBeDefined();
  }
  for (const value of misses) {
    expect(compiled.test(value), JSON.stringify(value)).toBe(false);
    expect(compiled.exec(value), JSON.stringify(value)).toBeUndefined();
  }
});

describe('hostile values', () => {
  const LENGTH = 100 * 1024;

  test.for([
    ['(a+)+\\1$', `${'a'.repeat(LENGTH)}b\n`],
    ['(.*)(.*)(.*)\\3\\2\\1x\\1!', `${'ab'.repeat(LENGTH / 2)}x!`],
    ['(\\w+)\\s*=\\s*\\1\\b!', `${'a'.repeat(LENGTH)}=!`],
    ['(a{1000})+\\1b', 'a'.repeat(LENGTH)],
    ['(?i:(.+)-\\1-\\1#)', `${'Aa-'.repeat(LENGTH / 3)}#`],
  ] as const)('%s ends within the steps of a backreference', ([pattern, value]) => {
    const before = compilePattern(pattern);
    before.exec(value);
    expect(before.work).toBeLessThan(MAX_REFERENCE_STEPS + 20 * LENGTH);
  });

  test('what cannot be ruled out is said to match, or what the caller wants, and the match is the relaxed one', () => {
    const value = `${'ab'.repeat(LENGTH / 2)}x!`;
    const pattern = compilePattern('(.*)(.*)(.*)\\3\\2\\1x\\1!!?$');
    expect(pattern.test(value)).toBe(true);
    expect(pattern.test(value, false)).toBe(false);
    expect([...pattern.exec(value)!].slice(0, 2)).toEqual([0, value.length]);
    expect(pattern.test('x')).toBe(false);
    expect(pattern.test('x', false)).toBe(false);
  });

  test.for([
    '(?=(?=(?=(?=.*a)*b)*.*c)*.*d).*e$',
    '(?:(?=.*x)a)*b$',
    '(?:(?!.*x$)a|a)+$',
    '(?>a*)*b$',
    '(?>(?:a|aa)+)c|a*b$',
    '(?:(?>a+)|a)*+b?c$',
    '(?<=a{0,20})(?:a|(?<!b)a)*+c$',
    '(?:(?=(?>a+))a)+c$',
    '(?:a++|a)++b|\\s*+;',
    '(?!(?:a*)*b)a*c$',
  ])('%s takes work in proportion to the length', (pattern) => {
    const workOf = (length: number) => {
      let work = 0;
      for (const text of ['a', 'ab', 'b', 'xa', ' ']) {
        for (const end of ['', 'c', 'bx', 'e\n']) {
          const compiled = compilePattern(pattern);
          compiled.test(text.repeat(length / text.length) + end);
          work += compiled.work;
        }
      }
      return work;
    };
    expect(workOf(20_000)).toBeLessThan(workOf(2_000) * 12 + 100_000);
  });

  test.for(Object.keys(hostileValues(1)))('the special patterns of rule sets end in time, on %s', (name) => {
    const value = hostileValues(LENGTH)[name]!;
    for (const { pattern } of special) {
      const compiled = compilePattern(pattern);
      compiled.test(value);
      expect(compiled.work, pattern).toBeLessThan(MAX_STEPS);
    }
  });
});

test('many open ways are bounded, too', () => {
  const pattern = compilePattern('(?!x)(?:.|\\n)*y');
  expect(pattern.test(`${'a'.repeat(3_000_000)}\ny`)).toBe(true);
  expect(pattern.work).toBeLessThan(MAX_STEPS * 3);
});

/** Which groups of the pattern for V8 are groups of the pattern for PCRE, the whole match first. */
function groupsOf(v8: string): boolean[] {
  return [true, ...Array.from(v8.matchAll(/\((?:(?!\?)|\?<([ag])\d+>)/g), ([, kind]) => kind !== 'a')];
}

function orGiveUp<T>(run: () => T): T | 'gave up' {
  try {
    return run();
  } catch (error) {
    // The oracle recurses: a long way through a value may be too deep for it.
    if (error instanceof GaveUp || error instanceof RangeError) return 'gave up';
    throw error;
  }
}

// compilePattern against two oracles: V8's RegExp and a naive walk of the tree.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldPreimage } from '../../../src/waf/pattern/fold.ts';
import { compilePattern, Pattern } from '../../../src/waf/pattern/pattern.ts';
import { hostileValues } from './hostile-values.ts';
import { GaveUp, naiveExec } from './naive.ts';
import { randomPattern, randomValue } from './random-pattern.ts';
import typical from './typical-patterns.json' with { type: 'json' };

const RUNS = { numRuns: Number(process.env.FUZZ_RUNS ?? 2_000) };

describe('random patterns on random values', () => {
  test('test agrees with V8', () => {
    fc.assert(
      fc.property(randomPattern, fc.array(randomValue, { minLength: 1, maxLength: 6 }), ({ pcre, v8 }, values) => {
        const pattern = compilePattern(pcre);
        const regexp = new RegExp(v8);
        for (const value of values) expect(pattern.test(value), JSON.stringify(value)).toBe(regexp.test(value));
      }),
      RUNS,
    );
  });

  test('exec agrees with V8 where the two engines mean the same', () => {
    fc.assert(
      fc.property(randomPattern, randomValue, ({ pcre, v8, isPeculiar }, value) => {
        fc.pre(!isPeculiar);
        const match = new RegExp(v8, 'd').exec(value);
        const expected = match && [...match.indices!].slice(0, 10).flatMap((pair) => pair ?? [-1, -1]);
        const found = compilePattern(pcre).exec(value);
        expect(found && [...found].slice(0, expected?.length)).toEqual(expected ?? undefined);
      }),
      RUNS,
    );
  });

  test('exec agrees with the naive walk', () => {
    fc.assert(
      fc.property(randomPattern, randomValue, ({ pcre }, value) => {
        const pattern = compilePattern(pcre);
        const expected = orGiveUp(() => naiveExec(pattern.node, value));
        fc.pre(expected !== 'gave up');
        const found = pattern.exec(value);
        expect(found && [...found]).toEqual(expected);
      }),
      RUNS,
    );
  });

  test('exec finds the same match in a long value as in the short one it ends with', () => {
    fc.assert(
      fc.property(randomPattern, randomValue, ({ pcre }, value) => {
        const pattern = compilePattern(pcre);
        const long = `${'\x01'.repeat(300)}${value}`;
        const expected = orGiveUp(() => naiveExec(pattern.node, long));
        fc.pre(expected !== 'gave up');
        const found = pattern.exec(long);
        expect(found && [...found]).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
  });

  test('the pre-image under lower-casing matches where the pattern matches the lower-cased value', () => {
    fc.assert(
      fc.property(randomPattern, randomValue, ({ pcre }, value) => {
        const pattern = compilePattern(pcre);
        const folded = new Pattern(foldPreimage(pattern.node));
        const lower = value.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
        expect(folded.test(value)).toBe(pattern.test(lower));
      }),
      RUNS,
    );
  });

  test('the analysis is true of every value that matches', () => {
    fc.assert(
      fc.property(randomPattern, randomValue, ({ pcre }, value) => {
        const pattern = compilePattern(pcre);
        const { analysis } = pattern;
        const found = pattern.exec(value);
        if (!found) return;
        expect(value.length).toBeGreaterThanOrEqual(analysis.minLength);
        for (const set of analysis.clauses) {
          expect(Array.from(value).some((char) => set.has(char.charCodeAt(0)))).toBe(true);
        }
        if (analysis.anchoredStart) expect(found[0]).toBe(0);
        if (analysis.anchoredEnd) expect(value.slice(found[1])).toMatch(/^\n?$/);
        if (analysis.literal) expect(value.replace(/\n$/, '')).toBe(analysis.literal.text.replace(/\n$/, ''));
      }),
      RUNS,
    );
  });
});

describe('hostile values', () => {
  test.for(Object.keys(hostileValues(1)))('test and exec take work in proportion to the length, on %s', (name) => {
    const workOf = (length: number) => {
      const value = hostileValues(length)[name]!;
      return typical.reduce((sum, { pattern }) => {
        const compiled = compilePattern(pattern);
        expect(compiled.exec(value) !== undefined).toBe(compiled.test(value));
        return sum + compiled.work;
      }, 0);
    };
    expect(workOf(20_000)).toBeLessThan(workOf(2_000) * 12 + 100_000);
  });

  test('nested quantifiers cost no more than flat ones', () => {
    const value = `${'a'.repeat(20_000)}b`;
    for (const pattern of ['(?:a*)*c', '(?:a+)+c', '(?:a|a)*c', '(?:a|aa)+$', '(?:a?){50}a{50}c', '(?:.*.*.*)*=']) {
      const compiled = compilePattern(pattern);
      expect(compiled.test(value)).toBe(false);
      expect(compiled.exec(value)).toBeUndefined();
      expect(compiled.work).toBeLessThan(100 * value.length);
    }
  });
});

test('the pattern of one literal is compared as a text', () => {
  expect(compilePattern('^abc$').analysis.literal).toEqual({ text: 'abc', allowsFinalLf: true });
  expect(compilePattern('\\Aabc\\z').analysis.literal).toEqual({ text: 'abc', allowsFinalLf: false });
  expect(compilePattern('^(?i)abc$').analysis.literal).toBeUndefined();
  expect(compilePattern('^abc$', { multiline: true }).analysis.literal).toBeUndefined();
});

test('clauses name the bytes a matching value must hold', () => {
  const clausesOf = (pattern: string) => compilePattern(pattern).analysis.clauses.map((set) => set.bytes());
  expect(clausesOf('a.*[bc]')).toEqual([[0x61], [0x62, 0x63]]);
  expect(clausesOf('(?:ab|cb)d*')).toEqual([[0x62], [0x61, 0x63]]);
  expect(clausesOf('a|.*')).toEqual([]);
});

function orGiveUp<T>(run: () => T): T | 'gave up' {
  try {
    return run();
  } catch (error) {
    if (error instanceof GaveUp) return 'gave up';
    throw error;
  }
}

describe('exec in long values', () => {
  test.for([
    ['(?:ab)*c', 'abababc'],
    ['(?:x+y)?(?:ab|a)*b', 'xxyaab'],
    ['a.*z|b', 'a b z'],
    ['(a|ab)(c|bcd)*', 'abcd'],
    ['[a-z]+\\d', 'abc1'],
  ] as const)('%s begins where the first way that leads to a match began', ([text, value]) => {
    const pattern = compilePattern(text);
    for (const length of [300, 16_380, 40_000]) {
      const found = pattern.exec(`${'#'.repeat(length)}${value}##`);
      expect([...found!.subarray(0, 2)]).toEqual(
        [...compilePattern(text).exec(value)!.subarray(0, 2)].map((at) => at + length),
      );
    }
  });

  test('an allowance bounds the steps, and what is reported then lies within the match', () => {
    const value = `${'#'.repeat(300)}<${'ab'.repeat(40_000)}>`;
    const pattern = compilePattern('<((?:a|b|ab)*)>');
    expect([...pattern.exec(value)!.subarray(0, 4)]).toEqual([300, value.length, 301, value.length - 1]);
    const allowance = { steps: 5_000 };
    const before = pattern.work;
    const [start, end, first, last] = pattern.exec(value, allowance)!;
    expect(allowance.steps).toBeLessThanOrEqual(0);
    expect(pattern.work - before).toBeLessThan(10_000);
    expect([start, first, last]).toEqual([300, -1, -1]);
    expect(end).toBeGreaterThan(1_000);
    expect(pattern.exec(value, allowance)![0]).toBe(300);
  });
});

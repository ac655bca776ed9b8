// UnionMatcher: many patterns at once give what each alone gives, in every tier of the budget.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePattern } from '../../../src/waf/pattern/parse.ts';
import { compilePattern } from '../../../src/waf/pattern/pattern.ts';
import { UnionMatcher } from '../../../src/waf/pattern/union.ts';
import type { UnionOptions } from '../../../src/waf/pattern/union-options.ts';
import { WordMatcher } from '../../../src/waf/pattern/words.ts';
import { hostileValues } from './hostile-values.ts';
import { randomPattern, randomValue } from './random-pattern.ts';
import typical from './typical-patterns.json' with { type: 'json' };

const BUDGETS: Record<string, UnionOptions> = {
  'the default budget': {},
  'no new states': { newStates: 0, newGroupStates: 0, newSingleStates: 0, groupSize: 2 },
  'few states and constant drops': {
    maxStates: 3,
    maxGroupStates: 2,
    maxSingleStates: 2,
    resetIntervalMs: 0,
    groupSize: 3,
  },
  'few states and no drops': {
    maxStates: 4,
    maxGroupStates: 4,
    maxSingleStates: 4,
    resetIntervalMs: Infinity,
    groupSize: 2,
  },
  'a few new states for each request': { newStates: 3, newGroupStates: 2, newSingleStates: 2, groupSize: 2 },
};

describe.for(Object.entries(BUDGETS))('with %s', ([, options]) => {
  test('random patterns agree with V8', () => {
    fc.assert(
      fc.property(
        fc.array(randomPattern, { minLength: 1, maxLength: 8 }),
        fc.array(randomValue, { minLength: 1, maxLength: 6 }),
        (patterns, values) => {
          const nodes = patterns.map(({ pcre }) => parsePattern(pcre));
          const union = new UnionMatcher(nodes, options);
          for (const value of values) {
            union.beginRequest();
            const expected = patterns.map(({ v8 }) => new RegExp(v8).test(value));
            expect(hitsOf(union, value, nodes.length), JSON.stringify(value)).toEqual(expected);
          }
        },
      ),
      { numRuns: 700 },
    );
  });

  test('typical patterns agree with each alone on random text', () => {
    const nodes = typical.map(({ pattern }) => parsePattern(pattern));
    const union = new UnionMatcher(nodes, options);
    const singles = nodes.map((node) => new UnionMatcher([node]));
    const words = typical.flatMap(({ matches, misses }) => [...matches, ...misses]).flatMap((text) => text.split(/\b/));
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 12 }), (parts) => {
        const value = parts.join('');
        union.beginRequest();
        const expected = singles.map((single) => hitsOf(single, value, 1)[0]);
        expect(hitsOf(union, value, nodes.length)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});

test('a value in bytes and the same value as a string have the same hits', () => {
  const nodes = typical.map(({ pattern }) => parsePattern(pattern));
  const union = new UnionMatcher(nodes);
  for (const { matches, misses } of typical) {
    for (const value of [...matches, ...misses]) {
      const hits = new Uint32Array(8);
      const framed = Buffer.from(`<<${value}\n\n`, 'latin1');
      union.scanBytes(framed, 2, framed.length - 2, hits);
      expect(bits(hits, nodes.length)).toEqual(hitsOf(union, value, nodes.length));
    }
  }
});

test('patterns and word lists read together find what each finds alone', () => {
  const words = new WordMatcher([
    ['select', 'union'],
    ['<script', '\n'],
    ['etc/passwd', 'needle in a long haystack'],
  ]);
  const nodes = typical.map(({ pattern }) => parsePattern(pattern));
  const values = [...Object.values(hostileValues(40_000)), ...typical.flatMap(({ matches }) => matches)];
  values.push(`${'x'.repeat(16_380)}needle in a long haystack\n`, 'SELECT', '');
  for (const options of Object.values(BUDGETS)) {
    const union = new UnionMatcher(nodes, options);
    for (const value of values) {
      const alone = [new Uint32Array(8), new Uint32Array(1)] as const;
      const together = [new Uint32Array(8), new Uint32Array(1)] as const;
      union.beginRequest();
      union.scan(value, alone[0]);
      words.scan(value, alone[1]);
      union.scanWith(words, value, together[0], together[1]);
      expect(together).toEqual(alone);
    }
  }
});

test.for(Object.entries(BUDGETS))(
  'of wanted patterns all are found, and of others none that does not match, with %s',
  ([, options]) => {
    const nodes = typical.map(({ pattern }) => parsePattern(pattern));
    const askedWith = nodes.map((_, i) => String(i % 3));
    const union = new UnionMatcher(nodes, { ...options, askedWith });
    const singles = nodes.map((node) => new UnionMatcher([node]));
    const values = [...Object.values(hostileValues(3_000)), ...typical.flatMap(({ matches }) => matches), ''];
    const truths = values.map((value) => singles.map((single) => hitsOf(single, value, 1)[0]));
    for (const every of [1, 2, 7, 40]) {
      const wanted = new Uint32Array(8);
      for (let i = 0; i < nodes.length; i += every) wanted[i >>> 5]! |= 1 << (i & 31);
      for (const [at, value] of values.entries()) {
        union.beginRequest();
        const hits = new Uint32Array(8);
        union.scan(value, hits, wanted);
        for (const [i, found] of bits(hits, nodes.length).entries()) {
          if (i % every === 0 || found) expect(found, `${i} ${value.slice(0, 40)}`).toBe(truths[at]![i]);
        }
      }
    }
  },
);

test('patterns that nearly every byte matches do not hide others', () => {
  const patterns = ['.', '[^#]', '\\S', '^.*$', '[a-z0-9]', '\\w\\b', '[^a]', 'a.c', '(?:[!-/][^!-/]*){6}'];
  const union = new UnionMatcher(patterns.map((pattern) => parsePattern(pattern)));
  for (const value of ['', '#', ' ', 'a', 'abc', '# abc', 'aaaa', '!a-b+c*d/e&', '\n']) {
    const expected = patterns.map((pattern) => compilePattern(pattern).test(value));
    expect(hitsOf(union, value, patterns.length), JSON.stringify(value)).toEqual(expected);
  }
});

test('patterns that count are read apart and found all the same', () => {
  const counters = [
    '(?:[!-/][^!-/]*){6}',
    'x(?:-[^-]*){5,}y',
    '((?:[!-/][^!-/]*?){8})|a',
    '(?:[^a]*){7}b',
    '^(?:\\W.*){5}$',
  ];
  const all = ['a+', ...counters].map((pattern) => compilePattern(pattern));
  const union = new UnionMatcher(all.map(({ node }) => node));
  const piece = fc.constantFrom('-', '!', 'x', 'y', 'a', 'b', 'text ', '\n', 'x-----y', '!/!/!/');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const value = pieces.join('');
      const expected = all.map((pattern) => pattern.exec(value) !== undefined);
      expect(hitsOf(union, value, expected.length)).toEqual(expected);
    }),
    { numRuns: 1_000 },
  );
});

test('states of groups and single patterns are given up when they are too many', () => {
  const nodes = typical.map(({ pattern }) => parsePattern(pattern));
  const union = new UnionMatcher(nodes, { newStates: 0, maxPartBytes: 1_000 });
  const value = hostileValues(2_000).printable!;
  const expected = hitsOf(new UnionMatcher(nodes), value, nodes.length);
  for (let i = 0; i < 3; i++) {
    expect(hitsOf(union, value, nodes.length)).toEqual(expected);
    expect(union.stats.groupStates).toBeGreaterThan(30);
    union.beginRequest();
    expect(union.stats.groupStates).toBe(0);
  }
});

test('hits of an earlier value are kept, so that one set can gather several values', () => {
  const union = new UnionMatcher([parsePattern('a'), parsePattern('b')]);
  const hits = new Uint32Array(1);
  union.scan('a', hits);
  union.scan('b', hits);
  expect(hits[0]).toBe(3);
});

test('a match across the seam of two chunks of a long value is found', () => {
  const union = new UnionMatcher([parsePattern('needle\\z'), parsePattern('^x+needle$')], { newStates: 1 });
  for (const length of [16_378, 16_380, 16_384, 32_766, 32_768, 50_000]) {
    expect(hitsOf(union, `${'x'.repeat(length)}needle`, 2)).toEqual([true, true]);
    expect(hitsOf(union, `${'x'.repeat(length)}needle\n`, 2)).toEqual([false, true]);
  }
});

test('states never exceed their bounds, whatever is read', () => {
  const nodes = typical.map(({ pattern }) => parsePattern(pattern));
  const bounds = { maxStates: 50, maxGroupStates: 20, maxSingleStates: 20, groupSize: 4, resetIntervalMs: 0 };
  const union = new UnionMatcher(nodes, bounds);
  for (const value of Object.values(hostileValues(4_000))) {
    union.beginRequest();
    hitsOf(union, value, nodes.length);
    expect(union.stats.states).toBeLessThanOrEqual(50);
    expect(union.stats.groupStates).toBeLessThanOrEqual(20 * (Math.ceil(nodes.length / 4) + nodes.length));
  }
});

test('a request makes no more new states than it is allowed', () => {
  const nodes = typical.map(({ pattern }) => parsePattern(pattern));
  const union = new UnionMatcher(nodes, { newStates: 40, newGroupStates: 0 });
  let before = union.stats.states;
  for (const value of Object.values(hostileValues(2_000))) {
    union.beginRequest();
    hitsOf(union, value, nodes.length);
    expect(union.stats.states - before).toBeLessThanOrEqual(40);
    before = union.stats.states;
  }
});

test('all states are dropped no more often than the clock allows', () => {
  let time = 0;
  const nodes = typical.map(({ pattern }) => parsePattern(pattern));
  const union = new UnionMatcher(nodes, { maxStates: 20, groupSize: 1000, resetIntervalMs: 1_000, now: () => time });
  const value = hostileValues(2_000).printable!;
  hitsOf(union, value, nodes.length);
  expect(union.stats.resets).toBe(1);
  hitsOf(union, value, nodes.length);
  expect(union.stats.resets).toBe(1);
  time = 1_000;
  hitsOf(union, value, nodes.length);
  expect(union.stats.resets).toBe(2);
});

test.for(Object.keys(hostileValues(1)))('the work grows with the length only, on %s', (name) => {
  const nodes = typical.map(({ pattern }) => parsePattern(pattern));
  const workOf = (length: number) => {
    const union = new UnionMatcher(nodes, { newStates: 0, newGroupStates: 0, newSingleStates: 0 });
    hitsOf(union, hostileValues(length)[name]!, nodes.length);
    return union.stats.work;
  };
  expect(workOf(60_000)).toBeLessThan(workOf(20_000) * 3.6 + 100_000);
});

function hitsOf(union: UnionMatcher, value: string, count: number): boolean[] {
  const hits = new Uint32Array(8);
  union.scan(value, hits);
  return bits(hits, count);
}

function bits(hits: Uint32Array, count: number): boolean[] {
  return Array.from({ length: count }, (_, i) => ((hits[i >>> 5]! >>> (i & 31)) & 1) === 1);
}

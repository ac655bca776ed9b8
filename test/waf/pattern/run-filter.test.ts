// RunFilter: what it rules out does not match, and of texts that have nothing of a pattern it rules most out.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePattern } from '../../../src/waf/pattern/parse.ts';
import { RunFilter } from '../../../src/waf/pattern/run-filter.ts';
import { sampleOf } from '../../../src/waf/pattern/sample.ts';
import { UnionMatcher } from '../../../src/waf/pattern/union.ts';
import { randomPattern, randomValue } from './random-pattern.ts';
import typical from './typical-patterns.json' with { type: 'json' };

function narrowed(filter: RunFilter, count: number, value: string): boolean[] {
  const wanted = new Uint32Array((count + 31) >>> 5).fill(0xffffffff);
  const bytes = Buffer.from(`..${value}.`, 'latin1');
  filter.narrow(wanted, new Uint32Array(wanted.length), bytes, 2, 2 + value.length);
  return Array.from({ length: count }, (_, i) => ((wanted[i >>> 5]! >>> (i & 31)) & 1) === 1);
}

test('a random pattern that matches is never ruled out', () => {
  fc.assert(
    fc.property(
      fc.array(randomPattern, { minLength: 1, maxLength: 40 }),
      fc.array(randomValue, { minLength: 1, maxLength: 8 }),
      (patterns, values) => {
        const filter = new RunFilter(patterns.map(({ pcre }) => parsePattern(pcre)));
        for (const value of values) {
          const mayMatch = narrowed(filter, patterns.length, value);
          for (const [i, { v8 }] of patterns.entries())
            expect(mayMatch[i] || !new RegExp(v8).test(value), JSON.stringify([value, v8])).toBe(true);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

test('a typical pattern is not ruled out by texts that are made of it', () => {
  const nodes = typical.map(({ pattern }) => parsePattern(pattern));
  const filter = new RunFilter(nodes);
  fc.assert(
    fc.property(fc.nat(nodes.length - 1), fc.infiniteStream(fc.nat(0xffff)), fc.string(), (i, numbers, around) => {
      const random = (end: number) => (numbers.next().value as number) % end;
      const value = `${around}${sampleOf(nodes[i]!, random)}${around}`;
      const hits = new Uint32Array(1);
      new UnionMatcher([nodes[i]!]).scan(value, hits);
      if (hits[0] === 1) expect(narrowed(filter, nodes.length, value)[i]).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test('ordinary words rule out most patterns', () => {
  const filter = new RunFilter(typical.map(({ pattern }) => parsePattern(pattern)));
  const left = narrowed(filter, typical.length, 'Two red apples').filter((mayMatch) => mayMatch);
  expect(left.length).toBeLessThan(typical.length / 2);
});

test('patterns that are not wanted or have a hit are left out', () => {
  const filter = new RunFilter(['a', 'b', '.', 'a'].map((text) => parsePattern(text)));
  const wanted = Uint32Array.of(0b0111);
  filter.narrow(wanted, Uint32Array.of(0b0100), Buffer.from('xay'), 0, 3);
  expect(wanted[0]).toBe(0b0001);
});

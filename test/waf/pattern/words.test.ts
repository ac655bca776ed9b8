// WordMatcher against a plain search of every phrase.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHUNK_BYTES } from '../../../src/waf/pattern/latin1.ts';
import { WordMatcher } from '../../../src/waf/pattern/words.ts';

const LISTS = {
  'few bytes': ['a', 'b', 'A', '-'],
  'many bytes': ['a', 'B', '1', '2', '_', '/', '.', ' ', '\xe9', '\xc9', '\0'],
};

describe.for(Object.entries(LISTS))('phrases of %s', ([, bytes]) => {
  const text = (maxLength: number) => fc.array(fc.constantFrom(...bytes), { maxLength }).map((chars) => chars.join(''));
  const lists = fc.array(fc.array(text(6), { maxLength: 20 }), { minLength: 1, maxLength: 40 });

  test('scan agrees with a search of every phrase', () => {
    fc.assert(
      fc.property(lists, fc.array(text(20), { maxLength: 5 }), (phrases, values) => {
        const matcher = new WordMatcher(phrases);
        for (const value of values) {
          const hits = new Uint32Array(2);
          matcher.scan(value, hits);
          const found = phrases.map((_, i) => ((hits[i >>> 5]! >>> (i & 31)) & 1) === 1);
          expect(found).toEqual(phrases.map((list) => list.some((phrase) => fold(value).includes(fold(phrase)))));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('first is the phrase that ends first, and of those the longest', () => {
    fc.assert(
      fc.property(lists, text(20), (phrases, value) => {
        const matcher = new WordMatcher(phrases);
        for (const [index, list] of phrases.entries())
          expect(matcher.first(index, value)).toEqual(firstOf(list, value));
      }),
      { numRuns: 2_000 },
    );
  });
});

test('long phrases, phrases within phrases and phrases that differ in digits only are told apart', () => {
  const matcher = new WordMatcher([['md4', 'md5'], ['x-y', 'x-yy', `${'long '.repeat(60)}end`], ['y']]);
  const hitsOf = (value: string) => {
    const hits = new Uint32Array(1);
    matcher.scan(value, hits);
    return hits[0];
  };
  expect(hitsOf('md6 MD5')).toBe(1);
  expect(hitsOf('md6 mdd')).toBe(0);
  expect(hitsOf('x-yy')).toBe(6);
  expect(hitsOf('x+yy')).toBe(4);
  expect(hitsOf('long '.repeat(60))).toBe(0);
  expect(hitsOf(`${'Long '.repeat(61)}END`)).toBe(2);
});

test('thousands of phrases of digits do not share one place of comparison', () => {
  const phrases = Array.from({ length: 5_000 }, (_, i) => String(10_000 + i));
  const matcher = new WordMatcher([phrases]);
  expect(matcher.first(0, '99999 14321')).toEqual({ start: 6, end: 11 });
  expect(matcher.first(0, '9999999999')).toBeUndefined();
});

test('the empty phrase is in every value', () => {
  const matcher = new WordMatcher([['a'], ['']]);
  const hits = new Uint32Array(1);
  matcher.scan('', hits);
  expect(hits[0]).toBe(2);
});

test('a phrase is found wherever a long value is cut into pieces', () => {
  const matcher = new WordMatcher([['needle']]);
  for (let start = CHUNK_BYTES - 8; start <= CHUNK_BYTES + 2; start++) {
    const hits = new Uint32Array(1);
    const value = `${'n'.repeat(start)}Needle${'e'.repeat(CHUNK_BYTES)}`;
    matcher.scan(value, hits);
    expect(hits[0]).toBe(1);
    expect(matcher.first(0, value)).toEqual({ start, end: start + 6 });
  }
});

function firstOf(list: readonly string[], value: string): { start: number; end: number } | undefined {
  for (let end = 0; end <= value.length; end++) {
    for (let start = 0; start <= end; start++) {
      const part = fold(value.slice(start, end));
      if (list.some((phrase) => fold(phrase) === part)) return { start, end };
    }
  }
  return undefined;
}

function fold(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

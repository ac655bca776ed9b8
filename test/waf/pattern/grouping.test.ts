// Which patterns share an automaton: seen by what groupsOf makes of them, and by what the union then needs.
import { expect, test } from 'vitest';
import { FollowTable } from '../../../src/waf/pattern/follow.ts';
import { groupsOf } from '../../../src/waf/pattern/grouping.ts';
import { joinNfas } from '../../../src/waf/pattern/nfa.ts';
import { buildNfa } from '../../../src/waf/pattern/nfa-builder.ts';
import { parsePattern } from '../../../src/waf/pattern/parse.ts';
import { compilePattern } from '../../../src/waf/pattern/pattern.ts';
import { UnionMatcher } from '../../../src/waf/pattern/union.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** A word of a long list, each letter with something between, behind a list of other words: as rules against shells are. */
function large(head: string, seed: number): string {
  const words = Array.from({ length: 40 }, (_, i) => {
    const letters = Array.from({ length: 4 }, (_, k) => LETTERS.charAt((i * (seed + 5) + k * (seed + 3)) % 26));
    return letters.join('[\'"]*');
  });
  return `(?:${head})[ ]*(?:${words.join('|')})\\b`;
}

const HEAD = Array.from(
  { length: 20 },
  (_, i) => `${LETTERS.charAt(i)}[\\\\]*(?:\\$[a-z]*)?${LETTERS.charAt(25 - i)};`,
).join('|');
const OTHER_HEAD = Array.from({ length: 20 }, (_, i) => `<${LETTERS.charAt(i)}[ ]+${i}>`).join('|');
const SMALL = ['select', 'union', 'exec', 'etc/passwd', 'script', 'onload'];

function groups(texts: readonly string[], labels: readonly string[] = []): number[][] {
  const follow = new FollowTable(joinNfas(texts.map((text) => buildNfa([parsePattern(text)]))));
  return groupsOf([...texts.keys()], { follow, size: 4, labels }).map(({ patterns }) => [...patterns]);
}

test('large patterns that begin alike share a group; one that begins otherwise is alone', () => {
  expect(groups([large(HEAD, 1), large(OTHER_HEAD, 2), large(`^x|${HEAD}`, 3), large(HEAD, 4)])).toEqual([
    [0, 2, 3],
    [1],
  ]);
});

test('small patterns share groups of their own', () => {
  expect(groups([large(HEAD, 1), ...SMALL])).toEqual([[0], [1, 2, 3, 4], [5, 6]]);
});

test('what is asked of other values is in another group', () => {
  const labels = ['decoded', '', 'decoded', 'decoded', ''];
  expect(groups([large(HEAD, 1), large(HEAD, 2), large(HEAD, 3), 'one', 'two'], labels)).toEqual([
    [0, 2],
    [1],
    [3],
    [4],
  ]);
});

test('what is left when most of a group have matched is looked for by itself', () => {
  const texts = Array.from({ length: 5 }, (_, seed) => large(HEAD, seed));
  const value = `${'a$x;z; '.repeat(80)}${LETTERS.repeat(40)}`;
  for (const options of [{}, { newStates: 0 }]) {
    const union = new UnionMatcher(
      [...texts, ...SMALL].map((text) => parsePattern(text)),
      options,
    );
    for (const hit of [0, 0b111, 0b11111]) {
      const hits = Uint32Array.of(hit);
      union.scan(`${value} a;z etc/passwd`, hits);
      const expected = [...texts, ...SMALL].map((text) => compilePattern(text).test(`${value} a;z etc/passwd`));
      for (const [i, isMatch] of expected.entries()) {
        expect(((hits[0]! >>> i) & 1) === 1).toBe(isMatch || ((hit >>> i) & 1) === 1);
      }
    }
  }
});

test('one automaton of such patterns needs fewer states than one of each', () => {
  const texts = Array.from({ length: 5 }, (_, seed) => large(HEAD, seed));
  const value = Array.from(
    { length: 400 },
    (_, i) => `${LETTERS.charAt(i % 20)}$${LETTERS.charAt((i * 7) % 26)};${i}`,
  ).join('');
  const statesFor = (patterns: readonly string[]): number => {
    const union = new UnionMatcher(
      patterns.map((text) => parsePattern(text)),
      { newStates: 0 },
    );
    union.scan(value, new Uint32Array(1));
    return union.stats.groupStates;
  };
  const each = texts.map((text) => statesFor([text, ...SMALL]));
  expect(statesFor([...texts, ...SMALL])).toBeLessThan(each.reduce((sum, states) => sum + states) / 2);
});

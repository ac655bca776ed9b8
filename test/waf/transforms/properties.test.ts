import fc from 'fast-check';
import { expect, test } from 'vitest';
import { latin1Chunk } from '../../../src/waf/pattern/latin1.ts';
import { transform, transformNames } from '../../../src/waf/transforms/registry.ts';
import { open } from '../../../src/waf/transforms/scratch.ts';
import type { Transform } from '../../../src/waf/transforms/transform.ts';
import { byteStrings, hostileValues, leftovers, openEnded } from './byte-strings.ts';

const transforms = transformNames().map((name) => transform(name) as Transform);
const cases = [...new Set(transforms)].map((subject) => [subject.name, subject] as const);

/** The most bytes that a value of `length` bytes may become; all others never grow. */
const GROWTH: Readonly<Record<string, (length: number) => number>> = {
  urlencode: (length) => 3 * length,
  hexencode: (length) => 2 * length,
  base64encode: (length) => 4 * Math.ceil(length / 3),
  utf8tounicode: (length) => 4 * length,
  length: () => 16,
  md5: () => 16,
  sha1: () => 20,
};

test.for(cases)('%s makes a byte string within its bounds of any value', ([name, { apply }]) => {
  fc.assert(
    fc.property(byteStrings, (value) => {
      const result = apply(value);
      expect(result.length).toBeLessThanOrEqual(largest(name, value));
      expect(Buffer.from(result, 'latin1').toString('latin1')).toBe(result);
    }),
  );
});

test.for(cases.filter(([, { triggers }]) => triggers !== undefined))(
  '%s leaves a value alone that holds no trigger byte',
  ([, { apply, triggers }]) => {
    const isTrigger = (char: string) => triggers?.includes(char.charCodeAt(0)) === true;
    const without = (value: string) => Array.from(value, (char) => (isTrigger(char) ? '' : char)).join('');
    fc.assert(fc.property(byteStrings.map(without), (value) => apply(value) === value));
  },
);

test.for(cases.filter(([, { adds }]) => adds !== 'any'))(
  '%s adds no byte but those it names',
  ([, { apply, adds }]) => {
    fc.assert(
      fc.property(byteStrings, (value) => {
        const known = new Set([...codes(value), ...(adds as readonly number[])]);
        expect(codes(apply(value)).filter((code) => !known.has(code))).toEqual([]);
      }),
    );
  },
);

test.for(cases)('%s comes to an end on long values of one token', ([name, { apply }]) => {
  for (const value of hostileValues) expect(apply(value).length).toBeLessThanOrEqual(largest(name, value));
});

test.for(cases)('%s reads nothing that a longer value left in the buffers', ([, { apply, mostLength }]) => {
  fc.assert(
    fc.property(openEnded, (value) => {
      const results = leftovers.map((leftover) => {
        open(leftover);
        latin1Chunk(leftover, 0);
        return [apply(value), mostLength?.(value)];
      });
      for (const result of results) expect(result).toEqual(results[0]);
    }),
  );
});

test('a value too large for the kept buffer is transformed like a small one', () => {
  const part = 'Ab%41&lt;\\x41 /./a/../b';
  for (const [name, subject] of cases.filter(([name]) => name.endsWith('case') || name.startsWith('url'))) {
    expect(subject.apply(part.repeat(30_000)), name).toBe(subject.apply(part).repeat(30_000));
  }
});

test('every spelling finds the same transformation, in any case', () => {
  expect(transform('normalisePath')).toBe(transform('NORMALIZEPATH'));
  expect(transform('normalisePathWin')).toBe(transform('normalizePathWin'));
  expect(transform('cmd_line')).toBe(transform('cmdLine'));
  expect(transform('Utf8toUnicode')).toBe(transform('utf8toUnicode'));
  expect(transform('rot13')).toBeUndefined();
});

function largest(name: string, value: string): number {
  return GROWTH[name]?.(value.length) ?? value.length;
}

function codes(value: string): readonly number[] {
  return Array.from(value, (char) => char.charCodeAt(0));
}

// What is read out of fields that anybody can write.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Ask } from '../../src/cache/ask.ts';
import { isNotModified, rangeOf } from '../../src/cache/conditional.ts';
import { tagsOf } from '../../src/cache/entry.ts';
import { parseHttpDate } from '../../src/cache/http-date.ts';
import { requestControl } from '../../src/cache/request-control.ts';
import { targetedControl } from '../../src/cache/targeted.ts';
import { normalCodings, variantKey } from '../../src/cache/vary.ts';

/** Runs in each property; more by FUZZ_RUNS. */
const numRuns = Number(process.env.FUZZ_RUNS ?? 500);
const fieldText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'max-age=no-cache,s"; *bytes0123456789W/?()&:'.split('')) }),
);

function asking(fields: Partial<Ask>): Ask {
  return fields as Ask;
}

test.for([
  ['max-age=5', { maxAge: 5 }],
  ['MAX-AGE="5"', { maxAge: 5 }],
  ['max-age=5, max-age=3', { maxAge: 3 }],
  ['no-cache, no-store', { noCache: true, noStore: true }],
  ['max-stale', { maxStale: Number.POSITIVE_INFINITY }],
  ['max-stale=7', { maxStale: 7 }],
  ['max-stale=x', { maxStale: 0 }],
  ['min-fresh=2,only-if-cached', { minFresh: 2, onlyIfCached: true }],
] as const)('Cache-Control of a request: %s', ([text, said]) => {
  expect(requestControl(text, undefined)).toMatchObject(said);
});

test.for(['', 'x', 'max-agee=1', 'public', ','])('Cache-Control of a request that asks for nothing: %j', (text) => {
  expect(requestControl(text, 'no-cache')).toBe(undefined);
});

test.for([
  ['max-age=60', 'max-age=60'],
  ['max-age=60, must-revalidate, other=1', 'max-age=60, must-revalidate'],
  ['no-store', 'no-store'],
  ['private=?0, max-age=1', 'max-age=1'],
  ['private="x-a, x-b"', 'private="x-a, x-b"'],
  ['max-age="60"', undefined],
  ['max-age=-1', undefined],
  ['max-age=1.5', undefined],
  ['max-age=60, &&&', undefined],
  ['Max-Age=60', undefined],
  ['max-age =60', undefined],
  ['', undefined],
  ['other', undefined],
] as const)('CDN-Cache-Control (RFC 9213): %j', ([text, meant]) => {
  expect(targetedControl(text)).toBe(meant);
});

test.for([
  ['gzip', 'gzip'],
  ['zstd, br;q=0.1, gzip;q=0', 'br, zstd'],
  ['*', 'br, gzip, zstd'],
  ['*;q=0, br', 'br'],
  ['identity', ''],
  ['', ''],
] as const)('Accept-Encoding in one form: %j', ([text, form]) => {
  expect(normalCodings(text)).toBe(form);
});

test.for([
  ['bytes=0-0', { from: 0, to: 0 }],
  ['bytes=2-', { from: 2, to: 9 }],
  ['bytes=-3', { from: 7, to: 9 }],
  ['bytes=-30', { from: 0, to: 9 }],
  ['bytes=5-500', { from: 5, to: 9 }],
  ['BYTES=1-2', { from: 1, to: 2 }],
  ['bytes=10-', 'outside'],
  ['bytes=-0', 'outside'],
  ['bytes=5-2', undefined],
  ['bytes=-', undefined],
  ['bytes=0-1,3-4', undefined],
  ['lines=0-1', undefined],
  ['bytes=a-b', undefined],
] as const)('a range of ten bytes: %s', ([range, meant]) => {
  expect(rangeOf(asking({ range }), { etag: undefined, lastModified: undefined, headers: [] }, 10)).toEqual(meant);
});

test('whatever is written, a range lies within the body', () => {
  fc.assert(
    fc.property(fieldText, fc.nat(1000), (range, length) => {
      const meant = rangeOf(asking({ range }), { etag: undefined, lastModified: undefined, headers: [] }, length);
      if (meant === undefined || meant === 'outside') return;
      expect(meant.from).toBeGreaterThanOrEqual(0);
      expect(meant.to).toBeLessThan(length);
      expect(meant.from).toBeLessThanOrEqual(meant.to);
    }),
    { numRuns },
  );
});

test('whatever is written is read without a failure', () => {
  fc.assert(
    fc.property(fieldText, fieldText, (one, other) => {
      requestControl(one, other);
      targetedControl(one);
      isNotModified(asking({ ifNoneMatch: one }), { etag: other, lastModified: undefined, headers: [] });
      isNotModified(asking({ ifModifiedSince: one }), { etag: undefined, lastModified: other, headers: [] });
      expect(tagsOf(['surrogate-key', one, 'cache-tag', other]).length).toBeLessThanOrEqual(64);
    }),
    { numRuns },
  );
});

test.for(['accept', 'accept-language', 'x-form', 'accept-encoding', 'user-agent', 'cookie'])(
  'a field of nothing but spaces takes no longer than any other: %s',
  (name) => {
    // Backtracking would take minutes.
    const wide = `a${' '.repeat(200_000)}b`;
    expect(variantKey([name], 'route', [name, wide]).startsWith('route\n')).toBe(true);
    expect(variantKey(['x-form'], '', ['x-form', `a${' '.repeat(9)},\t b ,c`])).toBe('\n=a,b,c');
  },
);

test('the form of Accept-Encoding is its own form', () => {
  fc.assert(
    fc.property(fieldText, (text) => {
      const form = normalCodings(text);
      expect(normalCodings(form)).toBe(form);
    }),
    { numRuns },
  );
});

test('requests that differ in a named field, and by more than spaces, choose different answers', () => {
  const value = fc.string({ unit: fc.constantFrom(...'ab-='.split('')), maxLength: 4 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('x-a', 'x-b'), value), { maxLength: 2 }), value, (pairs, extra) => {
      const headers = pairs.flat();
      const key = variantKey(['x-a', 'x-b'], 'route', headers);
      expect(variantKey(['x-a', 'x-b'], 'route', [...headers, 'x-a', extra])).not.toBe(key);
      expect(variantKey(['x-a', 'x-b'], 'other', headers)).not.toBe(key);
    }),
    { numRuns },
  );
});

test('what Vary names tells secrets apart without writing them down', () => {
  const of = (value: string): string => variantKey(['cookie', 'authorization'], 'r', ['cookie', value]);
  expect(of('session=secret')).toBe(of('session=secret'));
  expect(of('session=secret')).not.toBe(of('session=other'));
  expect(of('session=secret')).not.toContain('secret');
});

const NOW = Date.UTC(2026, 10, 22);
const dates = fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });

test('a date is read as it was written, in whatever case', () => {
  const property = fc.property(dates, fc.boolean(), (date, isUpper) => {
    date.setUTCMilliseconds(0);
    const text = date.toUTCString();
    expect(parseHttpDate(isUpper ? text.toUpperCase() : text.toLowerCase(), NOW)).toBe(date.getTime());
  });
  fc.assert(property, { numRuns });
});

test.for([
  ['Sunday, 06-Nov-94 08:49:37 GMT', '1994-11-06T08:49:37Z'],
  ['Sunday, 06-Nov-60 08:49:37 GMT', '2060-11-06T08:49:37Z'],
  ['Sun Nov  6 08:49:37 1994', '1994-11-06T08:49:37Z'],
  ['Sat, 31 Dec 2016 23:59:60 GMT', '2017-01-01T00:00:00Z'],
] as const)('the other forms of dates: %s', ([text, at]) => {
  expect(parseHttpDate(text, NOW)).toBe(Date.parse(at));
});

test.for([
  'Sun, 6 Nov 1994 08:49:37 GMT',
  'Sun, 06 Nov 1994 08:49:37 UTC',
  'Sun, 30 Feb 2020 08:49:37 GMT',
  'Sun, 06 Nov 1994 24:00:00 GMT',
  'Sun, 06 Nov 1994 08:49:61 GMT',
  'Sun, 06 Nov 0050 08:49:37 GMT',
  'Sun, 06 Nov 1994 08:49:37 GMT x',
  '1994-11-06T08:49:37Z',
  '0',
  '',
])('no date: %j', (text) => {
  expect(parseHttpDate(text, NOW)).toBe(undefined);
});

test('whatever stands for a date, reading it neither fails nor takes long', () => {
  fc.assert(
    fc.property(fieldText, (text) => void parseHttpDate(text, NOW)),
    { numRuns },
  );
});

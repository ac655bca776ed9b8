// What may be kept, and for how long: the cases of RFC 9111 and RFC 9213 by their sections.
import { describe, expect, test, vi } from 'vitest';
import { Judge, type Seen, type Verdict } from '../../src/cache/judge.ts';

// HTTP's dates are whole seconds.
vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-22T00:00:00Z') });

const judge = new Judge();

function read(
  headers: Readonly<Record<string, string>>,
  more: Partial<Seen> = {},
  ttlSeconds = 0,
): Verdict | undefined {
  const plain = {
    method: 'GET',
    origin: 'https://a.test',
    target: '/a',
    hasCredentials: false,
    status: 200,
    delayMs: 0,
  };
  const seen = { ...plain, ...more };
  return judge.read({ ...seen, headers: Object.entries(headers).flat() }, { ttlSeconds, staleIfErrorSeconds: 30 });
}

/** Seconds for which it is fresh; undefined: not stored. */
function life(...args: Parameters<typeof read>): number | undefined {
  const verdict = read(...args);
  return verdict === undefined ? undefined : Math.round((verdict.staleAt - Date.now()) / 1000);
}

const at = (seconds: number): string => new Date(Date.now() + seconds * 1000).toUTCString();

describe('RFC 9111, 3: storing', () => {
  test.for([
    [{}, undefined],
    [{ 'cache-control': 'max-age=60' }, 60],
    [{ 'cache-control': 'MAX-AGE=60' }, 60],
    [{ 'cache-control': 'max-age=60, no-store' }, undefined],
    [{ 'cache-control': 'max-age=60, private' }, undefined],
    [{ 'cache-control': 'max-age=60, s-maxage=10' }, 10],
    [{ 'cache-control': 'max-age=60', vary: '*' }, undefined],
    [{ 'cache-control': 'max-age=60', vary: 'a, *' }, undefined],
    [{ 'cache-control': 'max-age=60', 'set-cookie': 'a=b' }, undefined],
    [{ 'cache-control': 'public' }, undefined],
  ] as const)('%j', ([headers, seconds]) => {
    expect(life(headers)).toBe(seconds);
  });

  test('a part is no whole', () => {
    expect(read({ 'cache-control': 'max-age=60', 'content-range': 'bytes 0-1/2' }, { status: 206 })).toBe(undefined);
  });

  test.for([500, 418, 599])('any final status that says how long: %d', (status) => {
    expect(life({ 'cache-control': 'max-age=60' }, { status })).toBe(60);
  });

  test('must-understand and a status that nobody knows (5.2.2.3)', () => {
    expect(read({ 'cache-control': 'max-age=60, must-understand' }, { status: 599 })).toBe(undefined);
    expect(read({ 'cache-control': 'max-age=60, no-store, must-understand' }, { status: 599 })).toBe(undefined);
  });
});

test.for([
  ['max-age=60, no-store, must-understand', 60],
  ['No-Store,Must-Understand,max-age=60', 60],
  ['max-age=60, no-store, x="a, must-understand, b"', undefined],
  ['max-age=60, no-store, must-understand, private', undefined],
] as const)('must-understand and a status that everybody knows: %s', ([control, seconds]) => {
  expect(life({ 'cache-control': control })).toBe(seconds);
});

test.for([
  ['max-age=60', 30],
  ['max-age=60, stale-if-error=5', 5],
  ['max-age=60, stale-if-error=0', 0],
] as const)('what a site says of failures is for what does not say so itself: %s', ([control, seconds]) => {
  expect(read({ 'cache-control': control })?.staleIfError).toBe(seconds);
});

test.for([
  [{ 'cache-control': 'max-age=60' }, 57],
  [{ 'cache-control': 'max-age=60', age: '10' }, 47],
  [{ 'cache-control': 'max-age=60', date: 'Sat, 21 Nov 2026 23:59:20 GMT' }, 20],
  [{ 'cache-control': 'max-age=60', date: 'Sat, 21 Nov 2026 23:59:59 GMT' }, 57],
  [{ 'cache-control': 'max-age=1' }, -2],
  [{ 'cdn-cache-control': 'max-age=60' }, 57],
  [{ expires: 'Sun, 22 Nov 2026 00:01:00 GMT', date: 'Sat, 21 Nov 2026 23:59:57 GMT' }, 60],
] as const)('the time in which it was fetched is age (RFC 9111, 4.2.3): %j', ([headers, seconds]) => {
  expect(life(headers, { delayMs: 3000 })).toBe(seconds);
});

test('but the life that the site gives begins when it has come', () => {
  expect(life({}, { delayMs: 3000 }, 2)).toBe(2);
  expect(read({}, { delayMs: 3000 }, 2)?.bornAt).toBe(Date.now() - 3000);
});

test('immutable says nothing of how long (RFC 8246, 2)', () => {
  expect(life({ 'cache-control': 'immutable' })).toBe(undefined);
  expect(life({ 'cache-control': 'public, immutable', etag: '"1"' }, { status: 500 })).toBe(undefined);
  expect(life({ 'cache-control': 'max-age=60, immutable' })).toBe(60);
  expect(life({ 'cache-control': 'immutable', 'last-modified': at(-1000) })).toBe(100);
});

test('what a Date leaves out of a second is no age', () => {
  vi.setSystemTime(Date.parse('2026-11-22T00:00:00.900Z'));
  expect(life({ 'cache-control': 'max-age=1', date: 'Sun, 22 Nov 2026 00:00:00 GMT' })).toBe(1);
  expect(life({ 'cache-control': 'max-age=1', date: 'Sat, 21 Nov 2026 23:59:59 GMT' })).toBe(undefined);
  vi.setSystemTime(Date.parse('2026-11-22T00:00:00Z'));
});

test.for([
  [{ 'cache-control': 'max-age=5', age: '9', etag: '"1"' }, 0],
  [{ 'cache-control': 's-maxage=5', date: at(-9), 'last-modified': at(-100) }, 0],
  [{ 'cache-control': 'max-age=5', age: '9' }, undefined],
  [{ 'cache-control': 'private, max-age=5', age: '9', etag: '"1"' }, undefined],
  [{ 'cache-control': 'no-store, max-age=5', age: '9', etag: '"1"' }, undefined],
] as const)('what was stale when it came can be asked about: %j', ([headers, seconds]) => {
  const left = life(headers);
  expect(left === undefined ? undefined : Math.max(0, left)).toBe(seconds);
});

describe('RFC 9111, 4.2: freshness', () => {
  test.for([
    [{ expires: at(90), date: at(0) }, 90],
    [{ expires: at(90), date: at(-60) }, 90],
    [{ expires: at(90), 'cache-control': 'max-age=60' }, 60],
    [{ expires: '0', date: at(0) }, undefined],
    [{ expires: at(90).toUpperCase(), date: at(0) }, 90],
    [{ expires: 'Sun Nov 22 00:01:30 2026', date: at(0) }, 90],
    [{ expires: 'Sunday, 22-Nov-26 00:01:30 GMT', date: at(0).toLowerCase() }, 90],
    [{ expires: 'Thu, 01 Jan 2099 00:00:00 XYZ', date: at(0) }, undefined],
    [{ 'cache-control': 'max-age=60', age: '20' }, 40],
    [{ 'cache-control': 'max-age=60', age: '70' }, undefined],
    [{ 'cache-control': 'max-age=60', date: at(-20) }, 40],
    [{ 'cache-control': 'max-age=60', age: 'x' }, 60],
    [{ 'cache-control': 'max-age=60', age: '-5' }, 60],
    [{ 'cache-control': 'max-age=60', age: '10, 50' }, 50],
    [{ 'cache-control': 'max-age=x' }, undefined],
    [{ 'last-modified': at(-1000), date: at(0) }, 100],
    [{ 'last-modified': at(-1e8), date: at(0) }, 86_400],
  ] as const)('%j', ([headers, seconds]) => {
    expect(life(headers)).toBe(seconds);
  });

  test('what has a validator is kept to be asked about', () => {
    expect(life({ 'cache-control': 'no-cache', etag: '"1"' })).toBe(0);
    expect(read({ 'cache-control': 'no-cache', etag: '"1"' })?.noCache).toBe(true);
  });

  test('the life that the site says is for what says nothing and went well', () => {
    expect(life({}, {}, 30)).toBe(30);
    expect(life({ 'cache-control': 'private' }, {}, 30)).toBe(undefined);
    expect(life({ pragma: 'no-cache' }, {}, 30)).toBe(undefined);
    expect(life({}, { status: 404 }, 30)).toBe(undefined);
  });
});

describe('RFC 9111, 3.5: credentials', () => {
  test.for([
    ['max-age=60', undefined],
    ['max-age=60, public', 60],
    ['s-maxage=60', 60],
    ['max-age=60, must-revalidate', 60],
  ] as const)('%s', ([control, seconds]) => {
    expect(life({ 'cache-control': control }, { hasCredentials: true })).toBe(seconds);
    expect(read({ 'cache-control': control })?.allowsCredentials).toBe(seconds !== undefined);
  });
});

describe('RFC 9111, 4.4: invalidation', () => {
  const invalidated = (status: number, headers: string[] = []): string[] =>
    judge.invalidated({
      method: 'POST',
      origin: 'https://a.test',
      target: '/a',
      hasCredentials: false,
      status,
      headers,
      delayMs: 0,
    });

  test('by success and redirects, never by failure', () => {
    expect([invalidated(200), invalidated(303), invalidated(404), invalidated(500)]).toEqual([['/a'], ['/a'], [], []]);
  });

  test('of what Location and Content-Location name at the same origin', () => {
    const headers = ['location', '/b?x', 'content-location', 'https://other.test/c'];
    expect(invalidated(201, headers)).toEqual(['/a', '/b?x']);
  });
});

describe('RFC 9213: CDN-Cache-Control', () => {
  test.for([
    [{ 'cdn-cache-control': 'max-age=60' }, 60],
    [{ 'cdn-cache-control': 'max-age=60', 'cache-control': 'no-store' }, 60],
    [{ 'cdn-cache-control': 'max-age=10', 'cache-control': 'max-age=60' }, 10],
    [{ 'cdn-cache-control': 'no-store', 'cache-control': 'max-age=60' }, undefined],
    [{ 'cdn-cache-control': 'private', 'cache-control': 'max-age=60' }, undefined],
    [{ 'cdn-cache-control': 'max-age=60', expires: at(-9), date: at(0) }, 60],
    [{ 'cdn-cache-control': 'max-age=0', expires: at(60), date: at(0) }, undefined],
    [{ 'cdn-cache-control': 'max-age=60', age: '70' }, undefined],
    [{ 'cdn-cache-control': 'max-age=60, &&&', 'cache-control': 'no-store' }, undefined],
    [{ 'cdn-cache-control': 'max-age="10"', 'cache-control': 'max-age=60' }, 60],
    [{ 'cdn-cache-control': 'no-store, max-age="10"', 'cache-control': 'max-age=60' }, undefined],
    [{ 'cdn-cache-control': 'max-age=-1, private', 'cache-control': 'max-age=60' }, undefined],
    [{ 'cdn-cache-control': 'no-cache=("a" "b"), max-age=10', 'cache-control': 'max-age=60' }, undefined],
    [{ 'cdn-cache-control': 'private=5', 'cache-control': 'max-age=60' }, undefined],
    [{ 'cdn-cache-control': 'max-age="60"', 'cache-control': 'no-store' }, undefined],
    [{ 'cdn-cache-control': 'max-age=99999999999' }, 2_147_483_647],
  ] as const)('%j', ([headers, seconds]) => {
    expect(life(headers)).toBe(seconds);
  });

  test('no-cache: never without asking', () => {
    expect(read({ 'cdn-cache-control': 'no-cache', 'cache-control': 'max-age=60', etag: '"1"' })?.noCache).toBe(true);
  });
});

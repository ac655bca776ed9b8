import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseMethod, parsePathGlob, parsePathPrefix } from '../../../src/config/syntax/request-match.ts';

describe('path globs come out in the canonical form of paths', () => {
  test.for([
    ['/', '/'],
    ['/api/**', '/api/**'],
    ['**', '**'],
    ['**.php', '**.php'],
    ['/a b', '/a%20b'],
    ['/caf%c3%a9', '/caf%C3%A9'],
    ['/café/**', '/caf%C3%A9/**'],
    ['/%7euser', '/~user'],
    ['/a+b,c=(d)', '/a+b,c=(d)'],
  ] as const)('%s is %s', ([written, glob]) => {
    expect(parsePathGlob(written)).toEqual({ value: glob });
  });

  test.for([
    '',
    'api',
    'http://a/b',
    '/a?b',
    '/a#b',
    '/a;b',
    '/a//b',
    '/a/../b',
    '/./a',
    '/a/..',
    '/a%2fb',
    '/a%',
    '/a%zz',
    '/a\\b',
    '/a%00',
    '/a\nb',
    '/\ud800',
  ])('%j guards nothing and is refused', (written) => {
    expect(parsePathGlob(written)).toHaveProperty('fault');
  });

  test('what was read is read again as itself', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.webPath(),
          fc.string({ unit: 'grapheme' }).map((text) => `/${text}`),
        ),
        (text) => {
          const parsed = parsePathGlob(text);
          if ('value' in parsed) expect(parsePathGlob(parsed.value)).toEqual(parsed);
        },
      ),
    );
  });
});

test.for([
  ['/api', '/api'],
  ['/api/', '/api'],
  ['/a/b', '/a/b'],
  ['/', ''],
] as const)('the prefix %s is %j', ([written, prefix]) => {
  expect(parsePathPrefix(written)).toEqual({ value: prefix });
});

test.for(['', 'api', '/api/**', '/a?b', '/a//', '//'])('%j is no prefix', (written) => {
  expect(parsePathPrefix(written)).toHaveProperty('fault');
});

test('methods are read in any case, and only real ones', () => {
  expect(parseMethod('get')).toEqual({ value: 'GET' });
  expect(parseMethod('PROPFIND')).toEqual({ value: 'PROPFIND' });
  expect(parseMethod('PSOT')).toEqual({ fault: 'is not an HTTP method; did you mean "POST"?' });
  expect(parseMethod('')).toHaveProperty('fault');
});

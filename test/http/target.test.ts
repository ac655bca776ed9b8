import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalTarget, pathForMatching } from '../../src/http/target.ts';

describe('a target in canonical form', () => {
  test.for([
    ['/', '/', ''],
    ['/a/b?x=1', '/a/b', '?x=1'],
    ['/a?', '/a', '?'],
    ['/a/./b', '/a/b', ''],
    ['/a/../b', '/b', ''],
    ['/a/b/..', '/a/', ''],
    ['/a/b/.', '/a/b/', ''],
    ['//a///b', '/a/b', ''],
    ['/a/', '/a/', ''],
    ['/%61%2Dx', '/a-x', ''],
    ['/%2e%2e/a', null, ''],
    ['/a/%2E%2e/b', '/b', ''],
    ['/caf%c3%a9', '/caf%C3%A9', ''],
    ['/a%20b', '/a%20b', ''],
    ['/a%2fb', '/a%2Fb', ''],
    ['/.well-known/x', '/.well-known/x', ''],
    ['/a.b/c..d', '/a.b/c..d', ''],
    ['/...', '/...', ''],
    ['/@fs/x.js?import&t=1', '/@fs/x.js', '?import&t=1'],
    ['/x?redirect=http://a/../b', '/x', '?redirect=http://a/../b'],
    ['/matrix;a=1/b', '/matrix;a=1/b', ''],
  ] as const)('%s', ([raw, path, query]) => {
    if (path === null) expect(canonicalTarget(raw)).toBe('path-traversal');
    else expect(canonicalTarget(raw)).toEqual({ path, query });
  });
});

describe('a target with two readings is refused', () => {
  test.for([
    ['a', 'target-form'],
    ['', 'target-form'],
    ['*', 'target-form'],
    ['/a b', 'target-characters'],
    ['/a#b', 'target-characters'],
    ['/a\\b', 'target-characters'],
    ['/ü', 'target-characters'],
    ['/a?b#c', 'target-characters'],
    ['/a?\x7f', 'target-characters'],
    ['/%', 'path-escape'],
    ['/%4', 'path-escape'],
    ['/%zz', 'path-escape'],
    ['/%00', 'path-escape'],
    ['/a%0d%0ab', 'path-escape'],
    ['/%7f', 'path-escape'],
    ['/a%5cb', 'path-ambiguous'],
    ['/%c0%ae%c0%ae/', 'path-ambiguous'],
    ['/%e0%80%af', 'path-ambiguous'],
    ['/%f0%80%80%af', 'path-ambiguous'],
    ['/..', 'path-traversal'],
    ['/a/../../b', 'path-traversal'],
    ['/a/..;/b', 'path-traversal'],
    ['/a/.;x/b', 'path-traversal'],
    ['/a/%2e%2e;x/b', 'path-traversal'],
    ['/a/..%2fb', 'path-traversal'],
    ['/a/b%2f..%2fc', 'path-traversal'],
    ['/a/..%3b/b', 'path-traversal'],
    ['/a/..%253b/b', 'path-traversal'],
    ['/a%255cb', 'path-ambiguous'],
    ['/a%2500', 'path-ambiguous'],
    ['/a/%25c0%25ae', 'path-ambiguous'],
  ] as const)('%s: %s', ([raw, fault]) => {
    expect(canonicalTarget(raw)).toBe(fault);
  });
});

test.for([
  ['/admin%2Fusers', '/admin/users'],
  ['/admin;x=1/users', '/admin/users'],
  ['/admin;/%2Fusers', '/admin/users'],
  ['/admin%3Bx/users', '/admin/users'],
  ['/admin%3Fx/y', '/admin'],
  ['/admin/%2523/users', '/admin/'],
  ['/plain', '/plain'],
] as const)('a guard reads %s as %s', ([path, read]) => {
  expect(pathForMatching(path)).toBe(read);
});

describe('for any target', () => {
  const piece = fc.constantFrom(
    '/',
    '..',
    '.',
    '%2e',
    '%2F',
    '%2f',
    ';',
    '%',
    '%25',
    'a',
    'B',
    '~',
    '%41',
    '?',
    '%c0',
    '%ae',
    '\\',
    '#',
  );
  const target = fc.oneof(
    fc.string(),
    fc.array(piece).map((pieces) => `/${pieces.join('')}`),
  );

  test('the canonical form is stable, has no dot segments, and keeps the query', () => {
    fc.assert(
      fc.property(target, (raw) => {
        const once = canonicalTarget(raw);
        if (typeof once === 'string') return;
        expect(canonicalTarget(once.path + once.query)).toEqual(once);
        expect(once.path).not.toMatch(/(^|\/)\.{1,2}(\/|$|;)|\/\/|[\\#\s]/);
        expect(raw.endsWith(once.query)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('the path names the same resource as the URL standard says', () => {
    const plain = fc.array(fc.constantFrom('a', 'b', '..', '.', 'x.y', '%41'), { maxLength: 8 });
    fc.assert(
      fc.property(plain, (segments) => {
        const raw = `/${segments.join('/')}`;
        const mine = canonicalTarget(raw);
        if (typeof mine === 'string') return;
        expect(mine.path).toBe(new URL(raw.replaceAll('%41', 'A'), 'http://x').pathname);
      }),
    );
  });
});

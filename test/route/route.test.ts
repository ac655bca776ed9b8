import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RouteMatch } from '../../src/config/model/sites.ts';
import { compileGlob } from '../../src/route/glob.ts';
import { compileMatch, type RouteSubject } from '../../src/route/match.ts';
import { Router } from '../../src/route/router.ts';

describe('a path glob', () => {
  test.for([
    ['/a', ['/a'], ['/a/', '/ab', '/A', '/a/b']],
    ['/a/**', ['/a', '/a/', '/a/b', '/a/b/c'], ['/ab', '/b/a']],
    ['/a/*', ['/a/b', '/a/'], ['/a', '/a/b/c']],
    ['/a*', ['/a', '/abc'], ['/a/b', '/b']],
    ['/**', ['/', '/a', '/a/b'], []],
    ['/**/x.js', ['/x.js', '/a/x.js', '/a/b/x.js'], ['/ax.js', '/x_js']],
    ['/a%2Ab/**', ['/a*b/c', '/a%2Ab'], ['/axb/c', '/a/b']],
    ['/a/**/b', ['/a/b', '/a/x/b', '/a/x/y/b'], ['/a/xb', '/ab']],
    ['/*.php', ['/x.php', '/.php'], ['/a/x.php', '/xphp']],
    ['*.php', ['/x.php', '/a/x.php'], ['/x.php5']],
    ['**.php', ['/x.php', '/a/x.php'], ['/x.php5']],
    ['/v(1)+[a]', ['/v(1)+[a]'], ['/v1a']],
  ] as const)('%s', ([glob, yes, no]) => {
    const matches = compileGlob(glob);
    for (const path of yes) expect([path, matches(path)]).toEqual([path, true]);
    for (const path of no) expect([path, matches(path)]).toEqual([path, false]);
  });

  test('a path always matches itself', () => {
    fc.assert(
      fc.property(fc.webPath(), (path) => {
        fc.pre(!path.includes('*'));
        expect(compileGlob(path)(path)).toBe(true);
      }),
    );
  });
});

describe('a route', () => {
  const anything: RouteMatch = {
    path: undefined,
    method: undefined,
    header: undefined,
    query: undefined,
    client: undefined,
  };
  const request: RouteSubject = {
    method: 'POST',
    path: '/api/users',
    query: '?v=2&tag=a&tag=b',
    headers: ['x-beta', '1', 'accept', 'text/html'],
    client: '10.1.2.3',
  };
  test.for([
    ['without conditions matches', {}, true],
    ['by path', { path: ['/api/**'] }, true],
    ['by any of several paths', { path: ['/x', '/api/*'] }, true],
    ['not by another path', { path: ['/other'] }, false],
    ['by method', { method: ['GET', 'post'] }, true],
    ['not by another method', { method: ['GET'] }, false],
    ['by header', { header: new Map([['x-beta', '1']]) }, true],
    ['not by another value of the header', { header: new Map([['x-beta', '2']]) }, false],
    ['by the presence of a header', { header: new Map([['accept', '*']]) }, true],
    ['by query', { query: new Map([['v', '2']]) }, true],
    ['by any value of a repeated parameter', { query: new Map([['tag', 'b']]) }, true],
    ['not by a missing parameter', { query: new Map([['w', '*']]) }, false],
    ['by client', { client: ['10.0.0.0/8'] }, true],
    ['not by another client', { client: ['192.168.0.0/16'] }, false],
    ['when all conditions hold', { path: ['/api/**'], method: ['POST'], client: ['10.1.2.3'] }, true],
    ['not when one of them fails', { path: ['/api/**'], method: ['GET'], client: ['10.1.2.3'] }, false],
  ] as const)('%s', ([, match, expected]) => {
    expect(compileMatch({ ...anything, ...match } as RouteMatch)(request)).toBe(expected);
  });

  test('for GET takes HEAD too', () => {
    expect(compileMatch({ ...anything, method: ['GET'] })({ ...request, method: 'HEAD' })).toBe(true);
  });

  test.for(['/admin%2Fusers', '/admin;x/users', '/admin/users'])(
    'a guarded prefix is not reached around as %s',
    (path) => {
      expect(compileMatch({ ...anything, path: ['/admin/**'] })({ ...request, path })).toBe(true);
    },
  );
});

describe('a router', () => {
  const router = new Router<string>();
  for (const name of ['a.test', '*.a.test', 'b.a.test', 'default']) router.add(name, name);

  test.for([
    ['a.test', 'a.test'],
    ['b.a.test', 'b.a.test'],
    ['c.a.test', '*.a.test'],
    ['d.c.a.test', 'default'],
    ['other.test', 'default'],
    ['.a.test', 'default'],
  ] as const)('%s is served by %s', ([host, name]) => {
    expect(router.find(host)).toBe(name);
  });

  test('without a default an unknown name has no site', () => {
    const strict = new Router<string>();
    strict.add('a.test', 'a.test');
    expect(strict.find('b.test')).toBeUndefined();
  });
});

// One path for routes, rules and backends: a route that guards a prefix cannot be walked around by any spelling.
import { expect, test } from 'vitest';
import { describeProtocols, request } from '../../support/client.ts';
import { speak } from '../../support/speak.ts';
import { startStrictBackend } from '../../support/strict-backend.ts';
import { startGateway } from '../../support/world.ts';

/** Ways to write /admin/users, or something that some server takes for it. */
const SPELLINGS = [
  '/admin/users',
  '/admin',
  '/admin/',
  '//admin/users',
  '/./admin/users',
  '/x/../admin/users',
  '/x/%2e%2e/admin/users',
  '/x/.%2E/admin/users',
  '/x//../admin/users',
  '/%61dmin/users',
  '/%41dmin/../admin/users',
  '/adm%69n/users',
  '/%2561dmin/users',
  '/%252561dmin/users',
  '/admin%2fusers',
  '/admin%2Fusers',
  '/admin%252fusers',
  '/admin%25252Fusers',
  '/%2fadmin/users',
  '/%2Fadmin/users',
  '/%252fadmin/users',
  '/x%2f..%2fadmin/users',
  '/x%252f..%252fadmin/users',
  '/x/..%2fadmin/users',
  '/x/%2e%2e%2fadmin/users',
  '/x/%252e%252e/admin/users',
  '/x/%25252e%25252e/admin/users',
  '/x/..%252fadmin/users',
  '/x/..;/admin/users',
  '/x/..;a=b/admin/users',
  '/x/%2e%2e;/admin/users',
  '/x;/../admin/users',
  '/;/admin/users',
  '/;x/admin/users',
  '/admin;x/users',
  '/admin;/users',
  '/admin/;/users',
  '/.;/admin/users',
  '/x/.;/../admin/users',
  '/admin\\users',
  '/admin%5cusers',
  '/x\\..\\admin/users',
  '/x/..\\admin/users',
  '/x/..%5cadmin/users',
  '/x/..%255cadmin/users',
  '/%5cadmin/users',
  '/x/%c0%ae%c0%ae/admin/users',
  '/x/%c0%ae%c0%ae%c0%afadmin/users',
  '/x/%e0%80%ae%e0%80%ae/admin/users',
  '/x/%f0%80%80%ae./admin/users',
  '/%c1%a1dmin/users',
  '/admin%00/users',
  '/admin%00',
  '/%00/admin/users',
  '/admin%0a/users',
  '/admin%0d%0aX: y/users',
  '/admin%09/users',
  '/admin%7f/users',
  '/admin#/users',
  '/x#/../admin/users',
  '/%u0061dmin/users',
  '/%6/admin/users',
  '/%/admin/users',
  '/admin%/users',
  '/../admin/users',
  '/x/../../admin/users',
  '/%2e%2e/admin/users',
  '/admin/../admin/users',
  '/admin/./users',
  '/admin/%2e/users',
  '/ADMIN/../admin/users',
  '/admin%3fx',
  '/admin%3F/users',
  '/admin%23x',
  '/admin%23',
  '/admin%253fx',
  '/admin%25253Fx',
  '/admin%2523/users',
  '/admin;%3fx',
  '/admin%3b%3fx',
  '/admin%2f%3fx',
  '/%61dmin%3f',
  '/admin/%3f',
  '/x/..%3f/admin',
  '/x/%2e%2e%23/admin',
  'https://localhost/admin/users',
  'https://localhost//admin/users',
  'https://localhost/x/../admin/users',
];

test.for(['canonical', 'original'])('no spelling passes the guard of a prefix (path: %s)', async (form) => {
  const [open, guarded] = [await startStrictBackend(), await startStrictBackend()];
  const world = await startGateway(
    `sites: { localhost: { to: "${open.url}", path: ${form}, routes: [{ match: { path: /admin/** }, to: "${guarded.url}" }] } }`,
  );
  for (const target of SPELLINGS) {
    const bytes = `GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    await speak(world, bytes);
    const astray = open.requests.splice(0).filter((each) => each.target !== '/after');
    expect.soft(astray, target).toEqual([]);
  }
  expect([...open.faults, ...guarded.faults]).toEqual([]);
  expect(guarded.requests.length).toBeGreaterThan(20);
  for (const { target } of guarded.requests) {
    expect.soft(target).not.toMatch(/\/\.{1,2}(?:[/;?]|$)|\\|%00|%5c|#/i);
  }
});

describeProtocols('the path that a backend gets', (over) => {
  const CASES = [
    ['/a//b', '/a/b', '/a//b'],
    ['/%61/%7eb', '/a/~b', '/%61/%7eb'],
    ['/a%2fb', '/a%2Fb', '/a%2fb'],
    ['/a/./b', '/a/b', '/a/b'],
    ['/a/x/../b', '/a/b', '/a/b'],
    ['/a/%2e%2E/b', '/b', '/b'],
    ['/a/%2E/b', '/a/b', '/a/b'],
    ['/%C3%A9?x=%7e//..', '/%C3%A9?x=%7e//..', '/%C3%A9?x=%7e//..'],
  ] as const;

  test('is canonical, or the client’s own where the site says so', async () => {
    const backend = await startStrictBackend();
    const sites = `sites:
  localhost: { to: "${backend.url}" }
  original.test: { to: "${backend.url}", path: original }`;
    const world = await startGateway(sites);
    for (const [sent, canonical, original] of CASES) {
      backend.requests.length = 0;
      await request(over, world, { path: sent });
      await request(over, world, { path: sent, host: 'original.test' });
      expect
        .soft(
          backend.requests.map(({ target }) => target),
          sent,
        )
        .toEqual([canonical, original]);
    }
    expect(backend.faults).toEqual([]);
  });

  test('loses its prefix in any spelling', async () => {
    const backend = await startStrictBackend();
    const world = await startGateway(
      `sites: { localhost: { path: original, routes: [{ match: { path: /api/** }, to: "${backend.url}", stripPrefix: /api }] } }`,
    );
    for (const path of ['/api//b', '/api//b//c', '/%61pi//b', '//api//b', '/api', '/api//', '/api///evil.test/b']) {
      await request(over, world, { path });
    }
    expect(backend.requests.map(({ target }) => target)).toEqual(['/b', '/b//c', '/b', '/b', '/', '/', '/evil.test/b']);
  });
});

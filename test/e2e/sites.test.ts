import tls from 'node:tls';
import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { describeProtocols, exchangeBytes, request, requestPlain } from '../support/client.ts';
import { startGateway } from '../support/world.ts';

describeProtocols('a host', (over) => {
  test('is answered by its own site, by name, alias, wildcard or default', async () => {
    const named = await startBackend((_, response) => void response.end('named'));
    const wild = await startBackend((_, response) => void response.end('wild'));
    const rest = await startBackend((_, response) => void response.end('rest'));
    const world = await startGateway(`
sites:
  app.test: { to: "${named.url}", aliases: [www.app.test] }
  "*.app.test": { to: "${wild.url}" }
  default: { to: "${rest.url}" }`);
    const bodies = [];
    for (const host of ['app.test', 'APP.test', 'www.app.test', 'x.app.test', 'other.test', 'y.x.app.test']) {
      bodies.push((await request(over, world, { host, sni: host.toLowerCase() })).body);
    }
    expect(bodies).toEqual(['named', 'named', 'named', 'wild', 'rest', 'rest']);
  });

  test('that the connection was not opened for gets 421, also where a default site would take it', async () => {
    const a = await startBackend((_, response) => void response.end('a'));
    const b = await startBackend((_, response) => void response.end('b'));
    const world = await startGateway(`
sites:
  a.test: { to: "${a.url}" }
  b.test: { to: "${b.url}" }
  default: { to: "${b.url}" }`);
    for (const host of ['b.test', 'unknown.test']) {
      expect(await request(over, world, { sni: 'a.test', host })).toMatchObject({ status: 421 });
    }
    expect(await request(over, world, { sni: 'unknown.test', host: 'a.test' })).toMatchObject({ status: 421 });
    expect(a.seen.length + b.seen.length).toBe(0);
    const records = await world.accessRecords(3);
    expect(records.map(({ status, reason }) => [status, reason])).toEqual(Array(3).fill([421, 'misdirected']));
  });

  test('whose certificate covers both names may be asked on one connection', async () => {
    const a = await startBackend((_, response) => void response.end('a'));
    const world = await startGateway(`sites: { a.test: { to: "${a.url}", aliases: [b.test] } }`);
    expect(await request(over, world, { sni: 'a.test', host: 'b.test' })).toMatchObject({ status: 200 });
  });

  test('has routes: the first that matches decides', async () => {
    const api = await startBackend((seen, response) => void response.end(`api ${seen.url}`));
    const beta = await startBackend((_, response) => void response.end('beta'));
    const app = await startBackend((_, response) => void response.end('app'));
    const world = await startGateway(`
upstreams: { api: { servers: ["${api.url}"] } }
sites:
  localhost:
    to: "${app.url}"
    routes:
      - { match: { path: /api/**, header: { x-beta: "1" } }, to: "${beta.url}" }
      - { match: { path: /api/** }, to: api, stripPrefix: /api }
      - { match: { path: /write/*, method: POST }, to: "${beta.url}" }
      - { match: { query: { v: "2" } }, to: "${beta.url}" }`);
    const ask = async (path: string, options = {}): Promise<string> =>
      (await request(over, world, { path, ...options })).body;
    expect(await ask('/api/users?x=1')).toBe('api /users?x=1');
    expect(await ask('/api')).toBe('api /');
    expect(await ask('/api/users', { headers: { 'x-beta': '1' } })).toBe('beta');
    expect(await ask('/write/a', { method: 'POST', body: 'x' })).toBe('beta');
    expect(await ask('/write/a')).toBe('app');
    expect(await ask('/?v=2')).toBe('beta');
    expect(await ask('/apis')).toBe('app');
    expect(await ask('/x/../api/%75sers')).toBe('api /users');
    expect(api.seen[0]?.headers['x-forwarded-prefix']).toBe('/api');
  });

  test('without a route for a path answers 404', async () => {
    const api = await startBackend();
    const world = await startGateway(`
sites: { localhost: { routes: [{ match: { path: /api/** }, to: "${api.url}" }] } }`);
    expect(await request(over, world, { path: '/' })).toMatchObject({ status: 404 });
  });

  test('has headers set and removed on both sides, the route on top of the site', async () => {
    const app = await startBackend((_, response) => {
      response.setHeader('x-debug', 'secret');
      response.setHeader('server', 'shown');
      response.end();
    });
    const world = await startGateway(`
sites:
  localhost:
    headers:
      request: { set: { X-From: gatehouse, Host: inner.test }, remove: [user-agent] }
      response: { set: { x-frame-options: DENY }, remove: [x-debug] }
    routes:
      - { match: { path: /r }, to: "${app.url}", headers: { request: { set: { x-from: route } } } }
    to: "${app.url}"`);
    const answer = await request(over, world, { headers: { 'user-agent': 'x' } });
    expect(answer.headers).toMatchObject({ 'x-frame-options': 'DENY', server: 'shown' });
    expect(answer.headers).not.toHaveProperty('x-debug');
    expect(app.seen[0]?.headers).toMatchObject({
      'x-from': 'gatehouse',
      host: 'inner.test',
      'x-forwarded-host': 'localhost',
    });
    expect(app.seen[0]?.headers).not.toHaveProperty('user-agent');
    await request(over, world, { path: '/r' });
    expect(app.seen[1]?.headers['x-from']).toBe('route');
  });

  test('never learns where the backend is from redirects and cookies', async () => {
    const app = await startBackend(({ url }, response) => {
      response.setHeader('location', url === '/abs' ? `${app.url}/next?a=1` : '/next');
      response.setHeader('set-cookie', ['s=1; Domain=127.0.0.1; Path=/; HttpOnly', 't=2; Domain=other.test']);
      response.writeHead(302).end();
    });
    const world = await startGateway(`
sites: { localhost: { to: "${app.url}", routes: [{ match: { path: /sub/** }, to: "${app.url}", stripPrefix: /sub }] } }`);
    const direct = await request(over, world, { path: '/abs', host: 'localhost' });
    expect(direct.headers.location).toBe('https://localhost/next?a=1');
    expect(direct.headers['set-cookie']).toEqual(['s=1; Path=/; HttpOnly', 't=2; Domain=other.test']);
    const stripped = await request(over, world, { path: '/sub/abs' });
    expect(stripped.headers.location).toBe('https://localhost/sub/next?a=1');
    expect((await request(over, world, { path: '/sub/x' })).headers.location).toBe('/sub/next');
  });

  test.for([
    ['/%00', {}, 400, 'path-escape'],
    ['/a/..%2fb', {}, 400, 'path-traversal'],
    [`/${'a'.repeat(9000)}`, {}, 414, 'uri-too-long'],
    ['/', { 'x-big': 'a'.repeat(17_000) }, 431, 'headers-too-large'],
    ['/', Object.fromEntries(Array.from({ length: 110 }, (_, i) => [`x-${i}`, '1'])), 431, 'too-many-headers'],
  ] as const)('refuses %.20s with a record of why', async ([path, headers, status, reason]) => {
    const app = await startBackend();
    const world = await startGateway(`sites: { localhost: { to: "${app.url}" } }`);
    expect(await request(over, world, { path, headers })).toMatchObject({ status });
    expect((await world.accessRecords(1))[0]).toMatchObject({ status, reason });
    expect(app.seen).toHaveLength(0);
  });
});

test.for(['unknown.test', undefined])('the name %s gets a TLS alert when there is no default site', async (sni) => {
  const world = await startGateway('sites: { a.test: { to: "http://127.0.0.1:1" } }');
  const failure = await new Promise<NodeJS.ErrnoException>((resolve) => {
    const socket = tls.connect({
      host: '127.0.0.1',
      port: world.port,
      ...(sni === undefined ? {} : { servername: sni }),
    });
    socket.once('error', resolve);
  });
  expect(failure.code).toMatch(/HANDSHAKE_FAILURE/);
});

test('port 80 redirects to https for hosts that have a site, and only for them', async () => {
  const world = await startGateway('sites: { a.test: { to: "http://127.0.0.1:1" } }');
  const redirected = await requestPlain(world.httpPort, '/x?y=1', 'a.test');
  expect(redirected).toMatchObject({ status: 308, headers: { location: `https://a.test:${world.port}/x?y=1` } });
  expect((await requestPlain(world.httpPort, '/', 'b.test')).status).toBe(404);
});

test.for([
  ['two hosts', 'GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n', '400'],
  [
    'a host that differs from an absolute target',
    'GET http://x.test/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    '400',
  ],
  ['a userinfo', 'GET / HTTP/1.1\r\nHost: a@localhost\r\nConnection: close\r\n\r\n', '400'],
  ['no host', 'GET / HTTP/1.0\r\n\r\n', '400'],
  ['a version that does not exist', 'GET / HTTP/2.0\r\nHost: localhost\r\nConnection: close\r\n\r\n', '505'],
  ['bytes that are no request', 'hello\r\n\r\n', '400'],
  [
    'both framings',
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    '400',
  ],
  [
    'a connection field that would drop others',
    'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close, X-Forwarded-For\r\n\r\n',
    '400',
  ],
  ['another expectation', 'GET / HTTP/1.1\r\nHost: localhost\r\nExpect: tea\r\nConnection: close\r\n\r\n', '417'],
  ['TRACE', 'TRACE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', '405'],
] as const)('%s: refused with %3$s and recorded', async ([, bytes, status]) => {
  const app = await startBackend();
  const world = await startGateway(`sites: { localhost: { to: "${app.url}" } }`);
  expect(await exchangeBytes(world, bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect((await world.accessRecords(1))[0]?.status).toBe(Number(status));
  expect(app.seen).toHaveLength(0);
});

test('an absolute target of the same host is served, in origin form', async () => {
  const app = await startBackend();
  const world = await startGateway(`sites: { localhost: { to: "${app.url}" } }`);
  const bytes = 'GET http://localhost/a?b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
  expect(await exchangeBytes(world, bytes)).toMatch(/^HTTP\/1.1 200 /);
  expect(app.seen[0]?.url).toBe('/a?b');
});

test('an HTTP/1.0 client gets no chunks', async () => {
  const app = await startBackend((_, response) => {
    response.write('one ');
    setImmediate(() => response.end('two'));
  });
  const world = await startGateway(`sites: { localhost: { to: "${app.url}" } }`);
  const answer = await exchangeBytes(world, 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
  expect(answer).not.toMatch(/transfer-encoding/i);
  expect(answer).toMatch(/\r\n\r\none two$/);
});

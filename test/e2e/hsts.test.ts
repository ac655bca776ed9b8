// Strict-Transport-Security: with every answer that a site gives over TLS, and never without TLS.
import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { describeProtocols, exchangeBytes, request, requestPlain } from '../support/client.ts';
import { startGateway, type World } from '../support/world.ts';

const FIELD = 'strict-transport-security';

async function start(): Promise<World> {
  const backend = await startBackend((_, response) => {
    response.writeHead(200, { [FIELD]: 'max-age=1' }).end('hello');
  });
  return startGateway(`
sites:
  localhost:
    to: "${backend.url}"
    hsts: 365d
    aliases: [all.test]
    routes:
      - { match: { path: /down }, to: "http://127.0.0.1:1" }
  map.test: { to: "${backend.url}", hsts: { maxAge: 730d, includeSubdomains: true, preload: true } }
  past.test: { to: "${backend.url}", hsts: { maxAge: 0 } }
  none.test: { to: "${backend.url}" }
`);
}

describeProtocols('over TLS', (over) => {
  test.for([
    { host: 'localhost', says: 'max-age=31536000' },
    { host: 'all.test', says: 'max-age=31536000' },
    { host: 'map.test', says: 'max-age=63072000; includeSubDomains; preload' },
    { host: 'past.test', says: 'max-age=0' },
    { host: 'none.test', says: 'max-age=1' },
  ])("$host says $says, once, in place of the backend's own", async ({ host, says }) => {
    expect((await request(over, await start(), { host })).headers[FIELD]).toBe(says);
  });

  test.for([
    { what: 'a failing backend', path: '/down', status: 502 },
    { what: 'a path that nobody may ask for', path: '/a%00b', status: 400 },
  ])('it is said with the error page of $what', async ({ path, status }) => {
    const answer = await request(over, await start(), { path });
    expect(answer).toMatchObject({ status, headers: { [FIELD]: 'max-age=31536000' } });
  });

  test('it is said for a site that the connection does not serve, and not for a stranger', async () => {
    const world = await start();
    const misdirected = await request(over, world, { host: 'localhost', sni: 'map.test' });
    expect(misdirected).toMatchObject({ status: 421, headers: { [FIELD]: 'max-age=31536000' } });
    const stranger = await request(over, world, { host: 'nobody.test', sni: 'map.test' });
    expect(stranger.status).toBe(421);
    expect(stranger.headers).not.toHaveProperty(FIELD);
  });
});

test.for([
  ['a bad field', 'GET / HTTP/1.1\r\nhost: localhost\r\nbad header: x\r\n\r\n'],
  ['no host', 'GET / HTTP/1.1\r\n\r\n'],
  ['a host that is none', 'GET / HTTP/1.1\r\nhost: a b\r\n\r\n'],
  ['no request', '\x00\x01\r\n\r\n'],
  ['a version that does not exist', 'GET / HTTP/9.9\r\nhost: localhost\r\n\r\n'],
  ['a head that is too long', `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(50_000)}\r\n\r\n`],
  ['CONNECT', 'CONNECT localhost:443 HTTP/1.1\r\nhost: localhost\r\n\r\n'],
  ['an expectation', 'GET / HTTP/1.1\r\nhost: localhost\r\nexpect: tea\r\n\r\n'],
] as const)('it is said when a head is refused for %s', async ([, bytes]) => {
  const text = await exchangeBytes(await start(), bytes);
  expect(text).toMatch(/^HTTP\/1\.1 [45]\d\d /);
  expect(text).toContain('strict-transport-security: max-age=31536000\r\n');
});

test('it is said when a head is not there in time', async () => {
  const { url } = await startBackend();
  const world = await startGateway(`timeouts: { headers: 200ms }\nsites: { localhost: { to: "${url}", hsts: 365d } }`);
  const text = await exchangeBytes(world, 'GET / HTTP/1.1\r\nhost: localhost\r\n');
  expect(text).toMatch(/^HTTP\/1\.1 408 /);
  expect(text).toContain('strict-transport-security: max-age=31536000\r\n');
});

test('it is never said without TLS', async () => {
  const { httpPort } = await start();
  for (const [host, status] of [
    ['localhost', 308],
    ['nobody.test', 404],
  ] as const) {
    const answer = await requestPlain(httpPort, '/', host);
    expect(answer.status).toBe(status);
    expect(answer.headers).not.toHaveProperty(FIELD);
  }
});

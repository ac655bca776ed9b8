// How a WebSocket begins and ends, over HTTP/1.1 (Upgrade) and over HTTP/2 (extended CONNECT), to an HTTP/1.1 backend.
import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { startBackend, startRawBackend } from '../support/backend.ts';
import { describeProtocols, exchangeBytes, request } from '../support/client.ts';
import { startGuarded } from '../support/guarded.ts';
import { closeOf, connectHttp2, dialSocket, messageOf, startEcho } from '../support/websocket.ts';
import { startGateway } from '../support/world.ts';

const site = (url: string, more = ''): string => `${more}\nsites: { localhost: { to: "${url}" } }`;
const WITH_ID = 'SecRule ARGS "@contains attack" "id:2,phase:2,deny,log,msg:\'Argument\'"';
const OF_SOCKETS = `SecRule REQUEST_HEADERS:Upgrade "@streq websocket" "id:3,phase:1,deny,log,msg:'Socket'"`;

describeProtocols('a WebSocket', (over) => {
  const agreed = over === 'h2' ? 200 : 101;

  test('is joined to the backend, and its record is written when it is over', async () => {
    const echo = await startEcho();
    const world = await startGateway(site(echo.url));
    const socket = await dialSocket(over, world, '/chat?room=1');
    expect(await messageOf(socket)).toBe('welcome');
    const echoed = messageOf(socket);
    socket.send('x'.repeat(200_000));
    expect(await echoed).toHaveLength(200_000);
    const closed = closeOf(socket);
    socket.close(1000);
    expect(await closed).toBe(1000);
    const [record] = await world.accessRecords(1);
    expect(record).toMatchObject({ status: agreed, path: '/chat', method: 'GET', protocol: over });
    expect(record?.bytesIn).toBeGreaterThan(200_000);
    expect(record?.bytesOut).toBeGreaterThan(200_000);
    expect(record).not.toHaveProperty('error');
  });

  test('whose client vanishes frees the backend', async () => {
    const echo = await startEcho();
    const world = await startGateway(site(echo.url));
    const connected = once(echo.server, 'connection');
    const socket = await dialSocket(over, world);
    const [backend] = (await connected) as [WebSocket];
    const gone = closeOf(backend);
    socket.terminate();
    expect(await gone).toBe(1006);
  });

  test('whose backend vanishes ends, after what it had said', async () => {
    const echo = await startEcho();
    const world = await startGateway(site(echo.url));
    const connected = once(echo.server, 'connection');
    const socket = await dialSocket(over, world);
    const said = messageOf(socket);
    const closed = closeOf(socket);
    ((await connected) as [WebSocket])[0].terminate();
    expect(await said).toBe('welcome');
    expect(await closed).toBe(1006);
  });

  test('that nobody uses ends after timeouts.stream, and one that is used does not', async () => {
    const echo = await startEcho();
    const world = await startGateway(
      site(echo.url, 'timeouts: { stream: 1s, idle: 300ms, upstream: 300ms, body: 300ms }'),
    );
    const socket = await dialSocket(over, world);
    await messageOf(socket);
    for (let i = 0; i < 6; i++) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      const echoed = messageOf(socket);
      socket.send('still here');
      expect(await echoed).toBe('still here');
    }
    expect(await closeOf(socket)).toBe(1006);
    await vi.waitFor(() => expect(echo.server.clients.size).toBe(0));
    expect((await world.accessRecords(1))[0]).toMatchObject({ status: agreed, reason: 'tunnel-idle' });
  });

  test('is inspected as a handshake', async () => {
    const echo = await startEcho();
    const world = await startGuarded({ rules: WITH_ID, to: echo.url, waf: 'response: true' });
    await expect(dialSocket(over, world, '/?id=attack')).rejects.toThrow('Unexpected server response: 403');
    const socket = await dialSocket(over, world, '/?id=1');
    expect(await messageOf(socket)).toBe('welcome');
    const echoed = messageOf(socket);
    socket.send('an attack, which nobody looks at');
    expect(await echoed).toBe('an attack, which nobody looks at');
    const other = await startGuarded({ rules: OF_SOCKETS, to: echo.url });
    await expect(dialSocket(over, other)).rejects.toThrow('Unexpected server response: 403');
  });

  test('goes by the routes, also by those that ask for the upgrade', async () => {
    const [echo, app] = [await startEcho(), await startBackend()];
    const world = await startGateway(`
sites:
  localhost:
    to: "${app.url}"
    routes: [{ match: { path: /chat, header: { upgrade: websocket } }, to: "${echo.url}" }]`);
    expect(await messageOf(await dialSocket(over, world))).toBe('welcome');
    expect((await request(over, world, { path: '/chat' })).body).toBe('hello');
  });

  test.for([
    ['403', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno', '403'],
    ['a redirect', 'HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n', '302'],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n', '502'],
  ] as const)('that the backend answers with %s', async ([, answer, status]) => {
    const app = await startRawBackend((socket) => socket.once('data', () => socket.write(answer)));
    const world = await startGateway(site(app.url));
    await expect(dialSocket(over, world)).rejects.toThrow(`Unexpected server response: ${status}`);
  });
});

test('a handshake over HTTP/1.1 is judged like any request', async () => {
  const world = await startGateway('sites: { localhost: { to: "http://127.0.0.1:1" } }');
  const upgrade =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
  expect(await exchangeBytes(world, `GET / HTTP/1.1\r\nHost: other.test\r\n${upgrade}`)).toMatch(/^HTTP\/1.1 421 /);
  expect(await exchangeBytes(world, `GET /%00 HTTP/1.1\r\nHost: localhost\r\n${upgrade}`)).toMatch(/^HTTP\/1.1 400 /);
  expect(await exchangeBytes(world, `GET / HTTP/1.1\r\nHost: localhost\r\n${upgrade}`)).toMatch(/^HTTP\/1.1 502 /);
  expect((await world.accessRecords(3)).map(({ status }) => status)).toEqual([421, 400, 502]);
});

test('a handshake over HTTP/2 is judged like any request', async () => {
  const world = await startGateway('sites: { localhost: { to: "http://127.0.0.1:1" } }');
  const statusOf = async (path: string, fields = {}): Promise<number> =>
    (await connectHttp2(world, path, fields)).status;
  expect(await statusOf('/', { ':authority': 'other.test' })).toBe(421);
  expect(await statusOf('/%00')).toBe(400);
  expect(await statusOf('/')).toBe(502);
  expect(await statusOf('/', { ':protocol': 'connect-udp' })).toBe(501);
});

test('compression and sub-protocols are settled between the endpoints', async () => {
  const echo = await startEcho({ perMessageDeflate: { threshold: 0 }, handleProtocols: () => 'v2.chat' });
  const world = await startGateway(site(echo.url));
  const socket = new WebSocket(`wss://localhost:${world.port}/`, ['v1.chat', 'v2.chat'], { ca: world.ca });
  expect(await messageOf(socket)).toBe('welcome');
  expect(socket.extensions).toMatch(/^permessage-deflate/);
  expect(socket.protocol).toBe('v2.chat');
  const text = 'the same again and again '.repeat(10_000);
  const echoed = messageOf(socket);
  socket.send(text);
  expect(await echoed).toBe(text);
  socket.close();
  expect((await world.accessRecords(1))[0]?.bytesIn).toBeLessThan(text.length / 10);
});

test('an upgrade to anything else is an ordinary request', async () => {
  const app = await startBackend();
  const world = await startGateway(site(app.url));
  const bytes =
    'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n';
  expect(await exchangeBytes(world, bytes)).toMatch(/^HTTP\/1.1 200 /);
  expect(app.seen[0]?.headers).not.toHaveProperty('upgrade');
  expect(app.seen[0]?.headers).not.toHaveProperty('http2-settings');
});

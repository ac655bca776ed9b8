// What is particular about WebSockets over HTTP/2: the gateway makes the handshake with the backend by itself (RFC 8441).
import http2 from 'node:http2';
import { Agent, WebSocket } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { startRawBackend } from '../support/backend.ts';
import { closeOf, connectFields, connectHttp2, dialSocket, messageOf, startEcho } from '../support/websocket.ts';
import { startGateway } from '../support/world.ts';

const site = (url: string): string => `sites: { localhost: { to: "${url}" } }`;

test("another's client, undici, speaks over HTTP/2", async () => {
  const echo = await startEcho();
  const world = await startGateway(site(echo.url));
  const dispatcher = new Agent({ allowH2: true, connect: { ca: world.ca } });
  onTestFinished(() => dispatcher.destroy());
  const warmUp = await dispatcher.request({ origin: `https://localhost:${world.port}`, path: '/', method: 'GET' });
  await warmUp.body.dump();
  const socket = new WebSocket(`wss://localhost:${world.port}/chat`, { dispatcher, protocols: [] });
  const { promise, resolve, reject } = Promise.withResolvers<string[]>();
  const messages: string[] = [];
  socket.addEventListener('error', () => reject(new Error('the socket failed')));
  socket.addEventListener('open', () => socket.send('hello'));
  socket.addEventListener('message', ({ data }) => {
    messages.push(String(data));
    if (messages.length === 2) socket.close(1000);
  });
  socket.addEventListener('close', () => resolve(messages));
  expect(await promise).toEqual(['welcome', 'hello']);
  const records = await world.accessRecords(2);
  expect(records.find(({ path }) => path === '/chat')).toMatchObject({ protocol: 'h2', status: 200 });
});

test('the backend gets a key of the gateway’s own each time, and the client no answer to it', async () => {
  const echo = await startEcho();
  const keys: unknown[] = [];
  echo.server.on('headers', (_, { headers }) => {
    keys.push(headers['sec-websocket-key']);
    expect(headers).toMatchObject({ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' });
    expect(Object.keys(headers).filter((name) => name.startsWith(':'))).toEqual([]);
  });
  const world = await startGateway(site(echo.url));
  for (let i = 0; i < 2; i++) {
    const { status, headers } = await connectHttp2(world, '/', { 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' });
    expect(status).toBe(200);
    expect(headers).not.toHaveProperty('sec-websocket-accept');
    expect(headers).not.toHaveProperty('upgrade');
    expect(headers).not.toHaveProperty('content-length');
  }
  expect(new Set([...keys, 'AAAAAAAAAAAAAAAAAAAAAA=='])).toHaveLength(3);
});

test.for([
  ['a page instead of a switch', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'],
  ['a page without an end', 'HTTP/1.1 200 OK\r\n\r\nhi'],
  ['no answer to the key', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
  [
    'an answer to another key',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n\r\n',
  ],
] as const)('%s is no tunnel, and the backend is freed', async ([, answer]) => {
  const freed = Promise.withResolvers<void>();
  const app = await startRawBackend((socket) => {
    socket.once('close', () => freed.resolve());
    socket.once('data', () => socket.write(answer));
  });
  const world = await startGateway(site(app.url));
  expect((await connectHttp2(world)).status).toBe(502);
  await freed.promise;
});

test('many sockets and requests share one connection, and the end of one is no other’s', async () => {
  const echo = await startEcho();
  const world = await startGateway(site(echo.url));
  const { session } = await connectHttp2(world);
  const first = await dialSocket('h2', world);
  await messageOf(first);
  const streams = await Promise.all(
    Array.from({ length: 50 }, () => {
      const stream = session.request(connectFields(world), { endStream: false });
      stream.on('error', () => {});
      return new Promise<http2.ClientHttp2Stream>((resolve) => stream.once('response', () => resolve(stream)));
    }),
  );
  for (const [i, stream] of streams.entries()) if (i % 2 === 0) stream.close(http2.constants.NGHTTP2_CANCEL);
  const rest = streams.filter((_, i) => i % 2 === 1);
  await expect.poll(() => echo.server.clients.size).toBe(2 + rest.length);
  const page = session.request({ ':path': '/', ':authority': `localhost:${world.port}` });
  // `ws` wants an upgrade from everybody.
  expect(await new Promise((resolve) => page.once('response', (fields) => resolve(fields[':status'])))).toBe(426);
  const closed = closeOf(first);
  first.close(1000);
  expect(await closed).toBe(1000);
  for (const stream of rest) stream.close(http2.constants.NGHTTP2_CANCEL);
  await expect.poll(() => echo.server.clients.size).toBe(1);
});

test('a client that leaves before the backend has answered frees it', async () => {
  const asked = Promise.withResolvers<void>();
  const freed = Promise.withResolvers<void>();
  const app = await startRawBackend((socket) => {
    socket.once('data', () => asked.resolve());
    socket.once('close', () => freed.resolve());
  });
  const world = await startGateway(site(app.url));
  const session = http2.connect(`https://localhost:${world.port}`, { ca: world.ca });
  await new Promise((resolve) => session.once('remoteSettings', resolve));
  const stream = session.request(connectFields(world), { endStream: false });
  stream.on('error', () => {});
  await asked.promise;
  stream.close(http2.constants.NGHTTP2_CANCEL);
  await freed.promise;
  expect((await world.accessRecords(1))[0]).toMatchObject({ status: 499, error: 'client_closed' });
  session.destroy();
});

test('a backend that speaks only HTTP/2 has no tunnel', async () => {
  const server = http2.createServer();
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const world = await startGateway(site(`http://127.0.0.1:${port}`));
  expect((await connectHttp2(world)).status).toBe(502);
});

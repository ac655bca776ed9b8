import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { startBackend } from '../support/backend.ts';
import { exchangeBytes } from '../support/client.ts';
import type { World } from '../support/world.ts';
import { startGateway } from '../support/world.ts';

async function startEcho(): Promise<{ url: string; server: WebSocketServer }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => {
    socket.send('welcome');
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

function dial(world: World): WebSocket {
  return new WebSocket(`wss://localhost:${world.port}/chat`, { ca: world.ca });
}

test('frames pass in both directions at once, the first one right behind the handshake too', async () => {
  const echo = await startEcho();
  const world = await startGateway(`sites: { localhost: { to: "${echo.url}" } }`);
  const socket = dial(world);
  const received: string[] = [];
  const done = Promise.withResolvers<void>();
  socket.on('message', (data: Buffer) => {
    received.push(data.toString('latin1'));
    if (received.length === 101) done.resolve();
  });
  await new Promise((resolve) => socket.once('open', resolve));
  for (let i = 0; i < 99; i++) socket.send(`m${i}`);
  socket.send('x'.repeat(200_000));
  await done.promise;
  expect(received[0]).toBe('welcome');
  expect(received.slice(1, 100)).toEqual(Array.from({ length: 99 }, (_, i) => `m${i}`));
  expect(received[100]).toHaveLength(200_000);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.close(1000);
  expect(await closed).toBe(1000);
  const [record] = await world.accessRecords(1);
  expect(record).toMatchObject({ status: 101, path: '/chat' });
  expect(record?.bytesIn).toBeGreaterThan(200_000);
});

test('a client that vanishes frees the backend', async () => {
  const echo = await startEcho();
  const world = await startGateway(`sites: { localhost: { to: "${echo.url}" } }`);
  const gone = new Promise((resolve) => echo.server.once('connection', (socket) => socket.once('close', resolve)));
  const socket = dial(world);
  await new Promise((resolve) => socket.once('message', resolve));
  socket.terminate();
  await gone;
});

test('a backend that refuses the handshake answers like any other', async () => {
  const app = await startBackend((_, response) => void response.writeHead(403).end('no sockets here'));
  const world = await startGateway(`sites: { localhost: { to: "${app.url}" } }`);
  const refusal = await new Promise<number | undefined>((resolve) => {
    const socket = dial(world);
    socket.on('error', () => {});
    socket.once('unexpected-response', (_, response) => resolve(response.statusCode));
  });
  expect(refusal).toBe(403);
});

test('the handshake is judged like any request', async () => {
  const world = await startGateway('sites: { localhost: { to: "http://127.0.0.1:1" } }');
  const upgrade =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
  expect(await exchangeBytes(world, `GET / HTTP/1.1\r\nHost: other.test\r\n${upgrade}`)).toMatch(/^HTTP\/1.1 421 /);
  expect(await exchangeBytes(world, `GET /%00 HTTP/1.1\r\nHost: localhost\r\n${upgrade}`)).toMatch(/^HTTP\/1.1 400 /);
  expect(await exchangeBytes(world, `GET / HTTP/1.1\r\nHost: localhost\r\n${upgrade}`)).toMatch(/^HTTP\/1.1 502 /);
  expect((await world.accessRecords(3)).map(({ status }) => status)).toEqual([421, 400, 502]);
});

test('an upgrade to anything else is an ordinary request', async () => {
  const app = await startBackend();
  const world = await startGateway(`sites: { localhost: { to: "${app.url}" } }`);
  const bytes =
    'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n';
  expect(await exchangeBytes(world, bytes)).toMatch(/^HTTP\/1.1 200 /);
  expect(app.seen[0]?.headers).not.toHaveProperty('upgrade');
  expect(app.seen[0]?.headers).not.toHaveProperty('http2-settings');
});

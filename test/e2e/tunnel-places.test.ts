// The WebSockets of one server when all are taken.
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { closeOf, startEcho } from '../support/websocket.ts';
import { startGateway, type World } from '../support/world.ts';

/** What the handshake came to: the socket, or the status of a refusal. */
async function dialFrom(localAddress: string, { port, ca }: World): Promise<WebSocket | number> {
  const socket = new WebSocket(`wss://127.0.0.1:${port}/`, {
    ca,
    localAddress,
    servername: 'localhost',
    headers: { host: 'localhost' },
    checkServerIdentity: () => undefined,
  } as unknown as WebSocket.ClientOptions);
  onTestFinished(() => socket.terminate());
  socket.on('error', () => {});
  const { promise, resolve } = Promise.withResolvers<number>();
  socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
  return Promise.race([promise, once(socket, 'open').then(() => socket)]);
}

test('one client has them all, until another comes', async () => {
  const echo = await startEcho();
  const world = await startGateway(`
upstreams: { app: { servers: ["${echo.url}"], maxTunnels: 3 } }
sites: { localhost: { to: app } }`);
  const held: (WebSocket | number)[] = [];
  for (let i = 0; i < 4; i++) held.push(await dialFrom('127.0.0.1', world));
  expect(held.map((each) => (typeof each === 'number' ? each : 'open'))).toEqual(['open', 'open', 'open', 503]);
  const lost = closeOf(held[2] as WebSocket);
  expect(await dialFrom('127.0.0.2', world)).toBeInstanceOf(WebSocket);
  // Cut: nobody said goodbye.
  expect(await lost).toBe(1006);
  expect((held[1] as WebSocket).readyState).toBe(WebSocket.OPEN);
  expect(await dialFrom('127.0.0.2', world)).toBe(503);
});

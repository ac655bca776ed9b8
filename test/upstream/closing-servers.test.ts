// Servers that close kept connections without having said so: right behind an answer, or when the next request comes.
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Backend } from '../support/backend.ts';
import { startRawBackend } from '../support/backend.ts';
import { ManualClock } from '../support/clock.ts';
import { ask, bodyOf, groupOf, send } from './group.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** Each head, with no body behind it, is a request; `nth` counts those of a connection. */
function startServer(answer: (socket: Socket, nth: number) => void): Promise<Backend> {
  return startRawBackend((socket) => {
    let nth = 0;
    let held = '';
    socket.on('data', (chunk: Buffer) => {
      held += chunk.toString('latin1');
      for (let end = held.indexOf('\r\n\r\n'); end !== -1; end = held.indexOf('\r\n\r\n')) {
        held = held.slice(end + 4);
        answer(socket, ++nth);
      }
    });
  });
}

/** Its end comes right behind its answer. */
const startClosing = (): Promise<Backend> => startServer((socket) => void socket.end(OK));

/** While it is tired it closes a connection when a second request comes there; it counts those. */
async function startTired(): Promise<{ backend: Backend; closed: number; isTired: boolean }> {
  const server = { closed: 0, isTired: true };
  const backend = await startServer((socket, nth) => {
    if (nth === 1 || !server.isTired) socket.write(OK);
    else {
      server.closed++;
      socket.destroy();
    }
  });
  return Object.assign(server, { backend });
}

const many = (count: number, one: () => Promise<string>): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, one));
const oks = (count: number): string[] => Array.from({ length: count }, () => 'ok');

describe('a server that closes behind each answer', () => {
  test.for(['GET', 'POST'])(
    'costs no %s, however many wait for a connection, and none is sent twice',
    async (method) => {
      const server = await startClosing();
      const upstream = groupOf(`{ servers: ["${server.url}"], maxConnections: 2, retries: false }`);
      expect(await many(40, () => ask(upstream, { method }))).toEqual(oks(40));
      expect(server.connections.count).toBe(40);
    },
  );

  test('costs no request where none may wait either', async () => {
    const server = await startClosing();
    const upstream = groupOf(`{ servers: ["${server.url}"], maxConnections: 1, maxQueue: 0 }`);
    for (let i = 0; i < 20; i++) expect(await ask(upstream, { method: 'POST' })).toBe('ok');
  });
});

describe('a server that closes a kept connection when the next request comes', () => {
  test('costs no request that can be sent twice, and no attempt: the second time it goes out on a new connection', async () => {
    const { backend } = await startTired();
    const upstream = groupOf(`{ servers: ["${backend.url}"], maxConnections: 4, retries: false }`);
    for (let i = 0; i < 3; i++) expect(await many(8, () => ask(upstream))).toEqual(oks(8));
    expect((await send(upstream)).servers.length).toBeLessThanOrEqual(2);
  });

  test('is known after a few, and its connections are not kept for a while', async () => {
    const clock = new ManualClock();
    const server = await startTired();
    const { backend } = server;
    const upstream = groupOf(`{ servers: ["${backend.url}"], retries: false }`, { clock });
    for (let i = 0; i < 20; i++) expect(await ask(upstream)).toBe('ok');
    expect(server.closed).toBeLessThanOrEqual(3);
    const known = server.closed;
    clock.advance(10_000);
    for (let i = 0; i < 5; i++) expect(await ask(upstream, { method: 'POST' })).toBe('ok');
    expect(server.closed).toBe(known);
    // Tried once more, and no better.
    for (let i = 0; i < 10; i++) expect(await ask(upstream)).toBe('ok');
    expect(server.closed).toBe(known + 1);
    server.isTired = false;
    clock.advance(10_000);
    const { count } = backend.connections;
    for (let i = 0; i < 10; i++) expect(await ask(upstream)).toBe('ok');
    expect(backend.connections.count).toBeLessThanOrEqual(count + 1);
  });

  test('gets what cannot be sent twice on new connections only, once one has ended so', async () => {
    const server = await startTired();
    const { backend } = server;
    const upstream = groupOf(`{ servers: ["${backend.url}"], maxConnections: 2 }`);
    for (let i = 0; i < 2; i++) await ask(upstream);
    expect(server.closed).toBe(1);
    for (let i = 0; i < 5; i++) expect(await many(4, () => ask(upstream, { method: 'POST' }))).toEqual(oks(4));
    // Idempotent, but of a body that is sent as it comes nothing is left.
    for (let i = 0; i < 5; i++) expect(await ask(upstream, { method: 'PUT', body: bodyOf('') })).toBe('ok');
    expect(server.closed).toBe(1);
  });
});

test('connections to other servers are used again, one after the other', async () => {
  const server = await startServer((socket) => void socket.write(OK));
  const upstream = groupOf(`{ servers: ["${server.url}"], maxConnections: 2 }`);
  for (const method of ['GET', 'POST']) expect(await many(40, () => ask(upstream, { method }))).toEqual(oks(40));
  for (let i = 0; i < 20; i++) await ask(upstream, { method: 'POST' });
  expect(server.connections.count).toBe(2);
});

test('a connection that rests is waited for: no other is opened in its place', async () => {
  const server = await startServer((socket) => void socket.write(OK));
  const upstream = groupOf(`{ servers: ["${server.url}"] }`);
  for (let i = 0; i < 20; i++) await many(10, () => ask(upstream));
  expect(server.connections.count).toBe(10);
});

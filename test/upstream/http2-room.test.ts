// How many calls an HTTP/2 server takes at once: what it says, what it shows by refusing, and what when it says nothing.
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { Upstream } from '../../src/upstream/upstream.ts';
import type { Backend } from '../support/backend.ts';
import { answer, startFrameBackend } from '../support/frame-backend.ts';
import { frame, RST_STREAM, setting, uint32 } from '../support/frames.ts';
import { ask, groupOf } from './group.ts';

const MAX_CONCURRENT_STREAMS = 3;
const REFUSED_STREAM = uint32(7);

/** Says `said`, and works on one stream of a connection at a time. */
async function startBearingOne(said: number): Promise<{ backend: Backend; refused: () => number }> {
  const busy = new Set<unknown>();
  let refused = 0;
  const backend = await startFrameBackend(
    ({ stream, socket }) => {
      if (busy.has(socket)) {
        refused++;
        socket.write(frame(RST_STREAM, 0, stream, REFUSED_STREAM));
        return;
      }
      busy.add(socket);
      setImmediate(() => {
        busy.delete(socket);
        socket.write(answer(stream, 'ok'));
      });
    },
    { settings: setting(MAX_CONCURRENT_STREAMS, said) },
  );
  return { backend, refused: () => refused };
}

const twelve = (ask: () => Promise<string>): Promise<string[]> => Promise.all(Array.from({ length: 12 }, ask));
const ALL_OK = Array.from({ length: 12 }, () => 'ok');

test('calls wait for the SETTINGS of a server that takes one at a time: none is refused', async () => {
  const { backend, refused } = await startBearingOne(1);
  const upstream = groupOf(`{ protocol: h2, maxConnections: 2, servers: ["${backend.url}"] }`);
  expect(await twelve(() => ask(upstream))).toEqual(ALL_OK);
  expect([refused(), backend.connections.count]).toEqual([0, 2]);
});

test('what a server refuses although it has said more is sent again when there is room', async () => {
  const { backend, refused } = await startBearingOne(100);
  const upstream = groupOf(`{ protocol: h2, maxConnections: 2, servers: ["${backend.url}"] }`);
  expect(await twelve(() => ask(upstream, { method: 'POST' }))).toEqual(ALL_OK);
  expect(refused()).toBeGreaterThan(0);
});

test('a server that refuses everything is asked as often as attempts say', async () => {
  let asked = 0;
  const backend = await startFrameBackend(({ stream, socket }) => {
    asked++;
    socket.write(frame(RST_STREAM, 0, stream, REFUSED_STREAM));
  });
  const upstream = groupOf(`{ protocol: h2, servers: ["${backend.url}"], retries: { attempts: 3 } }`);
  await expect(ask(upstream)).rejects.toMatchObject({ code: 'upstream_busy', status: 503 });
  expect(asked).toBe(4);
});

test.for(['is silent', 'leaves'])(
  'a server that %s before its SETTINGS is one that cannot be reached',
  async (what) => {
    const silent = await startFrameBackend(() => {}, { settings: false });
    const upstream = groupOf(
      `{ protocol: h2, connectTimeout: ${what === 'leaves' ? '60s' : '50ms'}, servers: ["${silent.url}"] }`,
    );
    const answers = Promise.allSettled([ask(upstream), ask(upstream)]);
    await expect.poll(() => silent.connections.count).toBe(1);
    if (what === 'leaves') await silent.close();
    const failed = { status: 'rejected', reason: { code: 'upstream_connect', retry: true } };
    expect(await answers).toMatchObject([failed, failed]);
    expect(upstream.backends[0]?.connections).toBe(0);
  },
);

/** What became of so many calls that come at once: how many had an answer, how many found no room. */
async function burst(upstream: Upstream, calls: number): Promise<[answered: number, refused: number]> {
  const outcomes = await Promise.allSettled(Array.from({ length: calls }, () => ask(upstream)));
  const refused = outcomes.filter(
    (outcome) => outcome.status === 'rejected' && outcome.reason.code === 'upstream_busy',
  );
  return [outcomes.filter(({ status }) => status === 'fulfilled').length, refused.length];
}

test('who waits for a connection that will carry them all needs no place in the queue', async () => {
  const backend = await startFrameBackend(({ stream, socket }) => void socket.write(answer(stream, 'ok')));
  const group = (more: string): Upstream => groupOf(`{ protocol: h2, servers: ["${backend.url}"], ${more} }`);
  expect(await burst(group('maxConnections: 1, maxQueue: 0'), 60)).toEqual([60, 0]);
  expect(await burst(group('maxConnections: 1, maxQueue: 10'), 130)).toEqual([110, 20]);
  expect(await burst(group('maxConnections: 1, maxQueue: 10, maxRequests: 30'), 60)).toEqual([40, 20]);
  expect(await burst(group('maxConnections: 2, maxQueue: 0'), 250)).toEqual([200, 50]);
});

test('how many those are the server says', async () => {
  const sockets = new Set<Socket>();
  const backend = await startFrameBackend(
    ({ stream, socket }) => {
      sockets.add(socket);
      setImmediate(() => socket.write(answer(stream, 'ok')));
    },
    { settings: setting(MAX_CONCURRENT_STREAMS, 3) },
  );
  const upstream = groupOf(`{ protocol: h2, maxConnections: 1, maxQueue: 2, servers: ["${backend.url}"] }`);
  await ask(upstream);
  for (const socket of sockets) socket.destroy();
  await expect.poll(() => upstream.backends[0]?.connections).toBe(0);
  expect(await burst(upstream, 10)).toEqual([5, 5]);
});

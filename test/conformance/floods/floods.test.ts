// Floods end their connection or are absorbed: memory stays bounded, hardly anything reaches the backend, and a
// well-behaved client beside them is served all the while.

import { setTimeout as pause } from 'node:timers/promises';
import type tls from 'node:tls';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startBackend, startStreamingBackend } from '../../support/backend.ts';
import { request } from '../../support/client.ts';
import {
  asking,
  END_HEADERS,
  END_STREAM,
  FrameClient,
  fieldBlock,
  frame,
  HEADERS,
  RST_STREAM,
  uint32,
} from '../../support/frames.ts';
import { startGateway, type World } from '../../support/world.ts';
import { FLOODS, type Flood } from './floods.ts';

/** The attacker's address; well-behaved clients come from 127.0.0.1. */
const ELSEWHERE = { localAddress: '127.0.0.66' } as tls.ConnectionOptions;
const AT_ONCE = 200;
/** A handful: what was asked before the flood was known for one, and was worth an answer. */
const MAX_FORWARDED = 20;
const MAX_GROWTH_BYTES = 96 * 1024 * 1024;

async function pour(world: World, { first = [], message, messages }: Flood): Promise<FrameClient> {
  const client = await FrameClient.open(world, undefined, ELSEWHERE);
  onTestFinished(() => client.close());
  if (first.length > 0) await client.sendSlowly(...first);
  for (let n = 0; n < messages && !client.isClosed; n += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, messages - n) }, (_, i) => message(n + i)).flat();
    await client.sendSlowly(...some);
  }
  return client;
}

test.for(FLOODS)('$name', async (flood) => {
  const backend = await startBackend();
  const world = await startGateway(`sites: { localhost: { to: "${backend.url}" } }`);
  // The first request costs more than all that follow.
  await request('h2', world);
  const before = process.memoryUsage().rss;
  const poured = pour(world, flood);
  for (let i = 0; i < 3; i++) expect((await request(i % 2 === 0 ? 'h2' : 'http/1.1', world)).status).toBe(200);
  const client = await poured;
  if (flood.ends === 'closed') await client.until(() => client.goAway !== undefined);
  expect((await request('h2', world)).status).toBe(200);
  expect(backend.seen.length - 5).toBeLessThanOrEqual(MAX_FORWARDED);
  expect(process.memoryUsage().rss - before).toBeLessThan(MAX_GROWTH_BYTES);
  expect(world.gateway.state).toBe('ready');
});

test('rapid reset over many connections costs the address all of them, and nobody else anything', async () => {
  const backend = await startBackend();
  const world = await startGateway(
    `requestLimits: { resetsPerIp: 500 }\nsites: { localhost: { to: "${backend.url}" } }`,
  );
  const neighbour = await FrameClient.open(world, undefined, ELSEWHERE);
  onTestFinished(() => neighbour.close());
  const ids = Array.from({ length: 40 }, (_, i) => 2 * i + 1);
  neighbour.send(...ids.map((id) => frame(HEADERS, END_HEADERS | END_STREAM, id, fieldBlock(asking()))));
  for (const id of ids) await neighbour.ended(id);
  const clients: FrameClient[] = [];
  const block = fieldBlock(asking());
  for (let i = 0; i < 10; i++) {
    const client = await FrameClient.open(world, undefined, ELSEWHERE).catch(() => undefined);
    if (client === undefined) break;
    onTestFinished(() => client.close());
    clients.push(client);
    for (let n = 0; n < 100; n++) {
      client.send(
        frame(HEADERS, END_HEADERS | END_STREAM, 2 * n + 1, block),
        frame(RST_STREAM, 0, 2 * n + 1, uint32(8)),
      );
    }
    await client.ping();
  }
  await Promise.all(clients.map((client) => client.until(() => false)));
  await expect(FrameClient.open(world, undefined, ELSEWHERE)).rejects.toThrow();
  expect((await request('h2', world)).status).toBe(200);
  // Nor him who has come from there and taken what he asked for.
  neighbour.send(frame(HEADERS, END_HEADERS | END_STREAM, 101, block));
  await neighbour.ended(101);
  expect(neighbour.status(101)).toBe(200);
  expect(backend.seen.length - 42).toBeLessThanOrEqual(MAX_FORWARDED);
  const closures = Object.fromEntries(world.gateway.records.closures.entries());
  expect(closures['resets-per-ip']).toBeGreaterThan(0);
});

test('requests that are broken off some milliseconds later hardly reach a backend, over however many connections', async () => {
  const { url, arrived } = await startSlowBackend();
  const world = await startGateway(`sites: { localhost: { to: "${url}" } }`);
  const block = fieldBlock(asking());
  const cancelled = uint32(8);
  const clients = await Promise.all(Array.from({ length: 20 }, () => FrameClient.open(world, undefined, ELSEWHERE)));
  onTestFinished(() => {
    for (const client of clients) client.close();
  });
  let asked = 0;
  for (let wave = 0; wave < 12; wave++) {
    const ids = Array.from({ length: 10 }, (_, i) => 2 * (10 * wave + i) + 1);
    for (const client of clients) {
      asked += ids.length;
      client.send(...ids.map((id) => frame(HEADERS, END_HEADERS | END_STREAM, id, block)));
    }
    await pause(5);
    for (const client of clients) client.send(...ids.map((id) => frame(RST_STREAM, 0, id, cancelled)));
    await Promise.all(clients.map((client) => client.ping(wave + 1)));
  }
  expect(asked).toBe(2400);
  expect(arrived()).toBeLessThanOrEqual(MAX_FORWARDED + 12);
  // Nobody else waits for that.
  expect((await request('h2', world, { path: '/fast' })).status).toBe(200);
});

test('a client that has broken dozens of requests off is answered, and so is one that begins with many', async () => {
  const { url, arrived } = await startSlowBackend();
  const world = await startGateway(`sites: { localhost: { to: "${url}" } }`);
  const client = await FrameClient.open(world, undefined, ELSEWHERE);
  onTestFinished(() => client.close());
  let next = 1;
  const ask = (path: string, count: number): number[] => {
    const ids = Array.from({ length: count }, (_, i) => next + 2 * i);
    next += 2 * count;
    client.send(...ids.map((id) => frame(HEADERS, END_HEADERS | END_STREAM, id, fieldBlock(asking('GET', path)))));
    return ids;
  };
  for (let page = 0; page < 3; page++) {
    const [html = 0] = ask('/fast', 1);
    await client.ended(html);
    const parts = ask('/fast', 60);
    for (const id of parts) await client.ended(id);
    expect([html, ...parts].map((id) => client.status(id))).toEqual(Array(61).fill(200));
    // Then the next page is asked for, while most of this one is still to come.
    const slow = ask('/slow', 60);
    await vi.waitFor(() => expect(arrived()).toBe(60 * (page + 1)));
    client.send(...slow.map((id) => frame(RST_STREAM, 0, id, uint32(8))));
  }
  const others = await Promise.all(
    Array.from({ length: 60 }, () => request('http/1.1', world, { path: '/fast', tls: ELSEWHERE })),
  );
  expect(others.map(({ status }) => status)).toEqual(Array(60).fill(200));
});

/** Answers `/fast` only; `arrived`: how many other requests have come. */
async function startSlowBackend(): Promise<{ url: string; arrived: () => number }> {
  let arrived = 0;
  const { url } = await startStreamingBackend((incoming, response) => {
    if (incoming.url === '/fast') response.end('hello');
    else arrived++;
  });
  return { url, arrived: () => arrived };
}

test('frames that are neither request nor body end their connection when they never stop', async () => {
  const backend = await startBackend();
  const world = await startGateway(`timeouts: { idle: 400ms }\nsites: { localhost: { to: "${backend.url}" } }`);
  const client = await FrameClient.open(world, undefined, ELSEWHERE);
  // A request that is under way keeps the session from being idle.
  const windows = Buffer.concat(Array.from({ length: 500 }, () => frame(0x8, 0, 0, uint32(1))));
  const pings = Buffer.concat(Array.from({ length: 200 }, () => frame(0x6, 0, 0, Buffer.alloc(8))));
  client.send(frame(HEADERS, END_HEADERS, 1, fieldBlock(asking('POST'))));
  while (!client.isClosed) await client.sendSlowly(windows, pings);
  expect(Object.fromEntries(world.gateway.records.closures.entries())).toMatchObject({ frames: 1 });
});

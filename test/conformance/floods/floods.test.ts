// Floods end their connection or are absorbed: memory stays bounded, hardly anything reaches the backend, and a
// well-behaved client beside them is served all the while.
import type tls from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { startBackend } from '../../support/backend.ts';
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
  expect(backend.seen.length - 1).toBeLessThanOrEqual(MAX_FORWARDED);
  const closures = Object.fromEntries(world.gateway.records.closures.entries());
  expect(closures['resets-per-ip']).toBeGreaterThan(0);
});

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

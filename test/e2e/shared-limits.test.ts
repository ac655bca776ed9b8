// Two gateways and one redis-server: what both grant together is the limit, whatever happens to the server.
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { request } from '../support/client.ts';
import { hasComponent } from '../support/components.ts';
import { runLoad } from '../support/load.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import type { World } from '../support/world.ts';
import { startGateway } from '../support/world.ts';

/** A busy test machine is no slow store. */
const patient = (url: string): string => `shared: { url: "${url}", timeout: 5s }`;

async function startPair(shared: string, limits: string): Promise<[World, World]> {
  const { url } = await startBackend();
  const yaml = `trustedProxies: [127.0.0.1]
${shared}
sites: { localhost: { to: "${url}", limits: ${limits} } }
`;
  return [await startGateway(yaml), await startGateway(yaml)];
}

function stateOf(world: World): string | undefined {
  return world.gateway.shared?.status.state;
}

function untilState(world: World, state: string): Promise<void> {
  return vi.waitFor(() => expect(stateOf(world)).toBe(state), { timeout: 15_000, interval: 20 });
}

async function inspect(server: RedisServer): Promise<Redis> {
  const redis = new Redis(server.port, '127.0.0.1');
  onTestFinished(() => redis.disconnect());
  return redis;
}

describe.skipIf(!hasComponent('redis-server'))('two gateways that share a store', () => {
  test('together grant the limit, to the request', async () => {
    const server = await startRedis();
    const [a, b] = await startPair(patient(server.url), '[{ name: few, rate: 50/h, tell: always }]');
    const loads = await Promise.all(
      [a, b].flatMap((world) => [
        runLoad('h2', world, { clients: 8, requests: 100 }),
        runLoad('http/1.1', world, { clients: 4, requests: 60 }),
      ]),
    );
    const sum = (status: string): number => loads.reduce((total, load) => total + (load.get(status) ?? 0), 0);
    expect(sum('200')).toBe(50);
    expect(sum('429')).toBe(270);
  });

  test('share every window, and what is given back', async () => {
    const server = await startRedis();
    const [a, b] = await startPair(
      patient(server.url),
      '[{ name: a, rate: [3/h, 5/d] }, { name: b, key: site, rate: 4/h }]',
    );
    const of = async (world: World, client: string): Promise<number> =>
      (await request('http/1.1', world, { headers: { 'x-forwarded-for': client } })).status;
    expect([await of(a, '198.51.100.1'), await of(b, '198.51.100.1'), await of(a, '198.51.100.1')]).toEqual([
      200, 200, 200,
    ]);
    expect([await of(a, '198.51.100.1'), await of(b, '198.51.100.1')]).toEqual([429, 429]);
    // What was refused has cost the site nothing.
    await vi.waitFor(async () => expect(await of(b, '198.51.100.2')).toBe(200));
    expect(await of(a, '198.51.100.3')).toBe(429);
  });

  test('ask once for each request, whatever the number of limits, and keep no secret in a key', async () => {
    const server = await startRedis();
    const [a] = await startPair(patient(server.url), '[{ name: k, key: "header:x-api-key", rate: 100/h }]');
    const redis = await inspect(server);
    const counted = async (): Promise<number> => {
      const calls = /cmdstat_evalsha:calls=(\d+)/.exec(await redis.info('commandstats'));
      return Number(calls?.[1] ?? 0);
    };
    await request('h2', a, { headers: { 'x-api-key': 's3cret' } });
    const before = await counted();
    for (let i = 0; i < 5; i++) await request('h2', a, { headers: { 'x-api-key': 's3cret' } });
    expect((await counted()) - before).toBe(5);
    const keys = (await redis.keys('*')).filter((key) => key !== 'gatehouse:probe');
    expect(keys).toEqual([expect.stringMatching(/^gatehouse:limit:localhost\/k\/100\/3600000:[\w-]{22}$/)]);
    expect(await redis.pttl(keys[0] ?? '')).toBeGreaterThan(3_500_000);
  });

  test('refuse a client that is known to be over without asking', async () => {
    const server = await startRedis();
    const [a] = await startPair(patient(server.url), '[{ rate: 1/h }]');
    await request('h2', a);
    await request('h2', a);
    const { asked } = a.gateway.shared?.status ?? { asked: 0 };
    for (let i = 0; i < 10; i++) expect((await request('h2', a)).status).toBe(429);
    expect(a.gateway.shared?.status.asked).toBe(asked);
  });

  test('approximate: far from the limit nobody asks, near it everybody does', async () => {
    const server = await startRedis();
    const [a, b] = await startPair(patient(server.url), '[{ rate: 100/h, approximate: true }]');
    const loadA = await runLoad('h2', a, { clients: 4, requests: 40 });
    expect(loadA.get('200')).toBe(40);
    expect(a.gateway.shared?.status.asked).toBeLessThan(20);
    // The other hears of it, and both together end near the limit.
    const loads = await Promise.all([a, b].map((world) => runLoad('h2', world, { clients: 4, requests: 150 })));
    const granted = 40 + loads.reduce((total, load) => total + (load.get('200') ?? 0), 0);
    expect(granted).toBeGreaterThanOrEqual(100);
    expect(granted).toBeLessThanOrEqual(150);
  });
});

describe.skipIf(!hasComponent('redis-server'))('a store that fails', () => {
  test('stops no request: each gateway counts alone, and both together again when it is back', async () => {
    const server = await startRedis();
    const [a, b] = await startPair(patient(server.url), '[{ name: few, key: "header:x-key", rate: 20/h }]');
    await untilState(a, 'up');
    await server.kill();
    await Promise.all([untilState(a, 'down'), untilState(b, 'down')]);
    const alone = async (world: World): Promise<number> => {
      let granted = 0;
      for (let i = 0; i < 25; i++) {
        if ((await request('http/1.1', world, { headers: { 'x-key': 'one' } })).status === 200) granted++;
      }
      return granted;
    };
    expect([await alone(a), await alone(b)]).toEqual([20, 20]);
    await server.start();
    await Promise.all([untilState(a, 'up'), untilState(b, 'up')]);
    const statuses: number[] = [];
    for (let i = 0; i < 11; i++) {
      for (const world of [a, b]) statuses.push((await request('h2', world, { headers: { 'x-key': 'two' } })).status);
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(20);
  });

  test('killed and restarted under load: every request has its answer', async () => {
    const server = await startRedis();
    const [a, b] = await startPair(`shared: ${server.url}`, '[{ rate: 100000/h }]');
    await untilState(a, 'up');
    const turns: Promise<void>[] = [];
    let answers = 0;
    const onAnswer = (): void => {
      answers++;
      if (answers === 300 || answers === 1500) turns.push(server.kill());
      if (answers === 900) turns.push(Promise.all(turns).then(() => server.start()));
    };
    const loads = await Promise.all(
      [a, b].map((world) => runLoad('h2', world, { clients: 8, requests: 1000, onAnswer })),
    );
    await Promise.all(turns);
    expect(loads.map((load) => [...load])).toEqual([[['200', 1000]], [['200', 1000]]]);
  });

  test('frozen: it is given up after some answers that do not come, and asked again when it moves', async () => {
    const server = await startRedis();
    const [a] = await startPair(`shared: { url: "${server.url}", timeout: 300ms }`, '[{ rate: 1000/h }]');
    await untilState(a, 'up');
    server.freeze();
    for (let i = 0; i < 6; i++) expect((await request('h2', a)).status).toBe(200);
    await vi.waitFor(() => expect(stateOf(a)).not.toBe('up'));
    const { failed } = a.gateway.shared?.status ?? { failed: 0 };
    expect(failed).toBeLessThan(10);
    server.thaw();
    await untilState(a, 'up');
    expect((await request('h2', a)).status).toBe(200);
  });

  test('not there at the start: the gateway serves, and counts together once it is', async () => {
    const server = await startRedis();
    await server.kill();
    const [a] = await startPair(`shared: ${server.url}`, '[{ rate: 2/h }]');
    expect(stateOf(a)).toBe('down');
    expect((await request('h2', a)).status).toBe(200);
    await server.start();
    await untilState(a, 'up');
    expect((await request('h2', a)).status).toBe(200);
  });
});

// Counters on a real redis-server: they grant what those in memory grant, and what they cannot ask is counted here.
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Allowance, Counter } from '../../src/limits/counter.ts';
import { MemoryCounters } from '../../src/limits/memory.ts';
import { SharedCounters } from '../../src/limits/redis.ts';
import { Shared } from '../../src/shared/shared.ts';
import { configOf, someSite } from '../config/reading.ts';
import { hasComponent } from '../support/components.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';

async function world(server: RedisServer): Promise<{ shared: Shared; counters: SharedCounters; redis: Redis }> {
  const { shared: config } = configOf(`shared: { url: "${server.url}", timeout: 2s }\n${someSite}`);
  if (config === undefined) throw new Error('nothing is shared');
  const shared = new Shared(config, () => {});
  const redis = new Redis(server.port, '127.0.0.1');
  onTestFinished(() => {
    shared.close();
    redis.disconnect();
  });
  await shared.open();
  return { shared, counters: new SharedCounters(shared, new MemoryCounters(1000)), redis };
}

let ids = 0;
function allowance(changes: Partial<Allowance> = {}): Allowance {
  return { id: `test${ids++}`, points: 5, windowMs: 60_000, isApproximate: false, ...changes };
}

const COUNT = { points: 0, leftMs: 0 };

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

describe.skipIf(!hasComponent('redis-server'))('counters that are shared', () => {
  test('count as those in memory do, whatever is added and given back', async () => {
    const { counters, shared } = await world(await startRedis());
    const step = fc.record({ points: fc.integer({ min: 1, max: 4 }), isReturn: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const one = allowance();
        const [there, here]: Counter[] = [counters.counter(one), new MemoryCounters(100).counter(one)];
        for (const { points, isReturn } of steps) {
          if (isReturn) {
            there?.giveBack('key', points, COUNT);
            here?.giveBack('key', points, COUNT);
            await shared.ask((client) => client.ping());
            await settle();
          } else {
            expect((await there?.add('key', points))?.points).toBe((await here?.add('key', points))?.points);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('have windows of milliseconds, and leave no key behind', async () => {
    const { counters, redis } = await world(await startRedis());
    const counter = counters.counter(allowance({ points: 2, windowMs: 150 }));
    expect((await counter.add('a', 1)).points).toBe(1);
    const { points, leftMs } = await counter.add('a', 1);
    expect(points).toBe(2);
    expect(leftMs).toBeLessThanOrEqual(150);
    await vi.waitFor(async () => expect(await redis.keys('*:limit:*')).toEqual([]), { timeout: 3000 });
    expect((await counter.add('a', 1)).points).toBe(1);
  });

  test('a key that lost its end gets one', async () => {
    const { counters, redis } = await world(await startRedis());
    const one = allowance();
    await redis.set(`gatehouse:limit:${one.id}:a`, '99');
    expect((await counters.counter(one).add('a', 1)).points).toBe(1);
    expect(await redis.pttl(`gatehouse:limit:${one.id}:a`)).toBeGreaterThan(50_000);
  });

  test('a thousand at once are granted exactly the limit', async () => {
    const { counters } = await world(await startRedis());
    const counter = counters.counter(allowance({ points: 100 }));
    const counts = await Promise.all(Array.from({ length: 1000 }, () => counter.add('a', 1)));
    expect(counts.filter(({ points }) => points <= 100)).toHaveLength(100);
  });

  test('after a restart that lost all scripts they go on', async () => {
    const server = await startRedis();
    const { counters, shared } = await world(server);
    const counter = counters.counter(allowance());
    await counter.add('a', 1);
    await server.kill();
    await vi.waitFor(() => expect(shared.isUp).toBe(false));
    await server.start();
    await vi.waitFor(() => expect(shared.isUp).toBe(true), { timeout: 10_000 });
    expect((await counter.add('a', 1)).points).toBe(1);
    expect((await counter.add('a', 1)).points).toBe(2);
  });

  test('what is not answered is counted here, and here it is a limit too', async () => {
    const server = await startRedis();
    const { counters, shared } = await world(server);
    const counter = counters.counter(allowance());
    await server.kill();
    await vi.waitFor(() => expect(shared.isUp).toBe(false));
    const counts = await Promise.all(Array.from({ length: 8 }, () => counter.add('a', 1)));
    expect(counts.map(({ points }) => points <= 5)).toEqual([true, true, true, true, true, false, false, false]);
  });
});

describe('an approximate counter', () => {
  test('far from its limit asks nobody, near it everybody, and tells what it has counted', async () => {
    const server = await startRedis();
    const { counters, shared, redis } = await world(server);
    const one = allowance({ points: 100, isApproximate: true });
    const counter = counters.counter(one);
    const { asked } = shared.status;
    for (let i = 1; i <= 50; i++) expect((await counter.add('a', 1)).points).toBe(i);
    await vi.waitFor(async () => expect(await redis.get(`gatehouse:limit:${one.id}:a`)).toBe('50'));
    expect(shared.status.asked - asked).toBeLessThan(10);
    for (let i = 51; i <= 100; i++) expect((await counter.add('a', 1)).points).toBe(i);
    expect((await counter.add('a', 1)).points).toBe(101);
    expect(await redis.get(`gatehouse:limit:${one.id}:a`)).toBe('100');
  });

  test('hears of the others before it is near its limit', async () => {
    const server = await startRedis();
    const [a, b] = [await world(server), await world(server)];
    const one = allowance({ points: 10, isApproximate: true });
    for (let i = 0; i < 8; i++) await a.counters.counter(one).add('k', 1);
    await b.counters.counter(one).add('k', 1);
    await vi.waitFor(async () => expect(await b.redis.get(`gatehouse:limit:${one.id}:k`)).toBe('9'));
    await vi.waitFor(async () => expect((await b.counters.counter(one).add('k', 1)).points).toBeGreaterThanOrEqual(10));
    expect((await b.counters.counter(one).add('k', 1)).points).toBe(11);
  });
});

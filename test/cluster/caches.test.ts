// Each worker stores for itself; what one of them throws away, all do.
import { expect, test, vi } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { get, pidsOf, startWorkers } from '../support/workers.ts';

test('a disk is for all workers: what one has stored another finds, and it counts once', async () => {
  const backend = await startBackend((_, response) => response.setHeader('cache-control', 'max-age=600').end('hello'));
  const world = await startWorkers({ to: backend.url, site: ', cache: { store: disk }' });
  const [one = 0, two = 0] = await pidsOf(world);
  const caches = async (): Promise<unknown> => JSON.parse((await world.ask('GET', '/cache')).text);
  await world.onlyBy(one, () => get(world, '/a'));
  // It is on the disk a little after its client has it: that worker may not be stopped before.
  await vi.waitFor(async () => expect(await caches()).toMatchObject([{ entries: 1 }]));
  await world.onlyBy(two, () => get(world, '/a'));
  expect(backend.seen.length).toBe(1);
  expect(await caches()).toMatchObject([{ store: 'disk', entries: 1, hit: 1, miss: 1 }]);
  const { text } = await world.ask('POST', '/cache/purge', { url: 'https://localhost/a' });
  expect(JSON.parse(text)).toEqual({ removed: 1 });
});

test('what is purged or changed at one worker is gone from the other too', async () => {
  const backend = await startBackend((_, response) => response.setHeader('cache-control', 'max-age=600').end('hello'));
  const world = await startWorkers({ to: backend.url, site: ', cache: true' });
  const [one = 0, two = 0] = await pidsOf(world);
  const fill = async (): Promise<void> => {
    for (const pid of [one, two]) await world.onlyBy(pid, () => get(world, '/a'));
  };
  const entries = async (): Promise<number> => {
    const [cache] = JSON.parse((await world.ask('GET', '/cache')).text) as { entries: number }[];
    return cache?.entries ?? 0;
  };
  await fill();
  await fill();
  expect([backend.seen.length, await entries()]).toEqual([2, 2]);
  const { text } = await world.ask('POST', '/cache/purge', { url: 'https://localhost/a' });
  expect([JSON.parse(text), await entries()]).toEqual([{ removed: 2 }, 0]);
  await fill();
  expect(await entries()).toBe(2);
  await world.onlyBy(one, () => get(world, '/a', { method: 'DELETE' } as object));
  await vi.waitFor(async () => expect(await entries()).toBe(0));
  expect((await world.ask('GET', '/metrics')).text).toContain(
    'gatehouse_cache_requests_total{site="localhost",result="hit"} 2\n',
  );
});

// Throwing away on an operator's word, here and by the word of other processes.
import { expect, test } from 'vitest';
import type { PurgeWish } from '../../src/admin/control.ts';
import type { PurgeOrder } from '../../src/cache/purge.ts';
import { GatewayCaches } from '../../src/cli/cache-control.ts';
import { type Scene, startScene } from './scene.ts';

const NONE: PurgeWish = { url: undefined, isPrefix: false, tag: undefined, all: false, site: undefined };

/** Each path is stored, in two variants; `/t…` has tags. */
async function filled(
  site?: string,
): Promise<Scene & { purge: (wish: Partial<PurgeWish>) => Promise<number>; stored: () => Promise<string[]> }> {
  const paths = ['/a', '/a?x=1', '/a/b', '/t1', '/t2'];
  const scene = await startScene(
    ({ url }, response) => {
      response.setHeader('cache-control', 'max-age=600');
      response.setHeader('vary', 'x-v');
      if (url === '/t1') response.setHeader('surrogate-key', 'one both');
      if (url === '/t2') response.setHeader('cache-tag', 'two, both');
      response.end(url);
    },
    site === undefined ? {} : { site },
  );
  for (const path of paths) for (const variant of ['1', '2']) await scene.get(path, { 'x-v': variant });
  const stored = async (): Promise<string[]> => {
    const found: string[] = [];
    for (const path of paths) {
      const { status } = await scene.get(path, { 'x-v': '1', 'cache-control': 'only-if-cached' });
      if (status === 200) found.push(path);
    }
    return found;
  };
  const control = new GatewayCaches(scene.world.gateway);
  return { ...scene, stored, purge: async (wish) => (await control.purge({ ...NONE, ...wish })).removed };
}

test.for([
  ['a URL', { url: 'https://localhost/a' }, 2, ['/a?x=1', '/a/b', '/t1', '/t2']],
  ['a URL with a query and a port', { url: 'https://localhost:8443/a?x=1' }, 2, ['/a', '/a/b', '/t1', '/t2']],
  ['a URL in another spelling', { url: 'https://LOCALHOST/x/../%61' }, 2, ['/a?x=1', '/a/b', '/t1', '/t2']],
  ['a prefix', { url: 'https://localhost/a', isPrefix: true }, 6, ['/t1', '/t2']],
  ['a tag', { tag: 'both' }, 4, ['/a', '/a?x=1', '/a/b']],
  ['a tag of a site', { tag: 'one', site: 'localhost' }, 2, ['/a', '/a?x=1', '/a/b', '/t2']],
  ['a tag that nothing has', { tag: 'three' }, 0, ['/a', '/a?x=1', '/a/b', '/t1', '/t2']],
  ['all', { all: true }, 10, []],
] as const)('by %s', async ([, wish, removed, left]) => {
  const { purge, stored } = await filled();
  expect(await purge(wish)).toBe(removed);
  expect(await stored()).toEqual(left);
});

test('what cannot be meant is refused', async () => {
  const { purge } = await filled('cache: true, routes: []');
  for (const [wish, why] of [
    [{}, /one of a URL, a tag, and all/],
    [{ url: 'https://localhost/', all: true }, /one of/],
    [{ url: '/a' }, /is not a URL/],
    [{ url: 'https://other.test/a' }, /no site for other\.test/],
    [{ url: 'https://localhost/%00' }, /would be taken/],
    [{ all: true, site: 'other' }, /no site "other"/],
  ] as const)
    await expect(purge(wish)).rejects.toThrow(why);
});

test('others are told what was thrown away here, by whomever, and not what they told us', async () => {
  const { world, get, purge, stored } = await filled();
  const { caches } = world.gateway.runtime;
  const told: PurgeOrder[] = [];
  caches.onPurge = (order) => told.push(order);
  await get('/a', {}, { method: 'POST', body: 'x' });
  await purge({ tag: 'one' });
  expect(told).toEqual([
    { kind: 'key', site: 'localhost', key: 'localhost/a' },
    { kind: 'tag', site: 'localhost', tag: 'one' },
  ]);
  expect(caches.apply(JSON.parse(JSON.stringify({ kind: 'prefix', site: 'localhost', prefix: 'localhost/a' })))).toBe(
    4,
  );
  expect(caches.apply({ kind: 'all', site: 'unknown' })).toBe(0);
  expect(await stored()).toEqual(['/t2']);
  expect(told.length).toBe(2);
});

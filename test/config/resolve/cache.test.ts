import { expect, test } from 'vitest';
import { configOf } from '../reading.ts';

function cachesOf(site: string): unknown {
  const [read] = configOf(`sites: { a.test: { to: "http://a", ${site} } }`).sites;
  return [read?.cache?.maxEntries, ...(read?.routes ?? []).map(({ cache }) => cache?.ttlSeconds)];
}

test.for([
  ['', [undefined, undefined]],
  ['cache: false', [undefined, undefined]],
  ['cache: {}', [undefined, undefined]],
  ['cache: true', [10_000, 0]],
  ['cache: { store: memory }', [10_000, 0]],
  ['cache: { ttl: 90s, maxEntries: 5 }', [5, 90]],
  ['cache: { ttl: 90s }, routes: [{ cache: false }]', [10_000, undefined, 90]],
  ['cache: { ttl: 90s }, routes: [{ cache: { cookies: ignore } }]', [10_000, 90, 90]],
  ['cache: { ttl: 90s }, routes: [{ cache: { ttl: 5s } }, {}]', [10_000, 5, 90, 90]],
  ['routes: [{ cache: true }]', [10_000, 0, undefined]],
] as const)('%s', ([site, caches]) => {
  expect(cachesOf(site)).toEqual(caches);
});

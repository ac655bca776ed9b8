// The cache and the compression of a route: what the route says itself, the site's word for the rest.

import type { CachePolicy, CacheStoreConfig, CompressConfig } from '../model/sites.ts';
import type { Part } from '../part.ts';

/** undefined: nothing is stored here. `route`: absent for the site's own requests. */
export function resolveCache(site: Part, route: Part | undefined): CachePolicy | undefined {
  const own = route?.isGiven === true ? route : undefined;
  if (!isOn(own ?? site)) return undefined;
  const at = (key: string): Part => {
    const part = own?.at(key);
    return part?.isGiven === true ? part : site.at(key);
  };
  const seconds = (key: string): number => {
    const part = at(key);
    return part.isOff ? 0 : Math.floor(part.durationMs() / 1000);
  };
  return {
    maxEntryBytes: site.at('maxEntrySize').bytes(),
    ttlSeconds: seconds('ttl'),
    staleIfErrorSeconds: seconds('staleIfError'),
    staleIfDisconnectedSeconds: seconds('staleIfDisconnected'),
    cookies: at('cookies').word(['private', 'ignore']),
    waitMs: at('wait').durationMs(),
  };
}

/** What is said of the store, whoever uses it. */
export function resolveCacheStore(site: Part, baseDir: string): CacheStoreConfig {
  const isOnDisk = site.at('store').word(['memory', 'disk']) === 'disk';
  return {
    maxBytes: site.at('maxSize').bytes(),
    maxEntries: site.at('maxEntries').number(),
    maxVariants: site.at('maxVariants').number(),
    disk: isOnDisk
      ? { folder: site.at('dir').path(baseDir) ?? baseDir, memoryBytes: site.at('memory').bytes() }
      : undefined,
  };
}

/** undefined: nothing is compressed. A route with a word on it says all of it. */
export function resolveCompress(site: Part, route: Part | undefined): CompressConfig | undefined {
  const part = route?.isGiven === true ? route : site;
  if (!isOn(part)) return undefined;
  const words = part
    .at('encodings')
    .items()
    .map((item) => item.word(['zstd', 'br', 'gzip'] as const));
  return {
    encodings: [...new Set(words)],
    types: part
      .at('types')
      .items()
      .map((type) => (type.text() ?? '').toLowerCase()),
    minBytes: part.at('minSize').bytes(),
    maxBytes: part.at('maxSize').bytes(),
    maxActive: part.at('concurrent').number(),
  };
}

function isOn(part: Part): boolean {
  return part.isMap ? !part.isOff : part.flag();
}

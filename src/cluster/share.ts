// What of a configuration's bounds falls to one of several workers, so that all together keep to what was written: what a
// backend has to bear, and the memory of caches. Bounds of clients are not parted: by chance one worker may have most of them.

import type { Config } from '../config/config.ts';
import type { CacheStoreConfig } from '../config/model/sites.ts';
import type { UpstreamConfig } from '../config/model/upstreams.ts';

/** Rounded up, and never none of something: with fewer connections than workers each has one. */
export function shareOf(config: Config, workers: number): Config {
  const part = (bound: number): number => Math.ceil(bound / workers);
  return {
    ...config,
    upstreams: new Map(Array.from(config.upstreams, ([name, upstream]) => [name, shareOfUpstream(upstream, part)])),
    sites: config.sites.map((site) =>
      site.cache === undefined ? site : { ...site, cache: shareOfCache(site.cache, part) },
    ),
  };
}

type Part = (bound: number) => number;

function shareOfUpstream(upstream: UpstreamConfig, part: Part): UpstreamConfig {
  const { maxConnections, maxRequests, maxTunnels, maxQueue } = upstream;
  return {
    ...upstream,
    maxConnections: part(maxConnections),
    maxRequests: part(maxRequests),
    maxTunnels: part(maxTunnels),
    maxQueue: part(maxQueue),
  };
}

/** A file is common to all. */
function shareOfCache({ disk, ...bounds }: CacheStoreConfig, part: Part): CacheStoreConfig {
  if (disk !== undefined) return { ...bounds, disk: { ...disk, memoryBytes: part(disk.memoryBytes) } };
  return { ...bounds, maxBytes: part(bounds.maxBytes), maxEntries: part(bounds.maxEntries), disk };
}

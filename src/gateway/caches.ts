// The caches of all sites: what they hold outlives configurations that do not change their store.
import { createHash } from 'node:crypto';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { GatehouseError } from '../base/errors.ts';
import { ensureFolder } from '../base/folder.ts';
import type { DiskStore } from '../cache/disk-store.ts';
import type { DiskThread } from '../cache/disk-thread.ts';
import type { Judge } from '../cache/judge.ts';
import { type Maybe, MemoryStore } from '../cache/memory-store.ts';
import type { PurgeOrder } from '../cache/purge.ts';
import { RouteCache } from '../cache/route-cache.ts';
import { SiteCache } from '../cache/site-cache.ts';
import type { Config } from '../config/config.ts';
import type { CacheStoreConfig, RouteConfig, SiteConfig } from '../config/model/sites.ts';
import type { Records } from '../observe/records.ts';
import { forward, type Target } from '../upstream/forward.ts';

interface Held {
  readonly config: CacheStoreConfig;
  readonly cache: SiteCache;
}

export class Caches {
  /** What was thrown away here, by a request or an operator: for other processes that serve the same sites. */
  onPurge: (order: PurgeOrder) => void = () => {};
  readonly #sites = new Map<string, Held>();
  readonly #records: Records;
  #judge: Judge | undefined;
  #disk: { readonly Store: typeof DiskStore; readonly thread: DiskThread } | undefined;

  constructor(records: Records) {
    this.#records = records;
  }

  /** What is needed is loaded when a site first has a cache. Fails with a GatehouseError when a folder cannot be made. */
  async prepare({ sites }: Config): Promise<void> {
    const stores = sites.flatMap(({ cache }) => cache ?? []);
    if (stores.length > 0 && this.#judge === undefined) {
      const { Judge: Loaded } = await import('../cache/judge.ts');
      this.#judge = new Loaded();
    }
    for (const { disk } of stores) {
      if (disk === undefined) continue;
      makeFolder(disk.folder);
      if (this.#disk !== undefined) continue;
      const { DiskStore: Store } = await import('../cache/disk-store.ts');
      const { DiskThread: Thread } = await import('../cache/disk-thread.ts');
      const thread = new Thread();
      await thread.start();
      this.#disk = { Store, thread };
    }
  }

  /** A site whose store is as it was keeps what it holds. */
  use({ sites }: Config): void {
    const judge = this.#judge;
    const named = new Set<string>();
    for (const { name, cache: config } of sites) {
      if (config === undefined || judge === undefined) continue;
      named.add(name);
      if (isDeepStrictEqual(this.#sites.get(name)?.config, config)) continue;
      void this.#sites.get(name)?.cache.store.close();
      const cache = new SiteCache(name, this.#openStore(name, config), judge);
      cache.onPurge = (order) => this.onPurge(order);
      this.#sites.set(name, { config, cache });
    }
    for (const [name, { cache }] of this.#sites) {
      if (named.has(name)) continue;
      void cache.store.close();
      this.#sites.delete(name);
    }
  }

  /** Resolves when all that was on its way to a disk is there, or the disk has been given up. */
  async close(): Promise<void> {
    for (const { store } of this.sites) void store.close();
    await this.#disk?.thread.stop();
  }

  /** A file that is of no use is told, and costs what it would have kept. */
  #openStore(name: string, { disk, ...bounds }: CacheStoreConfig): MemoryStore {
    if (disk === undefined || this.#disk === undefined) return new MemoryStore(bounds);
    const { Store, thread } = this.#disk;
    const file = path.join(disk.folder, `${encodeURIComponent(name).replaceAll('*', '%2A')}.sqlite`);
    const onFail = (error: unknown): void => {
      this.#records.error(
        'process',
        `the cache file ${file} is of no use; what is stored there is fetched anew`,
        error,
      );
    };
    return new Store({ file, bounds, memoryBytes: disk.memoryBytes, thread, onFail });
  }

  get sites(): SiteCache[] {
    return [...this.#sites.values()].map(({ cache }) => cache);
  }

  /** undefined: the site has none. */
  find(site: string): SiteCache | undefined {
    return this.#sites.get(site)?.cache;
  }

  /** On an operator's word. How many answers are gone here. */
  async purge(order: PurgeOrder): Promise<number> {
    return this.find(order.site)?.purge(order) ?? 0;
  }

  /** How many answers are gone. Of an order from elsewhere nobody is told again. */
  apply(order: PurgeOrder): Maybe<number> {
    return this.find(order.site)?.apply(order) ?? 0;
  }
}

function makeFolder(folder: string): void {
  try {
    ensureFolder(folder, 0o700);
  } catch (error) {
    const message = `the folder ${folder} cannot be made (${(error as NodeJS.ErrnoException).code}); change \`cache.dir\``;
    throw new GatehouseError('config_invalid', 'gateway', message, { cause: error });
  }
}

/** undefined: no route of the site stores anything. */
export function routeCache(
  route: RouteConfig,
  site: SiteConfig,
  config: Config,
  target: Target,
  caches: Caches,
): RouteCache | undefined {
  const cache = caches.find(site.name);
  if (cache === undefined) return undefined;
  return new RouteCache({
    site: cache,
    policy: route.cache,
    id: idOf(route, site, config),
    ownCookie: target.upstream.sticky?.cookie,
    keepsSpelling: target.keepsSpelling,
    fetch: (x, stream) => forward(x, stream, target),
  });
}

/** Routes that differ in where they lead or in what they change do not share answers, whatever URL they are for. */
function idOf({ match, upstream, stripPrefix, headers, cache }: RouteConfig, site: SiteConfig, config: Config): string {
  const servers = config.upstreams.get(upstream)?.servers.map(({ url }) => url);
  const parts = [match, upstream, servers, stripPrefix, headers, cache, site.headers, site.path];
  const text = JSON.stringify(parts, (_, value: unknown) => (value instanceof Map ? [...value] : value));
  return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}

// The caches of all sites: what they hold outlives configurations that do not change their store.
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Judge } from '../cache/judge.ts';
import type { PurgeOrder } from '../cache/purge.ts';
import { RouteCache } from '../cache/route-cache.ts';
import { SiteCache } from '../cache/site-cache.ts';
import type { CacheStoreConfig, Config, RouteConfig, SiteConfig } from '../config/config.ts';
import { forward, type Target } from '../upstream/forward.ts';

interface Held {
  readonly config: CacheStoreConfig;
  readonly cache: SiteCache;
}

export class Caches {
  /** What was thrown away here, by a request or an operator: for other processes that serve the same sites. */
  onPurge: (order: PurgeOrder) => void = () => {};
  readonly #sites = new Map<string, Held>();
  #judge: Judge | undefined;

  /** What judges answers is loaded when a site first has a cache. */
  async prepare({ sites }: Config): Promise<void> {
    if (this.#judge !== undefined || sites.every(({ cache }) => cache === undefined)) return;
    const { Judge: Loaded } = await import('../cache/judge.ts');
    this.#judge = new Loaded();
  }

  /** A site whose store is as it was keeps what it holds. */
  use({ sites }: Config): void {
    const judge = this.#judge;
    const named = new Set<string>();
    for (const { name, cache: config } of sites) {
      if (config === undefined || judge === undefined) continue;
      named.add(name);
      if (isDeepStrictEqual(this.#sites.get(name)?.config, config)) continue;
      const cache = new SiteCache(name, config, judge);
      cache.onPurge = (order) => this.onPurge(order);
      this.#sites.set(name, { config, cache });
    }
    for (const name of this.#sites.keys()) if (!named.has(name)) this.#sites.delete(name);
  }

  get sites(): SiteCache[] {
    return [...this.#sites.values()].map(({ cache }) => cache);
  }

  /** undefined: the site has none. */
  find(site: string): SiteCache | undefined {
    return this.#sites.get(site)?.cache;
  }

  /** On an operator's word. How many answers are gone here. */
  purge(order: PurgeOrder): number {
    return this.find(order.site)?.purge(order) ?? 0;
  }

  /** How many answers are gone. Of an order from elsewhere nobody is told again. */
  apply(order: PurgeOrder): number {
    return this.find(order.site)?.apply(order) ?? 0;
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
  const servers = config.upstreams.get(upstream)?.servers.map(({ url }) => String(url));
  const parts = [match, upstream, servers, stripPrefix, headers, cache, site.headers, site.path];
  const text = JSON.stringify(parts, (_, value: unknown) => (value instanceof Map ? [...value] : value));
  return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}

// Answers what an operator asks and wishes about caches (`admin/control.ts`).
import type { CacheControl, CacheStatus, Purged, PurgeWish } from '../admin/control.ts';
import { GatehouseError } from '../base/errors.ts';
import { type PurgeOrder, writtenKey } from '../cache/purge.ts';
import type { Caches } from '../gateway/caches.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { parseAuthority } from '../http/authority.ts';

export class GatewayCaches implements CacheControl {
  readonly #gateway: Gateway;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  status(): Promise<readonly CacheStatus[]> {
    const read = this.#caches.sites.map(async ({ name, store, counts }) => {
      const { entries, bytes } = await store.figures();
      return { site: name, store: store.kind, entries, bytes, ...counts, evicted: store.evicted };
    });
    return Promise.all(read);
  }

  async purge({ url, isPrefix, tag, all, site }: PurgeWish): Promise<Purged> {
    if ([url !== undefined, tag !== undefined, all].filter(Boolean).length !== 1)
      throw refused('write one of a URL, a tag, and all');
    if (url !== undefined) return { removed: await this.#caches.purge(this.#orderOf(url, isPrefix)) };
    if (site !== undefined) this.#checkSite(site);
    const sites = site === undefined ? this.#caches.sites.map(({ name }) => name) : [site];
    const counts = sites.map((name) =>
      this.#caches.purge(tag === undefined ? { kind: 'all', site: name } : { kind: 'tag', site: name, tag }),
    );
    return { removed: (await Promise.all(counts)).reduce((sum, count) => sum + count, 0) };
  }

  #orderOf(written: string, isPrefix: boolean): PurgeOrder {
    const url = /^https?:\/\/([^/?#]+)(\/[^#]*)?$/i.exec(written);
    const host = url === null ? undefined : parseAuthority(url[1] as string)?.host;
    if (url === null || host === undefined)
      throw refused(`"${written}" is not a URL like https://app.example.com/news`);
    const target = url[2] ?? '/';
    const key = writtenKey(host, target);
    if (key === undefined) throw refused(`no request for "${target}" would be taken`);
    const site = this.#gateway.runtime.sites.find(host)?.name;
    if (site === undefined) throw refused(`there is no site for ${host}`);
    this.#checkSite(site);
    return isPrefix ? { kind: 'prefix', site, prefix: key } : { kind: 'key', site, key };
  }

  #checkSite(name: string): void {
    if (!this.#gateway.runtime.config.sites.some((site) => site.name === name))
      throw refused(`there is no site "${name}"; write its name as the configuration does`);
    if (this.#caches.find(name) === undefined) throw refused(`the site "${name}" has no cache`);
  }

  get #caches(): Caches {
    return this.#gateway.runtime.caches;
  }
}

function refused(message: string): GatehouseError {
  return new GatehouseError('bad_request', 'client', message);
}

// Sites: every name belongs to one site, and every request of a site goes somewhere.

import type { RouteConfig, SiteConfig } from '../model/sites.ts';
import type { Part } from '../part.ts';
import { parseAlias, parseSiteName } from '../syntax/host-name.ts';
import { parsePathPrefix } from '../syntax/request-match.ts';
import { resolveCache, resolveCacheStore, resolveCompress } from './cache.ts';
import { resolveCertificateFile, resolveClientCertificates } from './certificates.ts';
import { resolveHeaders } from './headers.ts';
import { resolveHsts } from './hsts.ts';
import { resolveAccess, resolveLimits } from './limits.ts';
import { everything, resolveMatch } from './match.ts';
import type { Upstreams } from './upstreams.ts';
import { resolveWaf } from './waf.ts';

/** In the order of the file. */
export function resolveSites(part: Part, upstreams: Upstreams, baseDir: string): SiteConfig[] {
  const owners = new Map<string, Part>();
  return part.entries().map(([written, site]) => resolveSite(written, site, { owners, upstreams, baseDir }));
}

interface Surroundings {
  /** Which place of the file a name belongs to. */
  readonly owners: Map<string, Part>;
  readonly upstreams: Upstreams;
  readonly baseDir: string;
}

function resolveSite(written: string, part: Part, around: Surroundings): SiteConfig {
  const parsed = parseSiteName(written);
  const name = 'value' in parsed ? parsed.value : written;
  if ('value' in parsed) claim(name, part, 'key', around.owners);
  const routes = resolveRoutes(part, around);
  return {
    name,
    aliases: part
      .at('aliases')
      .items()
      .flatMap((alias) => resolveAlias(alias, around.owners) ?? []),
    certificate: resolveCertificate(part.at('certificate'), around.baseDir),
    clientCertificates: resolveClientCertificates(part.at('clientCertificates'), around.baseDir),
    hsts: resolveHsts(part.at('hsts')),
    path: part.at('path').word(['canonical', 'original']),
    headers: resolveHeaders(part.at('headers')),
    cache: routes.some(({ cache }) => cache !== undefined)
      ? resolveCacheStore(part.at('cache'), around.baseDir)
      : undefined,
    routes,
  };
}

function resolveAlias(part: Part, owners: Map<string, Part>): string | undefined {
  const parsed = parseAlias(part.text() ?? '');
  if ('fault' in parsed) return undefined;
  claim(parsed.value, part, 'value', owners);
  return parsed.value;
}

/** Two sites with one name would leave it to chance whose rules apply. */
function claim(name: string, part: Part, at: 'key' | 'value', owners: Map<string, Part>): void {
  const owner = owners.get(name);
  if (owner === undefined) owners.set(name, part);
  else {
    const line = part.document.lineOf(owner.pointer);
    part.document.tell(
      part.pointer,
      'duplicate-name',
      `this name is already taken on line ${line}; each host name belongs to one site`,
      at,
    );
  }
}

function resolveCertificate(part: Part, baseDir: string): SiteConfig['certificate'] {
  if (part.value === 'auto' || part.value === 'internal' || !part.isGiven)
    return part.value === 'internal' ? 'internal' : 'auto';
  return resolveCertificateFile(part, baseDir) ?? 'auto';
}

function resolveRoutes(site: Part, around: Surroundings): RouteConfig[] {
  const { upstreams, baseDir } = around;
  const own = site.at('to');
  const routes = site.at('routes');
  const isTold = [site, own, routes].some((part) => part.document.isFaulty(part.pointer));
  if (!own.isGiven && !hasItems(routes) && !isTold) {
    site.fault('missing-key', 'this site leads nowhere; write to, or at least one route', 'key');
  }
  const ownUpstream = upstreams.find(own);
  const siteLimits = resolveLimits(site.at('limits'), 'limit');
  const resolved = routes.items().flatMap((route, index) => {
    const own = route.at('limits');
    const limits = own.isGiven ? resolveLimits(own, `route${index + 1}-limit`) : siteLimits;
    return resolveRoute(route, site, { ...around, limits }) ?? [];
  });
  if (ownUpstream === undefined) return resolved;
  const headers = {
    request: { set: new Map<string, string>(), remove: [] },
    response: { set: new Map<string, string>(), remove: [] },
  };
  return [
    ...resolved,
    {
      match: everything,
      upstream: ownUpstream,
      stripPrefix: undefined,
      access: resolveAccess(site.at('access'), undefined),
      limits: siteLimits,
      headers,
      waf: resolveWaf(site.at('waf'), undefined, baseDir),
      cache: resolveCache(site.at('cache'), undefined),
      compress: resolveCompress(site.at('compress'), undefined),
    },
  ];
}

function hasItems(list: Part): boolean {
  return Array.isArray(list.value) && list.value.length > 0;
}

interface RouteSurroundings extends Surroundings {
  readonly limits: RouteConfig['limits'];
}

function resolveRoute(part: Part, site: Part, around: RouteSurroundings): RouteConfig | undefined {
  const { upstreams, baseDir, limits } = around;
  const to = part.at('to');
  const siteTo = site.at('to');
  const isTold = part.document.isFaulty(to.pointer) || part.document.isFaulty(siteTo.pointer);
  if (!to.isGiven && !siteTo.isGiven && !isTold)
    part.fault('missing-key', 'this route leads nowhere; write to, here or in the site', 'key');
  const upstream = upstreams.find(to.isGiven ? to : siteTo);
  const headers = resolveHeaders(part.at('headers'));
  const match = resolveMatch(part.at('match'));
  const stripPrefix = readPrefix(part.at('stripPrefix'));
  const waf = resolveWaf(site.at('waf'), part.at('waf'), baseDir);
  const cache = resolveCache(site.at('cache'), part.at('cache'));
  const compress = resolveCompress(site.at('compress'), part.at('compress'));
  const access = resolveAccess(site.at('access'), part.at('access'));
  return upstream === undefined
    ? undefined
    : { match, upstream, stripPrefix, access, limits, headers, waf, cache, compress };
}

/** `/` alone strips nothing. */
function readPrefix(part: Part): string | undefined {
  const parsed = parsePathPrefix(part.text() ?? '/');
  return 'value' in parsed && parsed.value !== '' ? parsed.value : undefined;
}

// One loaded configuration with every name resolved to a live object. Immutable: a reload builds
// another and swaps the reference; the old one leaves with its last request.
import { Addresses } from '../access/addresses.ts';
import type { CertificateKeeper } from '../acme/keeper.ts';
import type { IpSet } from '../base/ip.ts';
import { ipSet } from '../base/ip.ts';
import type { RouteCache } from '../cache/route-cache.ts';
import { Compressor } from '../compress/compress.ts';
import type { Config } from '../config/config.ts';
import type { HeaderChanges, LimitConfig, RouteConfig, SiteConfig } from '../config/model/sites.ts';
import { Limit } from '../limits/limit.ts';
import { RouteLimits } from '../limits/limits.ts';
import type { LimitState } from '../limits/state.ts';
import type { Records } from '../observe/records.ts';
import type { Matcher, RouteSubject } from '../route/match.ts';
import { compileMatch } from '../route/match.ts';
import { Router } from '../route/router.ts';
import { type ClientAsking, canAskByName } from '../tls/ask-clients.ts';
import { type ClientPolicy, type LoadedClientPolicies, loadClientPolicies } from '../tls/client-policy.ts';
import { coversName, isAddress, normalName } from '../tls/names.ts';
import type { FindManaged } from '../tls/plan.ts';
import type { CertificateSelector } from '../tls/select.ts';
import { type LoadedCertificates, loadCertificates } from '../tls/sites.ts';
import type { Target } from '../upstream/forward.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { type Caches, routeCache } from './caches.ts';
import type { Guard } from './guard.ts';
import type { Guards } from './guards.ts';
import { hstsValue } from './hsts.ts';
import { recordServerChange } from './server-records.ts';

/** What a request runs on; the gateway object itself. */
export interface Context {
  /** The one in force; read once per request. */
  readonly runtime: Runtime;
  readonly records: Records;
  /** undefined: no certificate is ordered. */
  readonly keeper: CertificateKeeper | undefined;
  /** The port that redirects lead to. */
  readonly httpsPort: number;
}

export interface Site {
  readonly name: string;
  readonly routes: readonly Route[];
  /** Shown what cannot be routed: the site's own rules, or those of a route. */
  readonly guard: Guard | undefined;
  /** undefined: its clients are not asked for certificates. */
  readonly clientPolicy: ClientPolicy | undefined;
  /** The value of Strict-Transport-Security; undefined: none. */
  readonly hsts: string | undefined;
  /** Its certificates come from files that fit, or from the issuer. */
  readonly hasIssuedCertificates: boolean;
}

export interface Route {
  readonly matches: Matcher;
  readonly target: Target;
  readonly addresses: Addresses;
  /** undefined: any number of requests. */
  readonly limits: RouteLimits<RouteSubject> | undefined;
  /** undefined: no rules. */
  readonly guard: Guard | undefined;
  /** undefined: nothing is stored at the whole site. */
  readonly cache: RouteCache | undefined;
  /** undefined: answers are sent as they are. */
  readonly compressor: Compressor | undefined;
}

interface RuntimeParts {
  readonly config: Config;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly loaded: LoadedCertificates;
  readonly clients: LoadedClientPolicies;
  readonly guards: Guards | undefined;
  readonly limits: LimitState;
  readonly caches: Caches;
}

export class Runtime implements ClientAsking {
  readonly config: Config;
  readonly sites: Router<Site>;
  readonly trusted: IpSet;
  /** Whom some site or route names as one who may come in. */
  readonly invited: IpSet;
  /** Who begins connections with a PROXY header. */
  readonly balancers: IpSet;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly loaded: LoadedCertificates;
  readonly certificates: CertificateSelector;
  /** undefined: there are no rules anywhere. */
  readonly guards: Guards | undefined;
  readonly limits: LimitState;
  readonly caches: Caches;
  readonly clients: LoadedClientPolicies;
  readonly clientPolicies: readonly ClientPolicy[];
  readonly asksByName: boolean;
  readonly #unnamedPolicy: ClientPolicy | undefined;
  /** Shown what names no site at all. */
  readonly guard: Guard | undefined;

  constructor(parts: RuntimeParts) {
    const { config, upstreams, loaded, clients, guards } = parts;
    this.config = config;
    this.clients = clients;
    this.clientPolicies = [...clients.bySite.values()];
    this.asksByName = this.clientPolicies.length === 0 || canAskByName();
    this.guards = guards;
    this.limits = parts.limits;
    this.caches = parts.caches;
    this.upstreams = upstreams;
    this.loaded = loaded;
    this.certificates = loaded.selector;
    this.trusted = ipSet(config.trustedProxies);
    this.invited = ipSet(config.sites.flatMap(({ routes }) => routes.flatMap(({ access }) => access.allow)));
    this.balancers = ipSet(config.listen.proxyProtocol);
    this.sites = new Router<Site>();
    for (const site of config.sites) {
      const built = buildSite(site, parts);
      this.guard ??= built.guard;
      for (const name of [site.name, ...site.aliases]) this.sites.add(name, built);
    }
    this.#unnamedPolicy = unnamedPolicy(config.sites, clients);
  }

  /**
   * Whether a request for `host` may be answered on a connection that was opened for `sni`: its
   * certificate is the one the host would have got, or names the host too (RFC 9110, 7.4). Anything
   * else is domain fronting or a confused client, and gets 421.
   */
  isServedBy(sni: string | undefined, host: string): boolean {
    const shown = this.certificates.select(sni);
    if (shown === undefined) return false;
    return sni === host || shown === this.certificates.select(host) || coversName(shown, host);
  }

  /** What clients that connect for this name are asked by. */
  clientPolicyFor(sni: string | undefined): ClientPolicy | undefined {
    if (this.clientPolicies.length === 0) return undefined;
    return sni === undefined || sni === '' ? this.#unnamedPolicy : this.sites.find(normalName(sni))?.clientPolicy;
  }

  /** Begins to look after the servers behind it. */
  watchServers(records: Records): void {
    for (const [name, upstream] of this.upstreams) {
      upstream.start((change) => recordServerChange(records, name, change));
    }
  }

  close(): void {
    for (const upstream of this.upstreams.values()) upstream.close();
  }
}

/**
 * The same runtime with its certificates loaded anew: the local CA's nearly outlived ones replaced, changed files read.
 * What cannot be loaded stays as it was, and is told in `loaded.kept` and `clients.kept`.
 */
export async function refreshCertificates(
  { config, upstreams, guards, limits, caches, ...before }: Runtime,
  keeper?: CertificateKeeper,
): Promise<Runtime> {
  const loaded = await loadCertificates(config, { managed: managedBy(keeper), previous: before.loaded });
  const clients = await loadClientPolicies(config.sites, { previous: before.clients });
  return new Runtime({ config, upstreams, guards, limits, caches, loaded, clients });
}

/**
 * A client that connects to an address sends no name (RFC 6066, 3): it is asked by the first site that has an address for
 * a name and asks, else by the site `default`.
 */
function unnamedPolicy(sites: readonly SiteConfig[], { bySite }: LoadedClientPolicies): ClientPolicy | undefined {
  const hasAddress = ({ name, aliases }: SiteConfig): boolean => [name, ...aliases].some(isAddress);
  const site = sites.find((each) => hasAddress(each) && bySite.has(each.name));
  return bySite.get(site?.name ?? 'default');
}

/** Where the certificates of authorities are found. */
export function managedBy(keeper: CertificateKeeper | undefined): FindManaged {
  return (name) => keeper?.find(name);
}

function buildSite(site: SiteConfig, parts: RuntimeParts): Site {
  const routes = site.routes.map((route) => buildRoute(route, site, parts));
  return {
    name: site.name,
    routes,
    guard: routes.findLast(({ guard }) => guard !== undefined)?.guard,
    clientPolicy: parts.clients.bySite.get(site.name),
    hsts: hstsValue(site.hsts),
    hasIssuedCertificates: site.certificate === 'auto',
  };
}

/** What is compressed cannot be read: where answers are inspected the backend is asked for plain ones. */
const PLAIN_ONLY: HeaderChanges = { set: new Map([['accept-encoding', 'identity']]), remove: [] };

function buildRoute(route: RouteConfig, site: SiteConfig, parts: RuntimeParts): Route {
  const { config, upstreams, guards, limits, caches } = parts;
  const upstream = upstreams.get(route.upstream);
  if (upstream === undefined) throw new Error(`config/ let an unknown upstream "${route.upstream}" through`);
  const guard = guards?.guard(route.waf);
  const target: Target = {
    upstream,
    stripPrefix: route.stripPrefix,
    keepsSpelling: site.path === 'original',
    streamMs: config.timeouts.streamMs,
    requestChanges: [
      ...(guard?.config.response === true ? [PLAIN_ONLY] : []),
      ...[site.headers.request, route.headers.request].filter(changesAny),
    ],
    responseChanges: responseChanges(site.headers.response, route.headers.response),
  };
  return {
    matches: compileMatch(route.match),
    guard,
    addresses: new Addresses(route.access),
    limits: buildLimits(route.limits, site.name, limits),
    target,
    cache: routeCache(route, site, config, target, caches),
    compressor: route.compress === undefined ? undefined : new Compressor(route.compress),
  };
}

function buildLimits(
  limits: readonly LimitConfig[],
  site: string,
  state: LimitState,
): RouteLimits<RouteSubject> | undefined {
  if (limits.length === 0) return undefined;
  const bound = limits.map((limit) => ({ limit: new Limit(limit, site, state), matches: compileMatch(limit.match) }));
  return new RouteLimits(bound, state, ({ client }, { config: { name, banMs } }) => {
    if (banMs === undefined) return;
    state.bans.punish(client, {
      site,
      cause: 'limit',
      reason: `more requests than the limit ${name} allows`,
      forMs: banMs,
    });
  });
}

/** A route with a word on presets has the last one. */
function responseChanges(site: HeaderChanges, route: HeaderChanges): HeaderChanges[] {
  return [route.defaults === undefined ? site : { set: site.set, remove: site.remove }, route].filter(changesAny);
}

function changesAny({ set, remove, defaults }: HeaderChanges): boolean {
  return set.size > 0 || remove.length > 0 || (defaults?.size ?? 0) > 0;
}

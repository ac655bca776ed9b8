// One loaded configuration with every name resolved to a live object. Immutable: a reload builds
// another and swaps the reference; the old one leaves with its last request.
import type { CertificateKeeper } from '../acme/keeper.ts';
import { ProblemsError } from '../base/errors.ts';
import type { IpSet } from '../base/ip.ts';
import { ipSet } from '../base/ip.ts';
import type { Config, HeaderChanges, RouteConfig, SiteConfig, UpstreamConfig } from '../config/config.ts';
import type { Records } from '../observe/records.ts';
import type { Matcher } from '../route/match.ts';
import { compileMatch } from '../route/match.ts';
import { Router } from '../route/router.ts';
import { coversName } from '../tls/names.ts';
import type { CertificateSelector } from '../tls/select.ts';
import { type LoadedCertificates, loadCertificates } from '../tls/sites.ts';
import type { Target } from '../upstream/forward.ts';
import { Upstream } from '../upstream/upstream.ts';
import { type Guard, Guards } from './guard.ts';

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
}

export interface Route {
  readonly matches: Matcher;
  readonly target: Target;
  /** undefined: no rules. */
  readonly guard: Guard | undefined;
}

interface RuntimeParts {
  readonly config: Config;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly loaded: LoadedCertificates;
  readonly guards: Guards;
}

export class Runtime {
  readonly config: Config;
  readonly sites: Router<Site>;
  readonly trusted: IpSet;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly loaded: LoadedCertificates;
  readonly certificates: CertificateSelector;
  readonly guards: Guards;
  /** Shown what names no site at all. */
  readonly guard: Guard | undefined;

  constructor(parts: RuntimeParts) {
    const { config, upstreams, loaded, guards } = parts;
    this.config = config;
    this.guards = guards;
    this.upstreams = upstreams;
    this.loaded = loaded;
    this.certificates = loaded.selector;
    this.trusted = ipSet(config.trustedProxies);
    this.sites = new Router<Site>();
    for (const site of config.sites) {
      const built = buildSite(site, parts);
      this.guard ??= built.guard;
      for (const name of [site.name, ...site.aliases]) this.sites.add(name, built);
    }
  }

  /**
   * Whether a request for `host` may be answered on a connection that was opened for `sni`: its
   * certificate is the one the host would have got, or names the host too (RFC 9110, 7.4). Anything
   * else is domain fronting or a confused client, and gets 421.
   */
  isServedBy(sni: string | undefined, host: string): boolean {
    const shown = this.certificates.select(sni);
    if (shown === undefined) return false;
    return shown === this.certificates.select(host) || coversName(shown, host);
  }

  close(): void {
    for (const upstream of this.upstreams.values()) upstream.close();
  }
}

/** Fails with a ProblemsError that names every certificate, or every rule, that cannot be used. */
export async function buildRuntime(config: Config, keeper?: CertificateKeeper): Promise<Runtime> {
  const loaded = await usableCertificates(config, keeper);
  const guards = new Guards(config);
  if (guards.problems.length > 0) throw new ProblemsError(guards.problems);
  return new Runtime({
    config,
    upstreams: buildUpstreams(config.upstreams, config.timeouts.upstreamMs),
    loaded,
    guards,
  });
}

/** The same runtime with its certificates loaded anew: the local CA's nearly outlived ones replaced, changed files read. */
export async function refreshCertificates(
  { config, upstreams, guards }: Runtime,
  keeper?: CertificateKeeper,
): Promise<Runtime> {
  return new Runtime({ config, upstreams, guards, loaded: await usableCertificates(config, keeper) });
}

async function usableCertificates(config: Config, keeper: CertificateKeeper | undefined): Promise<LoadedCertificates> {
  const loaded = await loadCertificates(config, (name) => keeper?.find(name));
  if (loaded.problems.length > 0) throw new ProblemsError(loaded.problems);
  return loaded;
}

function buildUpstreams(configs: ReadonlyMap<string, UpstreamConfig>, timeoutMs: number): Map<string, Upstream> {
  const upstreams = new Map<string, Upstream>();
  for (const [name, config] of configs) upstreams.set(name, new Upstream(config, timeoutMs));
  return upstreams;
}

function buildSite(site: SiteConfig, parts: RuntimeParts): Site {
  const routes = site.routes.map((route) => buildRoute(route, site, parts));
  return { name: site.name, routes, guard: routes.findLast(({ guard }) => guard !== undefined)?.guard };
}

/** What is compressed cannot be read: where answers are inspected the backend is asked for plain ones. */
const PLAIN_ONLY: HeaderChanges = { set: new Map([['accept-encoding', 'identity']]), remove: [] };
const AS_IT_IS: HeaderChanges = { set: new Map(), remove: [] };

function buildRoute(route: RouteConfig, site: SiteConfig, { upstreams, guards }: RuntimeParts): Route {
  const upstream = upstreams.get(route.upstream);
  if (upstream === undefined) throw new Error(`config/ let an unknown upstream "${route.upstream}" through`);
  const guard = guards.guard(route.waf);
  return {
    matches: compileMatch(route.match),
    guard,
    target: {
      upstream,
      stripPrefix: route.stripPrefix,
      requestChanges: [
        guard?.config.response === true ? PLAIN_ONLY : AS_IT_IS,
        site.headers.request,
        route.headers.request,
      ],
      responseChanges: [site.headers.response, route.headers.response],
    },
  };
}

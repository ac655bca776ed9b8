// Whether a certificate is ordered for the name at all, and if not, what it has instead.

import { isPublicName } from '../../acme/known.ts';
import type { ManagedNames } from '../../acme/wanted.ts';
import type { Config } from '../../config/config.ts';
import type { SiteConfig } from '../../config/model/sites.ts';
import { normalName, wildcardFor } from '../../tls/names.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const CHECK = 'configured';

export interface Standing {
  readonly findings: readonly Finding[];
  /** Under which its certificate is ordered: itself, or the wildcard that covers it. Undefined: it is not. */
  readonly orderedAs: string | undefined;
}

/** `wanted`: names that no file covers and a site leaves to the issuer. */
export function standingOf(name: string, config: Config, wanted: readonly string[], managed: ManagedNames): Standing {
  const site = siteOf(name, config.sites);
  if (site === undefined) {
    return {
      orderedAs: undefined,
      findings: [fail(CHECK, `no site is called ${name}`, 'Add it under sites, or as an alias.')],
    };
  }
  const wildcard = wildcardFor(name);
  const isServedBy = (each: string): boolean => each === name || each === wildcard;
  const orderedAs = managed.names.find((each) => each === name) ?? managed.names.find(isServedBy);
  if (orderedAs === undefined && isDemanded(name, site, config)) {
    const service = new URL(config.certificates.acme.onDemand?.ask ?? '').host;
    const message = `the site ${site.name} serves it; it is ordered when a client first asks, if ${service} allows it`;
    return { orderedAs: name, findings: [ok(CHECK, message)] };
  }
  if (orderedAs === undefined) {
    return { orderedAs, findings: [notOrdered(name, site, config, wanted.map(normalName).some(isServedBy), managed)] };
  }
  const authorities = config.certificates.acme.issuers.map(({ directory }) => new URL(directory).host).join(', then ');
  const as = orderedAs === name ? 'its certificate is' : `${orderedAs} covers it, which is`;
  return { orderedAs, findings: [ok(CHECK, `the site ${site.name} serves it; ${as} ordered from ${authorities}`)] };
}

function notOrdered(
  name: string,
  site: SiteConfig,
  { certificates }: Config,
  isWanted: boolean,
  managed: ManagedNames,
): Finding {
  if (typeof site.certificate === 'object')
    return ok(CHECK, `the site ${site.name} has a file of its own; none is ordered`);
  if (site.certificate === 'internal') return ok(CHECK, `the site ${site.name} says internal; none is ordered`);
  if (certificates.issuer === 'internal') return ok(CHECK, 'certificates.issuer is internal; none is ordered');
  if (!isWanted) return ok(CHECK, 'one of certificates.files covers it; none is ordered');
  const warning = managed.warnings.find((each) => each.includes(` ${name}:`));
  if (warning !== undefined) return fail(CHECK, warning);
  if (!isPublicName(name)) {
    const advice =
      'Public authorities certify public names only. Name a private one as certificates.acme.directory, or trust the local CA: certs trust.';
    return warn(CHECK, `${name} is no public name, so it keeps a certificate of the local CA`, advice);
  }
  return fail(CHECK, `${name} cannot stand in a certificate`);
}

/** A name of a wildcard site, which nobody has listed. */
function isDemanded(name: string, { certificate }: SiteConfig, { certificates, sites }: Config): boolean {
  const isListed = sites.some((site) => [site.name, ...site.aliases].map(normalName).includes(name));
  return certificates.acme.onDemand !== undefined && certificate === 'auto' && !isListed;
}

/** By its own name before a wildcard's. */
function siteOf(name: string, sites: readonly SiteConfig[]): SiteConfig | undefined {
  const has = (wanted: string | undefined): SiteConfig | undefined =>
    sites.find((site) => [site.name, ...site.aliases].some((each) => normalName(each) === wanted));
  return has(name) ?? has(wildcardFor(name));
}

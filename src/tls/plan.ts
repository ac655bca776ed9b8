// Which certificate serves which name of a site, decided from what is loaded. Pure: it reads no file and makes no
// certificate; names that need the local CA are listed for it.
import { hostname } from 'node:os';
import type { SiteConfig } from '../config/model/sites.ts';
import type { Certificate } from './certificate.ts';
import { coversName, isCertificateName, normalName } from './names.ts';

/** The site that answers when no other fits; it stands for no name. */
export const DEFAULT_SITE = 'default';

export interface SitePlan {
  readonly site: SiteConfig;
  /** Found so far, by the site's name and aliases. */
  readonly byName: ReadonlyMap<string, Certificate>;
  /** The names that still need a certificate of the local CA. */
  readonly internal: readonly string[];
  /** The names that no file covers, for an authority to certify. */
  readonly wanted: readonly string[];
}

/** The certificate that an authority has issued for a name, so far. */
export type FindManaged = (name: string) => Certificate | undefined;

/**
 * Plans one site. `explicit` is its own file's certificate; undefined when that could not be read, and then nothing is
 * planned.
 */
export function planSite(
  site: SiteConfig,
  explicit: Certificate | undefined,
  brought: readonly Certificate[],
  nowMs: number,
  managed: FindManaged = () => undefined,
): SitePlan {
  const names = [site.name, ...site.aliases];
  const byName = new Map<string, Certificate>();
  if (typeof site.certificate !== 'string') {
    if (explicit !== undefined) for (const name of names) byName.set(name, explicit);
    return { site, byName, internal: [], wanted: [] };
  }
  const wanted: string[] = [];
  if (site.certificate === 'auto') {
    for (const name of names) {
      const best = bestFor(name, brought, nowMs);
      if (best === undefined && name !== DEFAULT_SITE) wanted.push(name);
      const found = best ?? managed(normalName(name));
      if (found !== undefined) byName.set(name, found);
    }
  }
  return { site, byName, internal: names.filter((name) => !byName.has(name)), wanted };
}

/** The names that a certificate for these entries of a plan must hold: `default` becomes this machine's own names. */
export function namesToCertify(internal: readonly string[]): string[] {
  return [...new Set(internal.flatMap((name) => (name === DEFAULT_SITE ? machineNames() : [name])))];
}

/** Valid now before expired, exact before wildcard, then the later end; undefined when none covers the name. */
function bestFor(name: string, brought: readonly Certificate[], nowMs: number): Certificate | undefined {
  if (name === DEFAULT_SITE) return undefined;
  const rank = (certificate: Certificate): number =>
    (isValid(certificate, nowMs) ? 2 : 0) + (certificate.names.includes(normalName(name)) ? 1 : 0);
  return brought
    .filter((certificate) => coversName(certificate, name))
    .sort((a, b) => rank(b) - rank(a) || b.notAfter.getTime() - a.notAfter.getTime())[0];
}

function isValid(certificate: Certificate, nowMs: number): boolean {
  return certificate.notBefore.getTime() <= nowMs && nowMs < certificate.notAfter.getTime();
}

function machineNames(): string[] {
  return ['localhost', '127.0.0.1', '::1', normalName(hostname())].filter(isCertificateName);
}

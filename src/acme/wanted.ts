// Which names are ordered from an authority, of those that need a certificate.
import type { CertificatesConfig } from '../config/model/certificates.ts';
import { isCertificateName, normalName, wildcardFor } from '../tls/names.ts';
import { typesFor } from './challenges/solve.ts';
import { isPublicAuthority, isPublicName } from './known.ts';

export interface ManagedNames {
  readonly names: readonly string[];
  /** Not ordered, as a wildcard among the names covers them. */
  readonly covered: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * A public authority is asked for public names only, a private one for all. A name that a wildcard among them covers is
 * not ordered by itself. What cannot be ordered keeps its certificate of the local CA; the warnings say why.
 */
export function managedNames(wanted: readonly string[], { acme }: Pick<CertificatesConfig, 'acme'>): ManagedNames {
  const names: string[] = [];
  const warnings: string[] = [];
  const areAllPublic = acme.issuers.every(({ directory }) => isPublicAuthority(directory));
  for (const name of new Set(wanted.map(normalName).filter(isCertificateName))) {
    if (areAllPublic && !isPublicName(name)) continue;
    if (typesFor(name, acme.challenges).length > 0) names.push(name);
    else warnings.push(`no certificate is ordered for ${name}: ${lackOf(name)}; it keeps one of the local CA`);
  }
  const wildcards = new Set(names.filter((name) => name.startsWith('*.')));
  const isCovered = (name: string): boolean => wildcards.has(wildcardFor(name) ?? '') && !wildcards.has(name);
  return { names: names.filter((name) => !isCovered(name)), covered: names.filter(isCovered), warnings };
}

function lackOf(name: string): string {
  if (name.startsWith('*.')) return 'a wildcard needs the dns-01 challenge; set `certificates.acme.dns`';
  return 'an address needs http-01 or tls-alpn-01 in `certificates.acme.challenges`';
}

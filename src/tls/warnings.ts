// What an operator should hear of the certificates that are served, though nothing is so wrong that the configuration
// could not be used.
import type { Certificate } from './certificate.ts';
import type { LocalCa } from './local-ca.ts';
import { coversName, isAddress } from './names.ts';
import { DEFAULT_SITE, type SitePlan } from './plan.ts';

/** The life of a leaf: from then on leaves live shorter than they should. */
const ROOT_WARNING_MS = 90 * 24 * 3_600_000;

const MOST_NAMED = 5;

/** Why the local CA could not be used, and for which names nothing of before is there either. */
export interface WithoutCa {
  why: string | undefined;
  readonly names: string[];
}

export function fileWarnings(plans: readonly SitePlan[], brought: readonly Certificate[]): string[] {
  const used = new Set(plans.flatMap((plan) => [...plan.byName.values()]));
  const warnings = [...new Set([...brought, ...used])].flatMap((certificate) => certificate.warnings);
  for (const certificate of brought) {
    if (used.has(certificate)) continue;
    warnings.push(`${certificate.source} serves no site; its names: ${certificate.names.join(', ') || 'none'}.`);
  }
  for (const { site, byName } of plans) {
    for (const [name, certificate] of byName) {
      if (name === DEFAULT_SITE || coversName(certificate, name)) continue;
      warnings.push(
        `${certificate.source} is set for the site ${site.name} but does not cover ${name}: clients refuse it.`,
      );
    }
  }
  return warnings;
}

export function addressWarnings(byName: ReadonlyMap<string, Certificate>, shown: Certificate | undefined): string[] {
  return [...byName.keys()]
    .filter((name) => isAddress(name) && shown !== undefined && !coversName(shown, name))
    .map(
      (name) =>
        `Clients that connect to ${name} are shown ${shown?.source}, which does not cover it: for an address they send no name (RFC 6066). Give the site default one certificate that holds all addresses.`,
    );
}

export function rootWarnings(localCa: LocalCa | undefined, nowMs: number): string[] {
  if (localCa === undefined || localCa.rootNotAfter.getTime() - nowMs > ROOT_WARNING_MS) return [];
  return [
    `The local CA (${localCa.rootPath}) ends on ${localCa.rootNotAfter.toISOString()}. Delete root.pem and root.key to make a new one, then trust it on every machine.`,
  ];
}

export function standInWarnings({ why, names }: WithoutCa): string[] {
  if (why === undefined) return [];
  const shown = names.slice(0, MOST_NAMED).join(', ');
  const whose = names.length > MOST_NAMED ? `${shown} and ${names.length - MOST_NAMED} more` : shown;
  return [`${why} Until then a certificate that nobody trusts stands in for ${whose}.`];
}

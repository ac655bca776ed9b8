// From the configuration to a certificate for every name of every site. All faults are collected: an operator who moved
// five files hears of five at once. Nothing is made on disk unless a site needs the local CA.
import type { Problem } from '../base/errors.ts';
import {
  type CertificateNeeds,
  type FileFaults,
  fileKey,
  type NamedCertificates,
  problemFrom,
  readFiles,
} from './brought.ts';
import type { Certificate } from './certificate.ts';
import { isFresh } from './freshness.ts';
import type { LocalCa } from './local-ca.ts';
import { coversName, isAddress } from './names.ts';
import { DEFAULT_SITE, type FindManaged, namesToCertify, planSite, type SitePlan } from './plan.ts';
import { CertificateSelector } from './select.ts';
import { type StandIn, standIns } from './stand-ins.ts';
import { addressWarnings, fileWarnings, rootWarnings, standInWarnings, type WithoutCa } from './warnings.ts';

export interface LoadOptions {
  /** What an authority has issued so far. */
  readonly managed?: FindManaged;
  /** Ms since 1970. */
  readonly now?: () => number;
  /** What is served now: each certificate of it that cannot be loaded anew is kept, and told in `kept`. */
  readonly previous?: LoadedCertificates;
  /** Certificates of it that would be read just the same are used on; default: `previous`. */
  readonly known?: LoadedCertificates | undefined;
}

export interface LoadedCertificates {
  readonly selector: CertificateSelector;
  /** By the site's own name; aliases may have other ones. A site whose certificate has a problem is not in it. */
  readonly bySite: ReadonlyMap<string, Certificate>;
  /** By every name that is served. */
  readonly byName: NamedCertificates;
  /** Those that are served, each once. */
  readonly certificates: readonly Certificate[];
  /** Names that no file covers and a site leaves to the issuer. */
  readonly wanted: readonly string[];
  /** Those from files, whether they are served or not. */
  readonly files: NamedCertificates;
  /** Undefined when no site needs it. */
  readonly localCa: LocalCa | undefined;
  /** With any of these the configuration must not be used. */
  readonly problems: readonly Problem[];
  /** What could not be loaded anew; the certificate of before stays in its place. */
  readonly kept: readonly Problem[];
  readonly warnings: readonly string[];
  /** Names that have a certificate which nobody trusts, because the local CA cannot be used. */
  readonly untrusted: readonly string[];
}

/**
 * Loads every certificate that the sites need. A site's `certificate` decides, name by name:
 * a file: that one, whatever names it holds (a warning when they do not fit);
 * `internal`: one certificate of the local CA for the site's name and aliases;
 * `auto`: the best of `certificates.files` for that name, else what `managed` has for it, else the local CA, one
 * certificate for all names left over; where hundreds of sites wait for an authority, they share some.
 * Best is a valid one before an expired one, then an exact name before a wildcard, then the later end.
 * The site `default` stands for no name, so `auto` gives it one of the local CA for this machine's names; to serve a
 * file to clients without a known name, set it as that site's certificate. When there is no such site, the certificate
 * of the first name that is an address takes its place, as clients send no name for an address (RFC 6066, 3).
 * What is wrong with files is in `problems`, never thrown. A local CA that cannot be used is no problem but a warning: a
 * certificate that nobody trusts stands in, so that no other site waits for somebody to mend it.
 */
export async function loadCertificates(
  config: CertificateNeeds,
  { managed, now = Date.now, previous, known = previous }: LoadOptions = {},
): Promise<LoadedCertificates> {
  const faults: Faults = { problems: [], kept: [], standIn: { why: undefined, names: [] } };
  const files = await readFiles(config, previous?.files, known?.files, faults);
  const brought = config.certificates.files.flatMap((file) => files.get(fileKey(file)) ?? []);
  const plans = config.sites.map((site) => {
    const explicit = typeof site.certificate === 'string' ? undefined : files.get(fileKey(site.certificate));
    return planSite(site, explicit, brought, now(), managed);
  });
  const needsLocalCa = plans.some((plan) => plan.internal.length > 0);
  const cas = needsLocalCa ? await openedCas(config.certificates.storage, previous, faults, now) : undefined;
  const localCa = cas?.inUse;
  const groups = standIns(plans);
  const byName = new Map(
    plans.flatMap((plan) => {
      const still = stillFit(plan, localCa, previous, now());
      return [...(still ?? servedNames(plan, groups.get(plan), cas, { previous, known }, faults))];
    }),
  );
  const shown = byName.get(DEFAULT_SITE) ?? firstOfAddresses(byName);
  return {
    selector: selectorOf(byName, shown),
    bySite: new Map([...byName].filter(([name]) => config.sites.some((site) => site.name === name))),
    byName,
    certificates: [...new Set(byName.values())],
    wanted: plans.flatMap((plan) => plan.wanted),
    files,
    localCa,
    problems: faults.problems,
    kept: faults.kept,
    warnings: [
      ...fileWarnings(plans, brought),
      ...addressWarnings(byName, shown),
      ...rootWarnings(localCa, now()),
      ...standInWarnings(faults.standIn),
    ],
    untrusted: untrustedNames(byName, faults.standIn, previous),
  };
}

/** Of the last time, as far as it stayed as it was, and now. */
function untrustedNames(
  byName: NamedCertificates,
  { names }: WithoutCa,
  previous: LoadedCertificates | undefined,
): readonly string[] {
  const still = previous?.untrusted.filter((name) => previous.byName.get(name) === byName.get(name)) ?? [];
  return [...new Set([...still, ...names])];
}

interface Faults extends FileFaults {
  readonly standIn: WithoutCa;
}

/** No site waits for the local CA: while it cannot be used, one that nobody trusts takes its place. */
interface LocalCas {
  readonly inUse: LocalCa;
  /** Made when it is first asked for. */
  readonly passing: () => LocalCa;
  readonly isPassing: boolean;
}

async function openedCas(
  storage: string,
  previous: LoadedCertificates | undefined,
  faults: Faults,
  now: () => number,
): Promise<LocalCas> {
  // node-forge takes 30 ms to load; a gateway with certificates of its own does without.
  const { openLocalCa, passingCa } = await import('./local-ca.ts');
  let made: LocalCa | undefined;
  const passing = (): LocalCa => {
    made ??= passingCa(storage, now);
    return made;
  };
  try {
    return { inUse: openLocalCa(storage, now), passing, isPassing: false };
  } catch (error) {
    const problem = problemFrom(error, storage);
    const before = previous?.localCa;
    if (before === undefined) faults.standIn.why = problem.message;
    else faults.kept.push(problem);
    return { inUse: before ?? passing(), passing, isPassing: before === undefined };
  }
}

/** What the local CA has made for many sites, so that one new certificate does not mean making those of others anew. */
function stillFit(
  plan: SitePlan,
  localCa: LocalCa | undefined,
  previous: LoadedCertificates | undefined,
  nowMs: number,
): NamedCertificates | undefined {
  if (localCa === undefined || plan.internal.length === 0) return undefined;
  if (previous?.localCa?.rootPem !== localCa.rootPem) return undefined;
  const certificate = previous.byName.get(plan.internal[0] as string);
  const isFit =
    certificate?.source === 'internal' &&
    certificate.names.length > plan.internal.length &&
    isFresh(certificate, nowMs) &&
    plan.internal.every((name) => previous.byName.get(name) === certificate && coversName(certificate, name));
  return isFit ? new Map([...plan.byName, ...plan.internal.map((name) => [name, certificate] as const)]) : undefined;
}

function servedNames(
  plan: SitePlan,
  group: StandIn | undefined,
  cas: LocalCas | undefined,
  { previous, known }: { readonly [K in 'previous' | 'known']: LoadedCertificates | undefined },
  faults: Faults,
): NamedCertificates {
  if (cas === undefined || plan.internal.length === 0) return plan.byName;
  const names = group?.names ?? namesToCertify(plan.internal);
  const made = (ca: LocalCa): NamedCertificates => {
    const certificate = group?.certificate ?? ca.certificateFor(names, known?.byName.get(plan.internal[0] as string));
    if (group !== undefined) group.certificate = certificate;
    return new Map([...plan.byName, ...plan.internal.map((name) => [name, certificate] as const)]);
  };
  try {
    const served = made(cas.inUse);
    if (cas.isPassing) faults.standIn.names.push(...plan.internal);
    return served;
  } catch (error) {
    const problem = problemFrom(error, cas.inUse.rootPath);
    const before = plan.internal.flatMap((name) => {
      const certificate = previous?.byName.get(name);
      return certificate === undefined ? [] : [[name, certificate] as const];
    });
    if (before.length === plan.internal.length) {
      faults.kept.push(problem);
      return new Map([...plan.byName, ...before]);
    }
    try {
      const served = made(cas.passing());
      faults.standIn.why ??= problem.message;
      faults.standIn.names.push(...plan.internal);
      return served;
    } catch {
      // What no CA can certify is a fault of the names.
      faults.problems.push(problem);
      return new Map([...plan.byName, ...before]);
    }
  }
}

function selectorOf(byName: NamedCertificates, shown: Certificate | undefined): CertificateSelector {
  const named = [...byName].filter(([name]) => name !== DEFAULT_SITE);
  return new CertificateSelector(
    named.map(([name, certificate]) => ({ certificate, patterns: [name] })),
    shown,
  );
}

function firstOfAddresses(byName: NamedCertificates): Certificate | undefined {
  return [...byName].find(([name]) => isAddress(name))?.[1];
}

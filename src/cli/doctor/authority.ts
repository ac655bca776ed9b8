// The authority itself: that it answers, what it asks for and offers, and whether its clock and ours agree.
import { authorityId } from '../../acme/authority.ts';
import { Wire } from '../../acme/wire.ts';
import type { AcmeIssuer } from '../../config/model/certificates.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { Patient } from './patient.ts';

const CHECK = 'authority';
const CLOCK_WARN_MS = 60_000;
/** Beyond it certificates seem not yet valid, and plans for renewal are off by as much. */
const CLOCK_FAIL_MS = 3_600_000;

export interface AuthorityView {
  readonly findings: readonly Finding[];
  /** By which it is known in CAA records (RFC 8555, 7.1.1). */
  readonly identities: readonly string[];
  /** Our account there; undefined while there is none. */
  readonly account: string | undefined;
}

export async function lookAtAuthority(patient: Patient, issuer: AcmeIssuer): Promise<AuthorityView> {
  const { storage, config } = patient;
  const account = accountUrl(await storage.read(`acme/${authorityId(issuer.directory)}/account.json`));
  const wire = new Wire({ ...issuer, timeoutMs: config.certificates.acme.timeoutMs, now: Date.now });
  try {
    const sentMs = Date.now();
    const { data, headers } = await wire.send(issuer.directory, 'get');
    const clock = clockFinding(headers.date, (sentMs + Date.now()) / 2, hostOf(issuer));
    const directory = readDirectory(data);
    if (directory === undefined) {
      const message = `${issuer.directory} is no ACME directory`;
      return {
        findings: [fail(CHECK, message, 'Correct certificates.acme.directory.'), ...clock],
        identities: [],
        account,
      };
    }
    const findings = [offer(issuer, directory, account), ...demands(issuer, directory), ...clock];
    return { findings, identities: directory.identities, account };
  } catch (error) {
    const advice = 'See that this machine may connect there: firewall, proxy, DNS.';
    return { findings: [fail(CHECK, (error as Error).message, advice)], identities: [], account };
  } finally {
    wire.close();
  }
}

interface Directory {
  readonly terms: string | undefined;
  readonly profiles: readonly string[];
  readonly identities: readonly string[];
  readonly needsEab: boolean;
  readonly hasAdvice: boolean;
}

function readDirectory(data: unknown): Directory | undefined {
  if (typeof data !== 'object' || data === null || !('newOrder' in data)) return undefined;
  const { meta, renewalInfo } = data as { meta?: Record<string, unknown>; renewalInfo?: unknown };
  const identities: unknown[] = Array.isArray(meta?.caaIdentities) ? meta.caaIdentities : [];
  return {
    terms: typeof meta?.termsOfService === 'string' ? meta.termsOfService : undefined,
    profiles: Object.keys((meta?.profiles as object | undefined) ?? {}),
    identities: identities.filter((identity) => typeof identity === 'string').map((each) => each.toLowerCase()),
    needsEab: meta?.externalAccountRequired === true,
    hasAdvice: typeof renewalInfo === 'string',
  };
}

function offer(issuer: AcmeIssuer, { terms, profiles, hasAdvice }: Directory, account: string | undefined): Finding {
  const facts = [
    `${hostOf(issuer)} answers`,
    account === undefined ? 'an account is made with the first order' : `our account is ${account}`,
    terms === undefined ? undefined : `its terms are ${terms}`,
    profiles.length === 0 ? undefined : `it offers the profiles ${profiles.join(', ')}`,
    hasAdvice ? 'it advises on renewal' : undefined,
  ];
  return ok(CHECK, facts.filter((fact) => fact !== undefined).join('; '));
}

function demands({ eab, profile }: AcmeIssuer, { needsEab, profiles }: Directory): Finding[] {
  const findings: Finding[] = [];
  if (needsEab && eab === undefined) {
    findings.push(fail(CHECK, 'it asks for an external account, and there is none', 'Set certificates.acme.eab.'));
  }
  if (profile !== undefined && !profiles.includes(profile)) {
    const message = `it does not offer the profile ${profile}; orders go without`;
    findings.push(warn(CHECK, message, `Set certificates.acme.profile to one of: ${profiles.join(', ') || 'none'}.`));
  }
  return findings;
}

function clockFinding(date: string | undefined, nowMs: number, host: string): Finding[] {
  const theirMs = Date.parse(date ?? '');
  if (Number.isNaN(theirMs)) return [];
  // The header has whole seconds, so on average half a one is missing.
  const offMs = nowMs - (theirMs + 500);
  const seconds = Math.round(Math.abs(offMs) / 1000);
  const message = `the clock of this machine is ${seconds} s ${offMs > 0 ? 'ahead of' : 'behind'} that of ${host}`;
  const advice = 'Let it be set over the network (NTP).';
  if (Math.abs(offMs) > CLOCK_FAIL_MS) return [fail('clock', message, advice)];
  return [Math.abs(offMs) > CLOCK_WARN_MS ? warn('clock', message, advice) : ok('clock', `it agrees with ${host}`)];
}

function hostOf({ directory }: AcmeIssuer): string {
  return new URL(directory).host;
}

function accountUrl(text: string | undefined): string | undefined {
  try {
    const { url } = JSON.parse(text ?? '') as { url?: unknown };
    return typeof url === 'string' ? url : undefined;
  } catch {
    return undefined;
  }
}

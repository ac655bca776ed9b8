// A whole order at the authority's directory for rehearsals. The running gateway answers, since the answers lie in its own
// storage; what is issued is thrown away, and the limits that count are not touched.
import { Authority } from '../../acme/authority.ts';
import type { ChallengeType } from '../../acme/challenges/solve.ts';
import { isPublicAuthority } from '../../acme/known.ts';
import { forgetOrder, obtain } from '../../acme/order.ts';
import { AcmeError } from '../../acme/problem.ts';
import type { AcmeIssuer } from '../../config/model/certificates.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { Patient } from './patient.ts';

const CHECK = 'rehearsal';

export async function rehearse(
  patient: Patient,
  issuer: AcmeIssuer,
  staging: string,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { name, types, storage, config } = patient;
  const authority = new Authority(rehearsing(issuer, staging), {
    storage,
    timeoutMs: config.certificates.acme.timeoutMs,
    now: Date.now,
    // The account for rehearsals is nobody's concern.
    warn: () => {},
  });
  const findings: Finding[] = [];
  try {
    for (const type of types) {
      const failure = await failureOf(type, authority, patient, signal);
      if (failure === undefined) {
        const { host } = new URL(staging);
        const success = ok(CHECK, `${host} issued a certificate for ${name} by ${type}; it is thrown away`);
        return [success, ...findings.map((finding) => ({ ...finding, level: 'warn' as const }))];
      }
      findings.push(fail(CHECK, failure.message));
      if (!(failure instanceof AcmeError) || failure.challenge === undefined) break;
    }
    return findings.length > 0 ? findings : [warn(CHECK, `no challenge can prove ${name}`)];
  } finally {
    await forgetOrder(storage, authority.id, name);
    authority.close();
  }
}

async function failureOf(
  type: ChallengeType,
  authority: Authority,
  { name, storage, answers, dns }: Patient,
  signal: AbortSignal,
): Promise<Error | undefined> {
  const tools = { authority, storage, answers, dns, warn: () => {}, admit: async () => {} };
  try {
    await obtain({ name, types: [type], profile: undefined, replaces: undefined }, tools, signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    await forgetOrder(storage, authority.id, name);
  }
}

/** An external account is known to the real directory; at the public ones for rehearsals nobody asks for it. */
function rehearsing(issuer: AcmeIssuer, staging: string): AcmeIssuer {
  const eab = isPublicAuthority(staging) ? undefined : issuer.eab;
  return { ...issuer, directory: staging, profile: undefined, preferredChain: undefined, eab };
}

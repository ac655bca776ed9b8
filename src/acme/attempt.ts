// One attempt at a certificate for one name from one authority: every challenge that can prove the name, until one
// succeeds.
import { isIP } from 'node:net';
import type { AcmeConfig } from '../config/model/certificates.ts';
import { certificateId } from './ari.ts';
import type { Authority } from './authority.ts';
import type { ChallengeAnswers } from './challenges/answers.ts';
import { type ChallengeType, typesFor } from './challenges/solve.ts';
import type { Dns01 } from './dns/challenge.ts';
import type { Ledger } from './ledger.ts';
import { forgetOrder, type Issued, obtain } from './order.ts';
import { AcmeError } from './problem.ts';
import type { Rest } from './rest.ts';
import type { Storage } from './storage/storage.ts';
import type { CertificateStore, Stored } from './store.ts';
import type { Story } from './story.ts';

/** RFC 8738 certificates for addresses: Let's Encrypt issues them in this profile only. */
const ADDRESS_PROFILE = 'shortlived';

/** An authority with our account of what we asked of it. */
export interface Source {
  readonly authority: Authority;
  readonly ledger: Ledger;
  readonly rest: Rest;
}

export interface AttemptTools {
  readonly acme: AcmeConfig;
  readonly storage: Storage;
  readonly store: CertificateStore;
  readonly answers: ChallengeAnswers;
  readonly dns: Dns01 | undefined;
  readonly warn: (message: string) => void;
  /** What time it is, in ms since 1970. */
  readonly now: () => number;
}

export interface Success {
  readonly stored: Stored;
  readonly source: Source;
  readonly profile: string | undefined;
  /** Undefined: the name was proven before. */
  readonly type: ChallengeType | undefined;
}

/** Fails with what went wrong last, of the kind that says how long to wait. Nothing is asked while the storage is unfit. */
export async function attempt(
  name: string,
  source: Source,
  before: { readonly stored: Stored | undefined; readonly story: Story },
  tools: AttemptTools,
  signal: AbortSignal,
): Promise<Success> {
  const { authority, ledger } = source;
  const types = typesFor(name, tools.acme.challenges);
  if (types.length === 0) throw new AcmeError('refused', noTypeFor(name));
  // An order whose certificate could not be kept would count against the authority's limits for nothing.
  await tools.storage.write('probe', '');
  const profile = await chosenProfile(name, authority, tools.warn);
  const replaces = await replacedBy(authority, before);
  const admit = (): Promise<void> => keepLimits(name, ledger, tools.now());
  const issued = await byAnyType(types, ledger, name, tools, signal, (left) =>
    obtain({ name, types: left, profile, replaces }, { ...tools, authority, admit }, signal),
  );
  const stored = await kept(name, issued, authority, tools);
  if (!issued.isReplacement) await ledger.note('certificate', name, tools.now());
  return { stored, source, profile, type: issued.type };
}

/** One order after the other, each without the types of challenges that have failed in those before. */
async function byAnyType(
  types: readonly ChallengeType[],
  ledger: Ledger,
  name: string,
  { warn, now }: AttemptTools,
  signal: AbortSignal,
  order: (types: readonly ChallengeType[]) => Promise<Issued>,
): Promise<Issued> {
  for (let left = types; ; ) {
    try {
      return await order(left);
    } catch (error) {
      const failed = error instanceof AcmeError ? error.challenge : undefined;
      if (failed === undefined) throw error;
      signal.throwIfAborted();
      if ((error as AcmeError).kind === 'validation') await ledger.note('failure', name, now());
      left = left.filter((type) => type !== failed);
      if (left.length === 0) throw error;
      warn(`${(error as AcmeError).message} Trying ${left[0]} next.`);
    }
  }
}

/** The certificate is stored before its order is forgotten: in between, a crash only repeats the download. */
async function kept(
  name: string,
  { chainPem, keyPem }: Issued,
  authority: Authority,
  { store, storage }: AttemptTools,
): Promise<Stored> {
  try {
    const stored = await store.save(name, chainPem, keyPem, authority.issuer.trustedRoots);
    await forgetOrder(storage, authority.id, name);
    return stored;
  } catch (error) {
    // What cannot be served now cannot be served later either: the next attempt orders anew.
    if (error instanceof AcmeError) await forgetOrder(storage, authority.id, name);
    throw error;
  }
}

async function chosenProfile(
  name: string,
  authority: Authority,
  warn: (message: string) => void,
): Promise<string | undefined> {
  const { profiles } = await authority.meta();
  if (isIP(name) !== 0 && profiles.includes(ADDRESS_PROFILE)) return ADDRESS_PROFILE;
  const { profile } = authority.issuer;
  if (profile === undefined || profiles.includes(profile)) return profile;
  warn(`${authority.id} does not offer the profile ${profile} but ${profiles.join(', ') || 'none'}; ordering without`);
  return undefined;
}

/** What the new certificate replaces, when the authority itself issued that and gives renewal advice. */
async function replacedBy(
  authority: Authority,
  { stored, story }: { readonly stored: Stored | undefined; readonly story: Story },
): Promise<string | undefined> {
  if (stored === undefined || story.directory !== authority.issuer.directory) return undefined;
  const { renewalInfo } = await authority.meta();
  return renewalInfo === undefined ? undefined : certificateId(stored.leaf);
}

async function keepLimits(name: string, ledger: Ledger, nowMs: number): Promise<void> {
  const hold = await ledger.admit(name, nowMs);
  if (hold === undefined) return;
  throw new AcmeError('limit', `Not asked, to keep the authority's limits: ${hold.why}.`, {
    retryAfterMs: hold.untilMs - nowMs,
  });
}

function noTypeFor(name: string): string {
  if (name.startsWith('*.')) return `${name} needs the dns-01 challenge: set \`certificates.acme.dns\`.`;
  return `No challenge of \`certificates.acme.challenges\` can prove ${name}.`;
}

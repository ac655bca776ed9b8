// One attempt at a certificate for one name: every authority whose turn it is, every challenge that can prove the name,
// until one succeeds.
import { isIP } from 'node:net';
import type { AcmeConfig } from '../config/config.ts';
import { certificateId } from './ari.ts';
import type { Authority } from './authority.ts';
import type { ChallengeAnswers } from './challenges/answers.ts';
import { type ChallengeType, typesFor } from './challenges/solve.ts';
import type { Dns01 } from './dns/challenge.ts';
import type { Ledger } from './ledger.ts';
import { forgetOrder, obtain, pendingOrderType } from './order.ts';
import { AcmeError } from './problem.ts';
import type { Storage } from './storage/storage.ts';
import type { CertificateStore, Stored, Story } from './store.ts';

/** RFC 8738 certificates for addresses: Let's Encrypt issues them in this profile only. */
const ADDRESS_PROFILE = 'shortlived';

/** An authority with our account of what we asked of it. */
export interface Source {
  readonly authority: Authority;
  readonly ledger: Ledger;
}

export interface AttemptTools {
  readonly acme: AcmeConfig;
  readonly storage: Storage;
  readonly store: CertificateStore;
  readonly answers: ChallengeAnswers;
  readonly dns: Dns01 | undefined;
  readonly warn: (message: string) => void;
}

export interface Success {
  readonly stored: Stored;
  readonly source: Source;
  readonly profile: string | undefined;
  readonly type: ChallengeType;
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
  // An order whose certificate could not be kept would count against the authority's limits for nothing.
  await tools.storage.write('probe', '');
  const profile = await chosenProfile(name, authority, tools.warn);
  const replaces = await replacedBy(authority, before);
  let failure: unknown = new AcmeError('refused', noTypeFor(name));
  for (const type of await typesInOrder(name, authority, tools)) {
    if (failure instanceof AcmeError && failure.isAboutType) tools.warn(`${failure.message} Trying ${type} next.`);
    try {
      await keepLimits(name, ledger, replaces);
      const beforeOrder = (): Promise<void> => ledger.note('order', name, Date.now());
      const issued = await obtain({ name, type, profile, replaces }, { ...tools, authority, beforeOrder }, signal);
      const stored = await kept(name, issued, authority, tools);
      await ledger.note('certificate', name, Date.now());
      return { stored, source, profile, type };
    } catch (error) {
      failure = error;
      if (!(error instanceof AcmeError) || !error.isAboutType || signal.aborted) break;
      if (error.kind === 'validation') await ledger.note('failure', name, Date.now());
    }
  }
  throw failure;
}

/** The certificate is stored before its order is forgotten: in between, a crash only repeats the download. */
async function kept(
  name: string,
  { chainPem, keyPem }: { chainPem: string; keyPem: string },
  authority: Authority,
  { store, storage }: AttemptTools,
): Promise<Stored> {
  try {
    const stored = await store.save(name, chainPem, keyPem);
    await forgetOrder(storage, authority.id, name);
    return stored;
  } catch (error) {
    // What cannot be served now cannot be served later either: the next attempt orders anew.
    if (error instanceof AcmeError) await forgetOrder(storage, authority.id, name);
    throw error;
  }
}

/** An order that was begun goes on with its own type. */
async function typesInOrder(
  name: string,
  authority: Authority,
  { acme, storage }: AttemptTools,
): Promise<ChallengeType[]> {
  const types = typesFor(name, acme.challenges);
  const begun = await pendingOrderType(storage, authority.id, name);
  return begun === undefined || !types.includes(begun) ? types : [begun, ...types.filter((type) => type !== begun)];
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

/** Let's Encrypt exempts renewals that say what they replace from all limits. */
async function keepLimits(name: string, ledger: Ledger, replaces: string | undefined): Promise<void> {
  if (replaces !== undefined) return;
  const nowMs = Date.now();
  const hold = await ledger.hold(name, nowMs);
  if (hold === undefined) return;
  throw new AcmeError('limit', `Not asked, to keep the authority's limits: ${hold.why}.`, {
    retryAfterMs: hold.untilMs - nowMs,
  });
}

function noTypeFor(name: string): string {
  if (name.startsWith('*.')) return `${name} needs the dns-01 challenge: set \`certificates.acme.dns\`.`;
  return `No challenge of \`certificates.acme.challenges\` can prove ${name}.`;
}

// What a finished handshake proves of its client. The one place that reads a client's certificate from a socket.
import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { ClientProof, ShownCertificate } from '../http/client-certificate.ts';
import { askedBy, isFoundGood } from './ask-clients.ts';
import { isIssuedBy } from './chain.ts';
import type { ClientPolicy } from './client-policy.ts';
import type { Vouchers } from './vouchers.ts';

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
/** A name may be as long as its certificate; in a header or a record nobody needs all of it. */
const MAX_SUBJECT_LENGTH = 512;

/** `policies`: all that are in force. */
export function readProof(socket: TLSSocket, policies: Iterable<ClientPolicy>, vouchers: Vouchers): ClientProof {
  const isResumed = socket.isSessionReused();
  const policy = isResumed ? undefined : askedBy(socket);
  const leaf = socket.getPeerX509Certificate();
  if (leaf === undefined) return { certificate: undefined, policyId: policy?.id, isResumed, goodFor: new Set() };
  const certificate = describe(leaf);
  const { fingerprint } = certificate;
  if (isResumed)
    return { certificate, policyId: undefined, isResumed, goodFor: known(leaf, fingerprint, policies, vouchers) };
  const isGood = policy !== undefined && isFoundGood(socket);
  if (isGood) vouchers.add(fingerprint, policy.id);
  return { certificate, policyId: policy?.id, isResumed, goodFor: new Set(isGood ? [policy.id] : []) };
}

/**
 * By whom the certificate of a resumed session is good: what is remembered, and what can be seen of it alone. When another
 * process with our ticket key has made the session there is nothing to remember, and no ticket holds the chain; then the
 * plain case is decided here, in which an authority of the file has issued the leaf, and no revocation list counts.
 */
function known(
  leaf: X509Certificate,
  fingerprint: string,
  policies: Iterable<ClientPolicy>,
  vouchers: Vouchers,
): ReadonlySet<string> {
  const goodFor = vouchers.of(fingerprint);
  for (const policy of policies) if (!goodFor.has(policy.id) && isPlainlyGood(leaf, policy)) goodFor.add(policy.id);
  return goodFor;
}

function isPlainlyGood(leaf: X509Certificate, { anchors, hasRevocationLists }: ClientPolicy): boolean {
  const isForClients = leaf.keyUsage === undefined || leaf.keyUsage.includes(CLIENT_AUTH);
  if (hasRevocationLists || !isForClients || leaf.ca) return false;
  return anchors.some((anchor) => anchor.ca && anchor.validToDate.getTime() > Date.now() && isIssuedBy(leaf, anchor));
}

function describe(leaf: X509Certificate): ShownCertificate {
  return {
    subject: subjectOf(leaf).slice(0, MAX_SUBJECT_LENGTH),
    fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    der: leaf.raw,
    notAfterMs: leaf.validToDate.getTime(),
  };
}

/** The most special part first (RFC 4514, 2.1). Node has escaped what has a meaning there; the rest becomes ASCII. */
function subjectOf({ subject }: X509Certificate): string {
  const parts = (subject ?? '').split('\n').toReversed();
  return parts
    .join(',')
    .replaceAll(/[^ -~]/gu, (character) =>
      [...Buffer.from(character)].map((byte) => `\\${byte.toString(16).padStart(2, '0').toUpperCase()}`).join(''),
    );
}

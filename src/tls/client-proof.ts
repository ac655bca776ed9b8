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

export interface ProofOptions {
  /** All that are in force. */
  readonly policies: Iterable<ClientPolicy>;
  readonly vouchers: Vouchers;
  /** Other processes make sessions that are resumed here (`TicketKeys.isShared`). */
  readonly isTicketKeyShared: boolean;
}

export function readProof(socket: TLSSocket, options: ProofOptions): ClientProof {
  const isResumed = socket.isSessionReused();
  const policy = isResumed ? undefined : askedBy(socket);
  const leaf = socket.getPeerX509Certificate();
  if (leaf === undefined) return { certificate: undefined, policyId: policy?.id, isResumed, goodFor: new Set() };
  const certificate = describe(leaf);
  const { fingerprint } = certificate;
  if (isResumed) return { certificate, policyId: undefined, isResumed, goodFor: known(leaf, fingerprint, options) };
  const isGood = policy !== undefined && isFoundGood(socket);
  if (isGood) options.vouchers.add(fingerprint, policy.id);
  return { certificate, policyId: policy?.id, isResumed, goodFor: new Set(isGood ? [policy.id] : []) };
}

/**
 * By whom the certificate of a resumed session is good: what is remembered. Of a session that another process has made
 * there is nothing to remember, and no ticket holds the chain; then what can be seen of the leaf alone counts too.
 */
function known(leaf: X509Certificate, fingerprint: string, options: ProofOptions): ReadonlySet<string> {
  const goodFor = options.vouchers.of(fingerprint);
  if (!options.isTicketKeyShared) return goodFor;
  for (const policy of options.policies) {
    if (!goodFor.has(policy.id) && isPlainlyGood(leaf, policy)) goodFor.add(policy.id);
  }
  return goodFor;
}

/** The plain case only: an authority of the file has itself issued the leaf, and no revocation list counts. */
function isPlainlyGood(leaf: X509Certificate, { anchors, hasRevocationLists }: ClientPolicy): boolean {
  const isForClients = leaf.keyUsage === undefined || leaf.keyUsage.includes(CLIENT_AUTH);
  if (hasRevocationLists || !isForClients || leaf.ca || !isCurrent(leaf)) return false;
  return anchors.some((anchor) => anchor.ca && isCurrent(anchor) && isIssuedBy(leaf, anchor));
}

function isCurrent({ validFromDate, validToDate }: X509Certificate): boolean {
  const nowMs = Date.now();
  return validFromDate.getTime() <= nowMs && nowMs < validToDate.getTime();
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

// Whether a client may come to a site that asks for certificates. Decided for each request and not in the handshake: a
// connection serves several sites, and its session may come from another one.
import { errorReply } from '../http/error-page.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Reply } from '../http/reply.ts';
import type { Runtime, Site } from './runtime.ts';

const REASON = 'client-certificate';

/** Undefined: it may. */
export function checkClientCertificate(
  x: Exchange,
  { clientPolicy: policy }: Site,
  runtime: Runtime,
): Reply | undefined {
  if (policy === undefined) return undefined;
  const { proof, sni } = x.connection;
  const isAsked = proof !== undefined && (proof.isResumed || proof.policyId === policy.id);
  // The connection was opened for a site that asks for others, or for none: the client has to open one for this site.
  if (!isAsked || runtime.clientPolicyFor(sni)?.id !== policy.id) return refusal(x, 421);
  const { certificate, goodFor } = proof;
  if (certificate === undefined) {
    if (policy.mode === 'require') return refusal(x, 403);
    x.clientCertificate = null;
    return undefined;
  }
  // It may have ended since the handshake.
  if (!goodFor.has(policy.id) || certificate.notAfterMs <= Date.now()) return refusal(x, 403);
  x.clientCertificate = certificate;
  return undefined;
}

function refusal(x: Exchange, status: number): Reply {
  x.reason = REASON;
  return errorReply(x, status);
}

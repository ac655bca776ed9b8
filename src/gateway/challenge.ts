// The question by which a certificate authority looks for proof of a name over HTTP. It is answered before anything else
// is looked at, so no redirect, rule or limit can stand in the way.
import type { CertificateKeeper } from '../acme/keeper.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Reply } from '../http/reply.ts';

const PREFIX = '/.well-known/acme-challenge/';

/** HTTP-01 (RFC 8555, 8.3): whether it may be such a question. */
export function isChallenge({ request: { path, method } }: Exchange): boolean {
  return path.startsWith(PREFIX) && (method === 'GET' || method === 'HEAD');
}

/** Undefined when nobody waits for this token: then the path is one like any other. */
export async function answerChallenge(x: Exchange, keeper: CertificateKeeper | undefined): Promise<Reply | undefined> {
  const token = x.request.path.slice(PREFIX.length);
  const answer = keeper?.answers.http(token) ?? (await keeper?.answers.seekHttp(token));
  if (answer === undefined) return undefined;
  x.reason = 'acme-challenge';
  const body = Buffer.from(answer);
  const headers = ['content-type', 'application/octet-stream', 'content-length', String(body.length)];
  return { status: 200, headers: [...headers, 'cache-control', 'no-store'], body };
}

// The one way for a reply to reach the client. What the method or status forbids is taken off here.
import type { ClientStream } from './client-stream.ts';
import type { Exchange } from './exchange.ts';
import { headerValue, removeHeader, setHeader } from './headers.ts';
import type { Reply } from './reply.ts';
import { isWhole } from './reply.ts';
import { hasNoContent } from './status.ts';

/** Resolves when the exchange is over; never rejects for what the network does. */
export function send(x: Exchange, stream: ClientStream, reply: Reply): Promise<void> {
  settleBody(x.request.method, reply);
  x.status = reply.status;
  const { body } = reply;
  if (body !== undefined && !isWhole(body)) x.whenGone = () => body.cancel();
  else x.whenGone = undefined;
  return stream.send(reply);
}

/** The client has left before its answer was whole. */
export function noteGone(x: Exchange): void {
  x.status = 499;
  x.error ??= 'client_closed';
}

function settleBody(method: string, reply: Reply): void {
  const { body, headers } = reply;
  // Nothing but a head: what it says of trailers, no length belongs to.
  if (reply.sentStatus !== undefined) return;
  // A switch has no content (RFC 9110, 8.6).
  if (reply.tunnel !== undefined) return;
  if (hasNoContent(method, reply.status)) {
    if (body !== undefined && !isWhole(body)) body.cancel();
    reply.body = undefined;
    if (reply.status === 204) removeHeader(headers, 'content-length');
    // The one of these whose end HTTP/1.1 finds by its framing (RFC 9112, 6.3).
    if (reply.status === 205) setHeader(headers, 'content-length', '0');
    return;
  }
  const length = body === undefined ? 0 : isWhole(body) ? body.length : undefined;
  const hasTrailers = reply.trailers !== undefined && reply.trailers.length > 0;
  // Trailers need chunks on HTTP/1.1, and a length would rule chunks out.
  if (length !== undefined && !hasTrailers && headerValue(headers, 'content-length') === undefined) {
    headers.push('content-length', String(length));
  }
}

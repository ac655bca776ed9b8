// The head of a request as the rules see it: what the client sent, and the one reading that routes and reaches the backend.
import type { Exchange } from '../http/exchange.ts';
import { headerValue } from '../http/headers.ts';
import type { RequestHead } from '../waf/request.ts';

export function headOf(x: Exchange): RequestHead {
  const { request, connection, client, id } = x;
  return {
    id,
    clientAddress: client,
    clientPort: connection.peerPort,
    serverAddress: connection.localAddress,
    serverPort: connection.localPort,
    serverName: request.host,
    method: request.method,
    target: request.target,
    ...(request.path === '' ? {} : { path: request.path }),
    protocol: request.version,
    headers: withHost(x),
  };
}

/** HTTP/2 names the host outside the fields; the rules look for it there. */
export function withHost({ request }: Exchange): readonly string[] {
  const { protocol, headers, sentHeaders, authority } = request;
  const hasHost = protocol !== 'h2' || authority === '' || headerValue(headers, 'host') !== undefined;
  return hasHost ? sentHeaders : ['host', authority, ...sentHeaders];
}

// Which protocol a TLS connection speaks (RFC 7301), and the one kind that speaks none: a handshake by which an authority
// looks for proof of a name (TLS-ALPN-01, RFC 8737).
import type { SecureContext, TLSSocket } from 'node:tls';

const ACME_TLS = 'acme-tls/1';
const HTTP_1_0 = 'http/1.0';
const SPOKEN = ['h2', 'http/1.1', HTTP_1_0];

/** Sockets whose certificate is a challenge's. */
const answering = new WeakSet<TLSSocket>();

/**
 * The `ALPNCallback` for a TLS or HTTP/2 server. `challengeFor` has the certificate of a pending challenge. It is put in
 * place here, because over TLS 1.2 the name is looked at before the protocol; over TLS 1.3 it is looked at afterwards, so
 * the socket is marked and `sniCallback` leaves it alone.
 */
export function alpnCallback(
  challengeFor: (serverName: string) => SecureContext | undefined,
): (this: TLSSocket, offer: { servername: string; protocols: string[] }) => string | undefined {
  return function (this: TLSSocket, { servername, protocols }) {
    if (protocols.includes(ACME_TLS)) {
      const context = challengeFor(servername);
      if (context !== undefined) {
        answering.add(this);
        this.setKeyCert(context);
        return ACME_TLS;
      }
    }
    return SPOKEN.find((protocol) => protocols.includes(protocol));
  };
}

/** To be called before Node looks what was agreed on: it would open an HTTP/2 session for a client that only knows HTTP/1.0. */
export function settleHttp1(socket: TLSSocket): void {
  if (socket.alpnProtocol === HTTP_1_0) socket.alpnProtocol = 'http/1.1';
}

export function isAnsweringChallenge(socket: TLSSocket): boolean {
  return answering.has(socket);
}

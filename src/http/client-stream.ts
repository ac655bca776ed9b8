// The client's side of one exchange, whatever its protocol: the two implementations beside this file
// are the only places that write to a client.
import { isClientCertificateField } from './client-certificate.ts';
import { words } from './headers.ts';
import type { Reply } from './reply.ts';

export interface ClientStream {
  /** Passes an interim answer (1xx) on, where the protocol and the client's version have it. */
  inform(status: number, headers: readonly string[]): void;
  /**
   * Writes the reply. Resolves when the stream is over: all handed to the client, or broken off, in
   * which case `Exchange.isGone` or `Exchange.error` says why. Never rejects.
   */
  send(reply: Reply): Promise<void>;
  /** Bytes of the answer that wait until the client takes them. */
  readonly waitingBytes: number;
  /** Breaks off, so that what was sent cannot be taken for a whole answer. */
  reset(): void;
}

/** Trailer fields that a client may get: framing and routing fields never travel there (RFC 9110, 6.5.1). */
export function passableTrailers(trailers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < trailers.length; i += 2) {
    const name = trailers[i] as string;
    if (name.startsWith(':') || NOT_IN_TRAILERS.has(name) || isClientCertificateField(name)) continue;
    kept.push(name, trailers[i + 1] as string);
  }
  return kept;
}

const NOT_IN_TRAILERS = words(
  'authorization cache-control connection content-encoding content-length content-range content-type ' +
    'cookie expect forwarded host http2-settings keep-alive max-forwards proxy-authenticate ' +
    'proxy-authorization proxy-connection range set-cookie te trailer transfer-encoding upgrade via ' +
    'x-forwarded-for x-forwarded-host x-forwarded-proto x-real-ip x-request-id',
);

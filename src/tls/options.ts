// How the gateway speaks TLS: versions, ciphers, groups. One setting for all sites, because the context that SNI picks
// brings its certificate and key only; Node ignores any version or cipher in it.
import { constants } from 'node:crypto';
import type { SecureContextOptions, TlsOptions, Server as TlsServer } from 'node:tls';
import {
  ASKS_NOBODY,
  asksBeforeName,
  type ClientAsking,
  type Demand,
  sniCallback,
  trustWithoutName,
} from './ask-clients.ts';
import { currentSelector, type SelectorSource } from './select.ts';
import { SESSION_LIFE_SECONDS } from './tickets.ts';

/** Authenticated encryption with forward secrecy, nothing else: CBC suites invite padding oracles (Lucky Thirteen). */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');
/** Post-quantum first: what is recorded today must not be read tomorrow. */
const GROUPS = 'X25519MLKEM768:X25519:prime256v1:secp384r1';

/** What a server's handshakes depend on beside certificates. */
export interface HandshakeOptions {
  readonly handshakeMs: number;
  /** Default: nobody is asked for a certificate. */
  readonly asking?: () => ClientAsking;
  /** Default: nothing is ordered within a handshake. */
  readonly demand?: Demand;
  /** Default: a key of the server's own, which is never replaced. */
  readonly ticketKey?: Buffer;
}

/**
 * The TLS part of the options of `http2.createSecureServer` (ALPN is the caller's, by `allowHTTP1`). When certificates
 * have changed, call `renewContext`.
 */
export function serverTlsOptions(source: SelectorSource, options: HandshakeOptions): TlsOptions {
  const { asking = () => ASKS_NOBODY, demand, ticketKey, handshakeMs } = options;
  return {
    ...contextOptions(source, asking(), ticketKey),
    SNICallback: sniCallback(source, asking, demand),
    requestCert: asksBeforeName(asking()),
    // Whoever shows none, or a bad one, gets an answer that says so: 403, from the pipeline.
    rejectUnauthorized: false,
    handshakeTimeout: handshakeMs,
  };
}

/**
 * Gives a server that runs the default certificate, and the authorities for clients without a name, that are in force
 * now; all others are asked for anew in each handshake.
 */
export function renewContext(server: TlsServer, source: SelectorSource, asking: ClientAsking, ticketKey: Buffer): void {
  const made = [currentSelector(source).default, asking.clientPolicyFor(undefined)?.id, ticketKey] as const;
  if (renewed.get(server)?.every((part, i) => part === made[i]) !== true) {
    server.setSecureContext(contextOptions(source, asking, ticketKey));
    renewed.set(server, made);
  }
  // Node reads it from the server for each connection.
  Object.assign(server, { requestCert: asksBeforeName(asking) });
}

/** What the context of a server was made of: one that would be the same is not made again. */
const renewed = new WeakMap<TlsServer, readonly unknown[]>();

/**
 * The server's own context: the protocol for every connection, and the default certificate, which serves clients that
 * send no name. Without a default there is no certificate in it, and such clients get a handshake_failure alert.
 */
export function contextOptions(
  source: SelectorSource,
  asking: ClientAsking = ASKS_NOBODY,
  ticketKey?: Buffer,
): SecureContextOptions {
  const certificate = currentSelector(source).default;
  return {
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    ecdhCurve: GROUPS,
    honorCipherOrder: true,
    // A client that renegotiates again and again makes the server do costly work for nothing. One that names ChaCha20
    // first has no AES in hardware, and gets what it is quick at.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_PRIORITIZE_CHACHA,
    sessionTimeout: SESSION_LIFE_SECONDS,
    // Node's own differs with the arguments of the process, and sessions of one worker would be none to another.
    sessionIdContext: 'gatehouse',
    // A context without the key would make one up, and nobody could resume a session of before.
    ...(ticketKey === undefined ? {} : { ticketKeys: ticketKey }),
    ...trustWithoutName(asking),
    ...(certificate === undefined ? {} : { cert: certificate.chainPem, key: certificate.keyPem }),
  };
}

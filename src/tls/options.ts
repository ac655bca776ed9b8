// How the gateway speaks TLS: versions, ciphers, groups. One setting for all sites, because the context that SNI picks
// brings its certificate and key only; Node ignores any version or cipher in it.
import { constants } from 'node:crypto';
import type { SecureContextOptions, TlsOptions } from 'node:tls';
import type { Timeouts } from '../config/config.ts';
import { currentSelector, type SelectorSource, sniCallback } from './select.ts';

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

/**
 * The TLS part of the options of `http2.createSecureServer` (ALPN is the caller's, by `allowHTTP1`). When the default
 * certificate has changed, give `contextOptions` to the server's `setSecureContext`; other certificates need nothing,
 * as each handshake asks the source anew.
 */
export function serverTlsOptions(source: SelectorSource, timeouts: Pick<Timeouts, 'handshakeMs'>): TlsOptions {
  return {
    ...contextOptions(source),
    SNICallback: sniCallback(source),
    handshakeTimeout: timeouts.handshakeMs,
  };
}

/**
 * The server's own context: the protocol for every connection, and the default certificate, which serves clients that
 * send no name. Without a default there is no certificate in it, and such clients get a handshake_failure alert.
 */
export function contextOptions(source: SelectorSource): SecureContextOptions {
  const certificate = currentSelector(source).default;
  return {
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    ecdhCurve: GROUPS,
    honorCipherOrder: true,
    // A client that renegotiates again and again makes the server do costly work for nothing.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...(certificate === undefined ? {} : { cert: certificate.chainPem, key: certificate.keyPem }),
  };
}

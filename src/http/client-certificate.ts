// The certificate that a client has shown in its handshake, and the fields by which a backend learns of it. Those fields
// are the gateway's alone: what a client sends under such a name would be an identity of its own choice.
import type { Headers } from './headers.ts';

export interface ShownCertificate {
  /** RFC 4514, as ASCII: `CN=ann,O=Example`; empty when the certificate names nobody. */
  readonly subject: string;
  /** SHA-256, hexadecimal in lower case. */
  readonly fingerprint: string;
  readonly der: Buffer;
  readonly notAfterMs: number;
}

/** What a TLS client has proved of itself. `ClientPolicy.id` names whom it was checked by. */
export interface ClientProof {
  /** Undefined: it was not asked, or had none. */
  readonly certificate: ShownCertificate | undefined;
  /** What this handshake asked by; undefined: it did not ask, or resumed a session. */
  readonly policyId: string | undefined;
  readonly isResumed: boolean;
  /** By whom the certificate was found good; whether it still lasts is another question. */
  readonly goodFor: ReadonlySet<string>;
}

/** `_` stands for `-` in CGI and WSGI. */
const FIELD = /^(?:x[-_])?client[-_]cert/;

/** Whether a backend might look for a client's certificate under this name, in lower case. */
export function isClientCertificateField(name: string): boolean {
  return FIELD.test(name);
}

/** For a site that asks. null: the client has shown none. The certificate itself as in RFC 9440, 2.1. */
export function clientCertificateFields(certificate: ShownCertificate | null): Headers {
  if (certificate === null) return ['x-client-cert-verify', 'NONE'];
  const { der, fingerprint, subject } = certificate;
  return [
    'x-client-cert-verify',
    'SUCCESS',
    'x-client-cert-fingerprint',
    fingerprint,
    ...(subject === '' ? [] : ['x-client-cert-subject', subject]),
    'client-cert',
    `:${der.toString('base64')}:`,
  ];
}

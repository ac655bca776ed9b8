// An authority for client certificates, as a company would run one: intermediates, certificates for clients, revocation.
// With RSA keys and written by node-forge, so that the gateway's own writer of certificates does not test itself.
import { generateKeyPairSync, sign } from 'node:crypto';
import forge from 'node-forge';

const DAY_MS = 24 * 3_600_000;
const SHA256_WITH_RSA = '1.2.840.113549.1.1.11';
const { asn1, pki, md } = forge;
const { SEQUENCE, INTEGER, OID, NULL, UTCTIME } = asn1.Type;

/** What a TLS client needs to show its certificate. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly serial: string;
}

export interface ClientOptions {
  readonly days?: number;
  /** Its extended key usage; empty: none. */
  readonly usage?: 'clientAuth' | 'serverAuth' | '';
  readonly attributes?: forge.pki.CertificateField[];
}

export class ClientAuthority {
  readonly certPem: string;
  readonly #certificate: forge.pki.Certificate;
  readonly #key: forge.pki.rsa.PrivateKey;
  #serial = 1;

  constructor(name: string, issuer?: ClientAuthority) {
    const pair = keyPair();
    this.#key = pair.privateKey;
    this.#certificate = draft([{ name: 'commonName', value: name }], pair.publicKey, 365, issuer?.nextSerial() ?? '01');
    const signer = issuer ?? this;
    this.#certificate.setIssuer(signer.#certificate.subject.attributes);
    this.#certificate.setExtensions([
      { name: 'basicConstraints', critical: true, cA: true },
      { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    ]);
    this.#certificate.sign(signer.#key, md.sha256.create());
    this.certPem = pki.certificateToPem(this.#certificate);
  }

  nextSerial(): string {
    this.#serial += 1;
    return this.#serial.toString(16).padStart(4, '0');
  }

  /** `days` before zero: it has ended. */
  client(name: string, { days = 30, usage = 'clientAuth', attributes = [] }: ClientOptions = {}): Identity {
    const { publicKey, privateKey } = keyPair();
    const serial = this.nextSerial();
    const certificate = draft([{ name: 'commonName', value: name }, ...attributes], publicKey, days, serial);
    certificate.setIssuer(this.#certificate.subject.attributes);
    certificate.setExtensions(usage === '' ? [] : [{ name: 'extKeyUsage', [usage]: true }]);
    certificate.sign(this.#key, md.sha256.create());
    return { cert: pki.certificateToPem(certificate), key: pki.privateKeyToPem(privateKey), serial };
  }

  /** A list in PEM of what is revoked; `days` before zero: it is out of date. */
  revocationList(revoked: readonly Identity[], days = 30): string {
    const algorithm = sequence([primitive(OID, asn1.oidToDer(SHA256_WITH_RSA).getBytes()), primitive(NULL, '')]);
    const now = primitive(UTCTIME, asn1.dateToUtcTime(new Date(Date.now() - 2 * DAY_MS)));
    const tbs = sequence([
      primitive(INTEGER, '\x01'),
      algorithm,
      pki.distinguishedNameToAsn1(this.#certificate.subject),
      now,
      primitive(UTCTIME, asn1.dateToUtcTime(new Date(Date.now() + days * DAY_MS))),
      ...(revoked.length === 0
        ? []
        : [sequence(revoked.map(({ serial }) => sequence([primitive(INTEGER, forge.util.hexToBytes(serial)), now])))]),
    ]);
    const bytes = Buffer.from(asn1.toDer(tbs).getBytes(), 'latin1');
    const signature = sign('sha256', bytes, pki.privateKeyToPem(this.#key));
    const der = asn1.toDer(
      sequence([tbs, algorithm, primitive(asn1.Type.BITSTRING, `\0${signature.toString('latin1')}`)]),
    );
    return `-----BEGIN X509 CRL-----\n${forge.util.encode64(der.getBytes(), 64)}\n-----END X509 CRL-----\n`;
  }
}

function keyPair(): { publicKey: forge.pki.rsa.PublicKey; privateKey: forge.pki.rsa.PrivateKey } {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = pki.privateKeyFromPem(privateKey.export({ format: 'pem', type: 'pkcs1' }) as string);
  return { publicKey: pki.setRsaPublicKey(key.n, key.e), privateKey: key };
}

function draft(
  subject: forge.pki.CertificateField[],
  publicKey: forge.pki.PublicKey,
  days: number,
  serial: string,
): forge.pki.Certificate {
  const certificate = pki.createCertificate();
  certificate.publicKey = publicKey;
  certificate.serialNumber = serial;
  certificate.validity.notBefore = new Date(Date.now() - 40 * DAY_MS);
  certificate.validity.notAfter = new Date(Date.now() + days * DAY_MS);
  certificate.setSubject(subject);
  return certificate;
}

function sequence(members: forge.asn1.Asn1[]): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, SEQUENCE, true, members);
}

function primitive(type: forge.asn1.Type, content: string): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, type, false, content);
}

// The issuing side: roots, one intermediate key that each of them certified, and the leaves it signs.
import type { webcrypto } from 'node:crypto';
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

const DAY_MS = 86_400_000;
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const MAX_COMMON_NAME_LENGTH = 64;
const HIGH_BIT = 0x80;

type Keys = webcrypto.CryptoKeyPair;

export interface LeafWish {
  /** SubjectPublicKeyInfo. Undefined: a key that nobody has. */
  readonly spki: Buffer | undefined;
  readonly names: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface Leaf {
  readonly pem: string;
  /** Hexadecimal, as DER has it. */
  readonly serial: string;
  readonly certId: string;
}

export class Issuer {
  /** The first is the one of the default chain. */
  readonly rootPems: readonly string[];
  /** The same key and name, by each root. */
  readonly intermediatePems: readonly string[];
  readonly #keys: Keys;
  readonly #intermediate: x509.X509Certificate;
  #issued = 0;

  private constructor(roots: x509.X509Certificate[], intermediates: x509.X509Certificate[], keys: Keys) {
    this.rootPems = roots.map(pemOf);
    this.intermediatePems = intermediates.map(pemOf);
    this.#intermediate = intermediates[0] as x509.X509Certificate;
    this.#keys = keys;
  }

  static async create(rootCount: number): Promise<Issuer> {
    const keys = await newKeys();
    const roots: x509.X509Certificate[] = [];
    const intermediates: x509.X509Certificate[] = [];
    for (let number = 0; number < rootCount; number++) {
      const rootKeys = await newKeys();
      const name = `CN=Test Root ${number}`;
      const root = await makeAuthority({ subject: name, keys: rootKeys, issuer: name, issuerKeys: rootKeys });
      roots.push(root);
      intermediates.push(
        await makeAuthority({ subject: 'CN=Test Intermediate', keys, issuer: root.subject, issuerKeys: rootKeys }),
      );
    }
    return new Issuer(roots, intermediates, keys);
  }

  async issue({ spki, names, notBefore, notAfter }: LeafWish): Promise<Leaf> {
    const publicKey = new x509.PublicKey(spki ?? (await exportKey((await newKeys()).publicKey)));
    const serial = this.#newSerial();
    const commonName = names.find((name) => name.length <= MAX_COMMON_NAME_LENGTH);
    const authority = await x509.AuthorityKeyIdentifierExtension.create(this.#keys.publicKey);
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial.toString('hex'),
      subject: [{ CN: [commonName ?? ''] }],
      issuer: this.#intermediate.subject,
      notBefore,
      notAfter,
      publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: ECDSA,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
        ),
        await x509.SubjectKeyIdentifierExtension.create(publicKey),
        authority,
      ],
    });
    const inDer = (serial[0] as number) & HIGH_BIT ? Buffer.concat([Buffer.of(0), serial]) : serial;
    const certId = certIdOf(Buffer.from(authority.keyId as string, 'hex'), inDer);
    return { pem: pemOf(certificate), serial: inDer.toString('hex'), certId };
  }

  /** The first, third, … number has its high bit set, so that DER puts a zero before it; the others have it not. */
  #newSerial(): Buffer {
    const serial = randomBytes(16);
    const isHigh = this.#issued++ % 2 === 0;
    serial[0] = ((serial[0] as number) & 0x3f) | 0x40 | (isHigh ? HIGH_BIT : 0);
    return serial;
  }
}

/** RFC 9773, 4.1. The serial number is the content of its DER, zero before a high bit included. */
export function certIdOf(keyIdentifier: Buffer, serial: Buffer): string {
  return `${keyIdentifier.toString('base64url')}.${serial.toString('base64url')}`;
}

async function makeAuthority({
  subject,
  keys,
  issuer,
  issuerKeys,
}: {
  subject: string;
  keys: Keys;
  issuer: string;
  issuerKeys: Keys;
}): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.create({
    serialNumber: `01${randomBytes(8).toString('hex')}`,
    subject,
    issuer,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + 3650 * DAY_MS),
    publicKey: keys.publicKey,
    signingKey: issuerKeys.privateKey,
    signingAlgorithm: ECDSA,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuerKeys.publicKey),
    ],
  });
}

async function newKeys(): Promise<Keys> {
  return (await crypto.subtle.generateKey(ECDSA, true, ['sign', 'verify'])) as Keys;
}

async function exportKey(key: webcrypto.CryptoKey): Promise<ArrayBuffer> {
  return crypto.subtle.exportKey('spki', key);
}

function pemOf(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

// Certificates for tests, made when they are asked for: an authority with an intermediate, leaves with ECDSA or RSA
// keys, and the PKCS#12 fixtures. Nothing here needs the openssl program.
import { createPrivateKey, generateKeyPairSync, type KeyObject, type X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';
import { expect, onTestFinished } from 'vitest';
import { GatehouseError } from '../../src/base/errors.ts';
import { type Certificate, readCertificate } from '../../src/tls/certificate.ts';
import { issueCertificate } from '../../src/tls/issue.ts';
import { newKey } from '../../src/tls/keys.ts';

export const DAY_MS = 24 * 3_600_000;

export interface Pair {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
  readonly certPem: string;
  readonly keyPem: string;
}

export interface LeafOptions {
  readonly issuer?: Pair;
  readonly fromDays?: number;
  readonly days?: number;
  readonly key?: KeyObject;
}

/** A certificate authority, self-signed or signed by another one. */
export function makeAuthority(commonName: string, issuer?: Pair): Pair {
  return makePair(commonName, undefined, issuer === undefined ? {} : { issuer });
}

/** An ECDSA certificate with these names as they are, checked by nobody; self-signed unless an issuer is given. */
export function makeLeaf(names: readonly string[], options: LeafOptions = {}): Pair {
  return makePair(names[0] ?? 'nameless', names, options);
}

function makePair(commonName: string, names: readonly string[] | undefined, options: LeafOptions): Pair {
  const key = options.key ?? newKey();
  const startMs = Date.now() + (options.fromDays ?? -1) * DAY_MS;
  const certificate = issueCertificate({
    commonName,
    key,
    issuer: options.issuer,
    notBefore: new Date(startMs),
    notAfter: new Date(startMs + (options.days ?? 30) * DAY_MS),
    names,
  });
  return { certificate, key, certPem: certificate.toString(), keyPem: pemOf(key) };
}

/** A self-signed RSA certificate, written by node-forge alone; without a SAN when `names` is empty. */
export function makeRsa(
  commonName: string,
  names: readonly string[],
  bits = 2048,
): { certPem: string; keyPem: string } {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const key = forge.pki.privateKeyFromPem(privateKey.export({ format: 'pem', type: 'pkcs1' }) as string);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.setRsaPublicKey(key.n, key.e);
  certificate.serialNumber = '4a';
  certificate.validity.notBefore = new Date(Date.now() - DAY_MS);
  certificate.validity.notAfter = new Date(Date.now() + 30 * DAY_MS);
  certificate.setSubject([{ name: 'commonName', value: commonName }]);
  certificate.setIssuer([{ name: 'commonName', value: commonName }]);
  if (names.length > 0) {
    certificate.setExtensions([{ name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) }]);
  }
  certificate.sign(key, forge.md.sha256.create());
  return { certPem: forge.pki.certificateToPem(certificate), keyPem: pemOf(privateKey) };
}

/** A loaded ECDSA certificate for these names. */
export function certificateFor(...names: string[]): Certificate {
  const { certPem, keyPem } = makeLeaf(names);
  return readCertificate(certPem, keyPem, undefined, `${names[0]}.pem`);
}

export function pemOf(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }) as string;
}

export function fixture(name: string): Buffer {
  return Buffer.from(readFileSync(join(import.meta.dirname, 'fixtures', `${name}.p12.b64`), 'latin1'), 'base64');
}

export function fixtureRoot(): string {
  return readFileSync(join(import.meta.dirname, 'fixtures/root.pem'), 'latin1');
}

/** Whether the key is the certificate's own, as another reader than ours sees it. */
export function isKeyOf(keyPem: string, certificate: X509Certificate): boolean {
  return certificate.checkPrivateKey(createPrivateKey(keyPem));
}

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The error with which this refuses its input; anything but a GatehouseError about a certificate fails the test. */
export function refusal(attempt: () => unknown): GatehouseError {
  try {
    attempt();
  } catch (error) {
    expect(error).toBeInstanceOf(GatehouseError);
    expect(error).toMatchObject({ code: 'certificate_invalid', side: 'gateway' });
    return error as GatehouseError;
  }
  throw new Error('it was accepted');
}

// Reads what finalize brings (RFC 8555, 7.4): the key to certify, and that the names are those of the order.
import { createPublicKey } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { thumbprintOf } from './jws.ts';
import type { Order } from './model.ts';
import { canonical } from './names.ts';
import { AcmeProblem } from './problem.ts';

const COMMON_NAME = '2.5.4.3';
const MIN_RSA_BITS = 2048;
const CURVES = ['prime256v1', 'secp384r1'];

/** Returns the key (SubjectPublicKeyInfo). Throws `badCSR` or `badPublicKey`. */
export async function readCsr(der: Buffer, order: Order): Promise<Buffer> {
  const csr = parse(der);
  if (!(await csr.verify())) throw new AcmeProblem('badCSR', 'its signature is wrong');
  const asked = new Set(namesOf(csr));
  const ordered = new Set(order.identifiers.map(({ value }) => value));
  if (asked.symmetricDifference(ordered).size > 0) {
    throw new AcmeProblem('badCSR', `it names ${[...asked].join(', ')} and the order ${[...ordered].join(', ')}`);
  }
  const spki = Buffer.from(csr.publicKey.rawData);
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  if (!CURVES.includes(namedCurve) && modulusLength < MIN_RSA_BITS) {
    throw new AcmeProblem('badPublicKey', 'no certificates for such keys');
  }
  if (thumbprintOf(key) === order.account.thumbprint) throw new AcmeProblem('badCSR', "it has the account's own key");
  return spki;
}

function parse(der: Buffer): x509.Pkcs10CertificateRequest {
  try {
    return new x509.Pkcs10CertificateRequest(der);
  } catch {
    throw new AcmeProblem('badCSR', 'it cannot be read');
  }
}

function namesOf(csr: x509.Pkcs10CertificateRequest): string[] {
  const extension = csr.getExtension('2.5.29.17');
  const names = extension === null ? [] : new x509.SubjectAlternativeNameExtension(extension.rawData).names.items;
  return [...names.map(({ value }) => value), ...csr.subjectName.getField(COMMON_NAME)].map(canonical);
}

// Makes one X.509 certificate (RFC 5280) with an ECDSA key. node-forge knows RSA only: it writes names, validity and
// extensions; the elliptic key and the signature are put in their places with node:crypto.
import { createHash, createPublicKey, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import forge from 'node-forge';
import { type Asn1Node, child, elements, encodeNode, parseNode, primitive, sequence } from './asn1.ts';

const { CONTEXT_SPECIFIC } = forge.asn1.Class;
const { OID, BITSTRING, OCTETSTRING, UTF8 } = forge.asn1.Type;
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';
const AUTHORITY_KEY_IDENTIFIER = '2.5.29.35';
/** Places in TBSCertificate (RFC 5280, 4.1). */
const TBS = { signature: 2, issuer: 3, subject: 5, publicKey: 6 };
const UNCOMPRESSED_POINT = 0x04;
const NO_UNUSED_BITS = 0;
/** RFC 5280, A.1, ub-common-name. */
const MAX_COMMON_NAME_LENGTH = 64;

export interface Issuance {
  readonly commonName: string;
  /** The subject's own key; only its public half enters the certificate. */
  readonly key: KeyObject;
  /** Who signs. Undefined: the certificate signs itself. */
  readonly issuer: { readonly certificate: X509Certificate; readonly key: KeyObject } | undefined;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** DNS names and addresses of a server certificate. Undefined: a certificate authority. */
  readonly names: readonly string[] | undefined;
  /** How many authorities may stand between an authority and a leaf; default: none, it signs leaves only. */
  readonly pathLength?: number;
}

/**
 * Signs a certificate with ECDSA and SHA-256. Both keys are private keys on P-256. A common name that is too long is
 * left out.
 */
export function issueCertificate(issuance: Issuance): X509Certificate {
  const { key, issuer } = issuance;
  const algorithm = sequence([
    primitive(OID, Buffer.from(forge.asn1.oidToDer(ECDSA_WITH_SHA256).getBytes(), 'latin1')),
  ]);
  const tbs = draft(issuance);
  const fields = elements(tbs);
  fields[TBS.signature] = algorithm;
  // The very bytes of the issuer's name: one written anew may differ in its string types and break the chain.
  fields[TBS.issuer] = child(issuer === undefined ? tbs : child(parseNode(issuer.certificate.raw), 0), TBS.subject);
  fields[TBS.publicKey] = parseNode(createPublicKey(key).export({ format: 'der', type: 'spki' }));
  const signature = sign('sha256', encodeNode(tbs), issuer?.key ?? key);
  const bits = primitive(BITSTRING, Buffer.concat([Buffer.of(NO_UNUSED_BITS), signature]));
  return new X509Certificate(encodeNode(sequence([tbs, algorithm, bits])));
}

/**
 * A TBSCertificate with everything that node-forge can write; an RSA key of no meaning holds the place of the real one.
 */
function draft({ commonName, key, issuer, notBefore, notAfter, names, pathLength = 0 }: Issuance): Asn1Node {
  const certificate = forge.pki.createCertificate();
  certificate.serialNumber = randomSerial();
  certificate.validity.notBefore = notBefore;
  certificate.validity.notAfter = notAfter;
  if (commonName.length <= MAX_COMMON_NAME_LENGTH) {
    certificate.setSubject([
      { name: 'commonName', value: commonName, valueTagClass: UTF8 as number as forge.asn1.Class },
    ]);
  }
  certificate.setExtensions([
    ...(names === undefined ? authorityExtensions(pathLength) : serverExtensions(names, commonName)),
    { id: SUBJECT_KEY_IDENTIFIER, value: encodeNode(primitive(OCTETSTRING, keyIdentifier(key))).toString('latin1') },
    ...(issuer === undefined ? [] : [authorityKeyIdentifier(issuer.key)]),
  ]);
  certificate.publicKey = forge.pki.rsa.setPublicKey(forge.jsbn.BigInteger.ONE, forge.jsbn.BigInteger.ONE);
  certificate.signatureOid = ECDSA_WITH_SHA256;
  certificate.siginfo.algorithmOid = ECDSA_WITH_SHA256;
  certificate.signature = '';
  return child(forge.pki.certificateToAsn1(certificate), 0);
}

function authorityExtensions(pathLenConstraint: number): object[] {
  return [
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
  ];
}

function serverExtensions(names: readonly string[], commonName: string): object[] {
  const altNames = names.map((name) => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name }));
  return [
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true },
    { name: 'extKeyUsage', serverAuth: true },
    // Critical when the subject is empty (RFC 5280, 4.2.1.6).
    { name: 'subjectAltName', critical: commonName.length > MAX_COMMON_NAME_LENGTH, altNames },
  ];
}

function authorityKeyIdentifier(issuerKey: KeyObject): object {
  const identifier = forge.asn1.create(CONTEXT_SPECIFIC, 0, false, keyIdentifier(issuerKey).toString('latin1'));
  return { id: AUTHORITY_KEY_IDENTIFIER, value: encodeNode(sequence([identifier])).toString('latin1') };
}

/** SHA-1 of the curve point (RFC 5280, 4.2.1.2). It names a key and secures nothing. */
function keyIdentifier(key: KeyObject): Buffer {
  const { x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' });
  const point = [Buffer.of(UNCOMPRESSED_POINT), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')];
  return createHash('sha1').update(Buffer.concat(point)).digest();
}

/** 126 random bits behind the bits 01: positive, and always 16 bytes (RFC 5280, 4.1.2.2 allows 20). */
function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

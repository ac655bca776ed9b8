// The certificate that answers a TLS-ALPN-01 challenge (RFC 8737, 3): self-signed, for one name, with the digest of the
// answer in a critical extension. acme-client's own lacks the key usage that clients over TLS 1.2 insist on.
import { createHash, createPublicKey, randomBytes, sign, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import forge from 'node-forge';
import { type Asn1Node, encodeNode, parseNode, primitive, sequence } from '../../tls/asn1.ts';
import { newKey, pemOfKey } from '../../tls/keys.ts';
import { addressBytes } from './address.ts';

const { UNIVERSAL, CONTEXT_SPECIFIC } = forge.asn1.Class;
const { BITSTRING, BOOLEAN, GENERALIZEDTIME, INTEGER, OCTETSTRING, OID, SET, UTF8 } = forge.asn1.Type;
const ID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  acmeIdentifier: '1.3.6.1.5.5.7.1.31',
};
const VERSION_3 = Buffer.of(2);
const TRUE = Buffer.of(0xff);
/** digitalSignature: the first bit of a string of bits, of which seven are unused. */
const DIGITAL_SIGNATURE = Buffer.of(7, 0x80);
const NO_UNUSED_BITS = Buffer.of(0);
const ALT_NAME = { dns: 2, ip: 7 };
const DAY_MS = 24 * 3_600_000;

/** PEM of certificate and key, with a key of its own. `name` is a host name or an address. */
export function alpnCertificate(name: string, keyAuthorization: string, nowMs: number = Date.now()): string {
  const privateKey = newKey();
  const algorithm = sequence([id(ID.ecdsaWithSha256)]);
  const issuer = sequence([constructed(UNIVERSAL, SET, [sequence([id(ID.commonName), text('ACME challenge')])])]);
  const tbs = sequence([
    constructed(CONTEXT_SPECIFIC, 0, [primitive(INTEGER, VERSION_3)]),
    primitive(INTEGER, serialNumber()),
    algorithm,
    issuer,
    // Nobody looks at the time; a clock that is wrong must not matter.
    sequence([time(nowMs - 7 * DAY_MS), time(nowMs + 7 * DAY_MS)]),
    issuer,
    parseNode(createPublicKey(privateKey).export({ format: 'der', type: 'spki' })),
    constructed(CONTEXT_SPECIFIC, 3, [
      sequence([
        extension(ID.keyUsage, primitive(BITSTRING, DIGITAL_SIGNATURE)),
        extension(ID.subjectAltName, sequence([altName(name)])),
        extension(ID.acmeIdentifier, primitive(OCTETSTRING, createHash('sha256').update(keyAuthorization).digest())),
      ]),
    ]),
  ]);
  const signature = Buffer.concat([NO_UNUSED_BITS, sign('sha256', encodeNode(tbs), privateKey)]);
  const certificate = new X509Certificate(encodeNode(sequence([tbs, algorithm, primitive(BITSTRING, signature)])));
  return `${certificate.toString()}${pemOfKey(privateKey)}`;
}

function extension(identifier: string, value: Asn1Node): Asn1Node {
  return sequence([id(identifier), primitive(BOOLEAN, TRUE), primitive(OCTETSTRING, encodeNode(value))]);
}

function altName(name: string): Asn1Node {
  if (isIP(name) === 0) return tagged(ALT_NAME.dns, Buffer.from(name, 'latin1'));
  return tagged(ALT_NAME.ip, addressBytes(name));
}

/** Positive, and without a zero in front. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return bytes;
}

function id(dotted: string): Asn1Node {
  return primitive(OID, Buffer.from(forge.asn1.oidToDer(dotted).getBytes(), 'latin1'));
}

function text(value: string): Asn1Node {
  return primitive(UTF8, Buffer.from(value));
}

function time(ms: number): Asn1Node {
  const digits = new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '');
  return primitive(GENERALIZEDTIME, Buffer.from(`${digits}Z`));
}

function constructed(space: forge.asn1.Class, tag: number, members: Asn1Node[]): Asn1Node {
  return forge.asn1.create(space, tag, true, members);
}

function tagged(tag: number, content: Buffer): Asn1Node {
  return forge.asn1.create(CONTEXT_SPECIFIC, tag, false, content.toString('latin1'));
}

// The inside of a PKCS#12 file (RFC 7292, 4): its contents, their decryption, and the keys and certificates among its
// bags. It reads BER and throws plain errors; pkcs12.ts turns them into words for the operator.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import {
  type Asn1Node,
  child,
  elements,
  encodeNode,
  objectId,
  octets,
  parseNode,
  primitive,
  sequence,
} from './asn1.ts';

const OID = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  pbes2: '1.2.840.113549.1.5.13',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  nestedBags: '1.2.840.113549.1.12.10.1.6',
  x509Certificate: '1.2.840.113549.1.9.22.1',
};

/** A passphrase as the two families of key derivation take it. */
export interface Secret {
  /** For the derivation of PKCS#12 itself. Undefined is no bytes at all, where `''` is still a terminating zero. */
  readonly text: string | undefined;
  /** For PBKDF2: UTF-8, one char for each byte. */
  readonly utf8: string;
}

export interface Bags {
  readonly keys: KeyObject[];
  readonly certificates: X509Certificate[];
}

/**
 * Every key and certificate of an AuthenticatedSafe; bags of other kinds (revocation lists, secrets) are passed over.
 */
export function openBags(authenticatedSafe: Uint8Array, secret: Secret): Bags {
  const bags: Bags = { keys: [], certificates: [] };
  for (const contentInfo of elements(parseNode(authenticatedSafe))) {
    const content = child(child(contentInfo, 1), 0);
    switch (objectId(child(contentInfo, 0))) {
      case OID.data: {
        const bytes = octets(content);
        if (bytes.length > 0) collect(parseNode(bytes), secret, bags);
        break;
      }
      case OID.encryptedData: {
        const encrypted = child(content, 1);
        collect(decrypt(child(encrypted, 1), octets(child(encrypted, 2)), secret), secret, bags);
        break;
      }
      default:
        throw new SyntaxError('PKCS#12: unsupported kind of content');
    }
  }
  return bags;
}

function collect(safeContents: Asn1Node, secret: Secret, bags: Bags): void {
  for (const bag of elements(safeContents)) {
    const value = child(child(bag, 1), 0);
    switch (objectId(child(bag, 0))) {
      case OID.keyBag:
        bags.keys.push(privateKey(value));
        break;
      case OID.shroudedKeyBag:
        bags.keys.push(privateKey(decrypt(child(value, 0), octets(child(value, 1)), secret)));
        break;
      case OID.certificateBag:
        if (objectId(child(value, 0)) === OID.x509Certificate) {
          bags.certificates.push(new X509Certificate(octets(child(child(value, 1), 0))));
        }
        break;
      case OID.nestedBags:
        collect(value, secret, bags);
        break;
    }
  }
}

/** node-forge decrypts key bags only, but encrypted contents have the very same form: an algorithm and bytes. */
function decrypt(algorithm: Asn1Node, bytes: Buffer, secret: Secret): Asn1Node {
  const encrypted = sequence([algorithm, primitive(forge.asn1.Type.OCTETSTRING, bytes)]);
  const passphrase = objectId(child(algorithm, 0)) === OID.pbes2 ? secret.utf8 : secret.text;
  const plain: Asn1Node | null = forge.pki.decryptPrivateKeyInfo(encrypted, passphrase as string);
  if (plain === null) throw new SyntaxError('PKCS#12: decryption failed');
  return plain;
}

function privateKey(info: Asn1Node): KeyObject {
  return createPrivateKey({ key: encodeNode(info), format: 'der', type: 'pkcs8' });
}

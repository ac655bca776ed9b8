// From PEM text to a key and the chain that belongs to it, leaf first. A message names the file and what to do,
// and never shows a passphrase or any part of a key.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { GatehouseError } from '../base/errors.ts';

const CERTIFICATE_BLOCK =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;
const KEY_BLOCK = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----[\s\S]*?-----END \1-----/;
/** More than any chain holds; a bundle of a system's roots holds about 150. */
const MAX_CERTIFICATES = 32;

/** The error that all of this room throws: the fault is the gateway's own material, never the client's. */
export function certificateInvalid(message: string, cause?: unknown): GatehouseError {
  return new GatehouseError('certificate_invalid', 'gateway', message, cause === undefined ? {} : { cause });
}

/**
 * Every certificate of a PEM text, in its order; other blocks are passed over. Throws when there is none, one is
 * damaged, or there are more than `most`.
 */
export function readCertificates(pem: string, source: string, most: number = MAX_CERTIFICATES): X509Certificate[] {
  const blocks = pem.match(CERTIFICATE_BLOCK) ?? [];
  if (blocks.length === 0) {
    throw certificateInvalid(
      `${source} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----). A DER file becomes PEM with: openssl x509 -inform der -in FILE -out FILE.pem`,
    );
  }
  if (blocks.length > most) {
    throw certificateInvalid(
      `${source} holds ${blocks.length} certificates, more than ${most}: it looks like a bundle of roots. Give the file with the site's own certificate and its intermediates.`,
    );
  }
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw certificateInvalid(
        `Certificate ${index + 1} in ${source} is damaged and cannot be read. Copy the file again from where it was issued.`,
        error,
      );
    }
  });
}

/** The first private key of a PEM text: PKCS#8 or traditional form, encrypted or not. */
export function readPrivateKey(pem: string, passphrase: string | undefined, source: string): KeyObject {
  const block = KEY_BLOCK.exec(pem)?.[0];
  if (block === undefined) {
    throw certificateInvalid(
      `${source} holds no private key in PEM form (-----BEGIN PRIVATE KEY-----). Give the file with the key that the certificate was requested with.`,
    );
  }
  const isEncrypted = block.includes('ENCRYPTED');
  if (isEncrypted && (passphrase === undefined || passphrase === '')) {
    throw certificateInvalid(`The private key in ${source} is encrypted. Set \`passphrase\` beside it.`);
  }
  try {
    return createPrivateKey(isEncrypted ? { key: block, passphrase: passphrase as string } : block);
  } catch (error) {
    throw certificateInvalid(
      isEncrypted
        ? `The passphrase does not open the private key in ${source}, or the key is damaged. Check \`passphrase\`.`
        : `The private key in ${source} is damaged or of a kind that Node cannot read. Copy the file again, or use an ECDSA or RSA key.`,
      error,
    );
  }
}

/** A chain as it is sent, and what else was with it. */
export interface Chain {
  /** Leaf first, each one issued by the next; without the root, which every client must have itself. */
  readonly certificates: readonly [X509Certificate, ...X509Certificate[]];
  /** Certificates that take no part in the chain, roots excepted. */
  readonly unused: readonly X509Certificate[];
}

/**
 * Puts certificates into the order in which TLS sends them (RFC 8446, 4.4.2), whatever order they came in: the leaf is
 * the one that holds the key's public half. Undefined when none does.
 */
export function orderChain(certificates: readonly X509Certificate[], key: KeyObject): Chain | undefined {
  const leaf = newest(certificates.filter((certificate) => certificate.checkPrivateKey(key)));
  if (leaf === undefined) return undefined;
  const chain: [X509Certificate, ...X509Certificate[]] = [leaf];
  const rest = new Set(certificates.filter((certificate) => certificate.fingerprint256 !== leaf.fingerprint256));
  let last = leaf;
  while (!isSelfIssued(last)) {
    const issuer = [...rest].find((candidate) => isIssuedBy(last, candidate));
    if (issuer === undefined) break;
    rest.delete(issuer);
    if (isSelfIssued(issuer)) break;
    chain.push(issuer);
    last = issuer;
  }
  const sent = new Set(chain.map((certificate) => certificate.fingerprint256));
  const unused = [...rest].filter((certificate) => !sent.has(certificate.fingerprint256) && !isSelfIssued(certificate));
  return { certificates: chain, unused };
}

/** Whether the issuer's name, identifiers and signature all fit. */
export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

export function isSelfIssued(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate);
}

/** A file that was renewed by appending holds two leaves with one key: the later one counts. */
function newest(certificates: readonly X509Certificate[]): X509Certificate | undefined {
  let latest: X509Certificate | undefined;
  for (const certificate of certificates) {
    if (latest === undefined || certificate.validToDate > latest.validToDate) latest = certificate;
  }
  return latest;
}

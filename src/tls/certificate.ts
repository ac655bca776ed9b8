// A chain with its key, checked and ready for a handshake. What cannot be served is refused here, before it takes the
// place of anything. The key is never enumerable: it must not reach a log line, JSON or a status page.
import { createHash, type X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { GatehouseError } from '../base/errors.ts';
import type { CertificateFile } from '../config/model/certificates.ts';
import { certificateInvalid, isSelfIssued, orderChain, readCertificates, readPrivateKey } from './chain.ts';
import { pemOfKey } from './keys.ts';
import { certificateNames } from './names.ts';
import { readOperatorFile } from './operator-file.ts';

export class Certificate {
  /** DNS names (wildcards included) and addresses, in lower case; see `certificateNames`. */
  readonly names: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The issuer's name on one line. */
  readonly issuer: string;
  /** Hexadecimal, upper case. */
  readonly serial: string;
  /** SHA-256 of the leaf, hexadecimal with colons. */
  readonly fingerprint256: string;
  /** `ecdsa`, `rsa`, `ed25519`, or Node's name for another kind. */
  readonly keyType: string;
  /** Leaf first, without the root. */
  readonly chainPem: string;
  /** Path of the file it came from, or `internal`. */
  readonly source: string;
  /** What the operator should hear about a certificate that is served all the same. */
  readonly warnings: readonly string[];
  readonly #origin: string;
  readonly #readAtMs: number;
  readonly #keyPem: string;
  readonly #context: SecureContext;

  /** Use `readCertificate`, which checks what this takes for granted. */
  constructor(chain: readonly [X509Certificate, ...X509Certificate[]], material: CertificateMaterial) {
    const [leaf] = chain;
    const keyType = leaf.publicKey.asymmetricKeyType ?? 'unknown';
    this.names = certificateNames(leaf);
    this.notBefore = leaf.validFromDate;
    this.notAfter = leaf.validToDate;
    this.issuer = leaf.issuer.replaceAll('\n', ', ');
    this.serial = leaf.serialNumber;
    this.fingerprint256 = leaf.fingerprint256;
    this.keyType = keyType === 'ec' ? 'ecdsa' : keyType;
    this.chainPem = material.chainPem;
    this.source = material.source;
    this.warnings = material.warnings;
    this.#origin = material.origin;
    this.#readAtMs = material.readAtMs;
    this.#keyPem = material.keyPem;
    this.#context = material.context;
  }

  /** PKCS#8, not encrypted. For a worker process or a key file, nothing else. */
  get keyPem(): string {
    return this.#keyPem;
  }

  /** Whether reading `origin` (`originOf`) now would give the same once more, warnings included. */
  isStill(origin: string, nowMs: number): boolean {
    const isOver = (end: Date): boolean => end.getTime() <= nowMs !== end.getTime() <= this.#readAtMs;
    return this.#origin === origin && !isOver(this.notBefore) && !isOver(this.notAfter);
  }

  /** Holds the chain and the key; protocol versions and ciphers are the server's (`options.ts`). */
  get context(): SecureContext {
    return this.#context;
  }
}

interface CertificateMaterial {
  readonly origin: string;
  readonly readAtMs: number;
  readonly chainPem: string;
  readonly keyPem: string;
  readonly context: SecureContext;
  readonly source: string;
  readonly warnings: readonly string[];
}

export interface ReadOptions {
  /** Path of the key's file for messages; default: the certificate's. */
  readonly keySource?: string;
  /** What time it is, in ms since 1970. */
  readonly nowMs?: number;
  /** Given back when nothing has changed: a TLS context takes memory that no collector of garbage knows of. */
  readonly known?: Certificate | undefined;
}

/**
 * Checks a chain and its key by building a TLS context from them. The chain may be in any order. An expired
 * certificate is read too, with a warning: serving it is better than a gateway that does not start.
 * Throws GatehouseError `certificate_invalid` and nothing else.
 */
export function readCertificate(
  certPem: string,
  keyPem: string,
  passphrase: string | undefined,
  source: string,
  options: ReadOptions = {},
): Certificate {
  const { nowMs = Date.now(), known } = options;
  const origin = originOf(certPem, keyPem, passphrase, source);
  if (known?.isStill(origin, nowMs) === true) return known;
  try {
    return checkedCertificate(certPem, keyPem, passphrase, source, { ...options, nowMs, origin });
  } catch (error) {
    if (error instanceof GatehouseError) throw error;
    throw certificateInvalid(
      `${source} holds a certificate of a kind that Node cannot read (${(error as Error).message}). Ask for a new one with an ECDSA P-256 or an RSA key of 2048 bits.`,
      error,
    );
  }
}

/**
 * Reads a certificate that the operator brought: PEM files or a PKCS#12 file. Gives back `known` when that was read of the
 * same bytes. Throws GatehouseError `certificate_invalid`.
 */
export async function loadCertificateFile(file: CertificateFile, known?: Certificate): Promise<Certificate> {
  if ('pfx' in file) {
    const bytes = await readOperatorFile(file.pfx);
    // node-forge takes 30 ms to load, and few gateways have such a file.
    const { readPkcs12 } = await import('./pkcs12.ts');
    const { certPem, keyPem } = readPkcs12(bytes, file.passphrase, file.pfx);
    return readCertificate(certPem, keyPem, undefined, file.pfx, { known });
  }
  // One after the other, so that of two missing files it is always the certificate that is told.
  const cert = await readOperatorFile(file.cert);
  // One file for both is read once: half of it might be from before it was replaced.
  const key = file.key === file.cert ? cert : await readOperatorFile(file.key);
  return readCertificate(cert.toString('latin1'), key.toString('latin1'), file.passphrase, file.cert, {
    keySource: file.key,
    known,
  });
}

function checkedCertificate(
  certPem: string,
  keyPem: string,
  passphrase: string | undefined,
  source: string,
  options: ReadOptions & { readonly nowMs: number; readonly origin: string },
): Certificate {
  const found = readCertificates(certPem, source);
  const keySource = options.keySource ?? source;
  const key = readPrivateKey(keyPem, passphrase, keySource);
  const chain = orderChain(found, key);
  if (chain === undefined) {
    throw certificateInvalid(
      `The private key in ${keySource} does not belong to ${found.length === 1 ? 'the certificate' : 'any certificate'} in ${source}. Give the key that this certificate was requested with.`,
    );
  }
  const chainPem = chain.certificates.map((certificate) => certificate.toString()).join('');
  const plainKeyPem = pemOfKey(key);
  const context = openContext(chainPem, plainKeyPem, source);
  const warnings = warningsFor(chain.certificates, chain.unused.length, source, options.nowMs);
  const { origin, nowMs: readAtMs } = options;
  return new Certificate(chain.certificates, {
    origin,
    readAtMs,
    chainPem,
    keyPem: plainKeyPem,
    context,
    source,
    warnings,
  });
}

/** A digest of all that a certificate is read of. */
function originOf(...parts: readonly (string | undefined)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

function openContext(chainPem: string, keyPem: string, source: string): SecureContext {
  try {
    return createSecureContext({ cert: chainPem, key: keyPem });
  } catch (error) {
    const isWeak = (error as NodeJS.ErrnoException).code === 'ERR_SSL_EE_KEY_TOO_SMALL';
    throw certificateInvalid(
      isWeak
        ? `The key of ${source} is too short to be safe. Ask for a new certificate with an ECDSA P-256 or an RSA key of 2048 bits.`
        : `${source} cannot be used for TLS (${(error as Error).message}). Ask for a new certificate with an ECDSA P-256 or an RSA key of 2048 bits.`,
      error,
    );
  }
}

function warningsFor(
  chain: readonly [X509Certificate, ...X509Certificate[]],
  unused: number,
  source: string,
  nowMs: number,
): string[] {
  const [leaf] = chain;
  const warnings: string[] = [];
  if (leaf.validToDate.getTime() <= nowMs) {
    warnings.push(`${source} expired on ${leaf.validToDate.toISOString()}: clients refuse it. Replace it.`);
  }
  if (leaf.validFromDate.getTime() > nowMs) {
    warnings.push(`${source} is not valid before ${leaf.validFromDate.toISOString()}: clients refuse it until then.`);
  }
  if (leaf.subjectAltName === undefined) {
    warnings.push(
      `${source} has no subject alternative name: clients ignore the common name (RFC 9525) and refuse it.`,
    );
  }
  if (leaf.publicKey.asymmetricKeyType?.startsWith('ed')) {
    warnings.push(`${source} has an Edwards-curve key, which browsers refuse. Use ECDSA P-256.`);
  }
  if (chain.length === 1 && leaf.infoAccess?.includes('CA Issuers') && !isSelfIssued(leaf)) {
    warnings.push(
      `${source} lacks its intermediate certificate: some clients refuse it. Append the CA's chain to the file.`,
    );
  }
  if (unused > 0) {
    warnings.push(`${source} holds ${unused} further certificate(s) that are no part of its chain; they are not sent.`);
  }
  return warnings;
}

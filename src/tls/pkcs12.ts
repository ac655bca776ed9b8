// PKCS#12 files (.p12, .pfx; RFC 7292), old and new: the seal is checked, the bags are opened, the chain is put in
// order. Node opens only the new ones and gives no key away; node-forge fails on passphrases beyond ASCII. Hence this
// walk.
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { GatehouseError } from '../base/errors.ts';
import { type Asn1Node, child, elements, objectId, octets, parseNode } from './asn1.ts';
import { certificateInvalid, orderChain } from './chain.ts';
import { pemOfKey } from './keys.ts';
import { type Bags, openBags, type Secret } from './pkcs12-bags.ts';

/** What a PKCS#12 file holds, as `readCertificate` takes it. */
export interface Pkcs12Content {
  /** The leaf, then its intermediates. */
  readonly certPem: string;
  /** PKCS#8, not encrypted. */
  readonly keyPem: string;
}

const SIGNED_DATA = '1.2.840.113549.1.7.2';
/** A few seconds of work; a damaged count would otherwise stop the gateway for hours. Real files have 1 to 600,000. */
const MAX_MAC_ITERATIONS = 5_000_000;
/** Digests of the seal by object identifier, with their block size. */
const DIGESTS: Record<string, Digest> = {
  '1.2.840.113549.2.5': { name: 'md5', blockBytes: 64 },
  '1.3.14.3.2.26': { name: 'sha1', blockBytes: 64 },
  '2.16.840.1.101.3.4.2.1': { name: 'sha256', blockBytes: 64 },
  '2.16.840.1.101.3.4.2.2': { name: 'sha384', blockBytes: 128 },
  '2.16.840.1.101.3.4.2.3': { name: 'sha512', blockBytes: 128 },
  '2.16.840.1.101.3.4.2.4': { name: 'sha224', blockBytes: 64 },
};

interface Digest {
  readonly name: string;
  readonly blockBytes: number;
}

/**
 * Opens a PKCS#12 file and puts its chain in order. `undefined` and `''` both stand for "no passphrase", which programs
 * write in two ways. `source` names the file in messages. Throws GatehouseError `certificate_invalid` and nothing else.
 */
export function readPkcs12(
  bytes: Uint8Array,
  passphrase: string | undefined,
  source = 'The PKCS#12 data',
): Pkcs12Content {
  try {
    const file = parseNode(bytes);
    const contentInfo = child(file, 1);
    if (objectId(child(contentInfo, 0)) === SIGNED_DATA) {
      throw certificateInvalid(`${source} is sealed with a public key. Export it again with a passphrase instead.`);
    }
    const content = octets(child(child(contentInfo, 1), 0));
    return chosen(opened(content, readSeal(file, source), passphrase, source), source);
  } catch (error) {
    if (error instanceof GatehouseError) throw error;
    throw certificateInvalid(
      `${source} is not a PKCS#12 file, or it is damaged. Export it again (.p12 or .pfx), or give PEM files as \`cert\` and \`key\`.`,
      error,
    );
  }
}

/** The MAC over the content; it tells a wrong passphrase from a damaged file. */
interface Seal {
  readonly digest: Digest;
  readonly mac: Buffer;
  readonly salt: Buffer;
  readonly iterations: number;
}

function readSeal(file: Asn1Node, source: string): Seal | undefined {
  if (elements(file).length < 3) return undefined;
  const macData = child(file, 2);
  const digestInfo = child(macData, 0);
  const algorithm = objectId(child(child(digestInfo, 0), 0));
  const digest = DIGESTS[algorithm];
  if (digest === undefined) {
    throw certificateInvalid(
      `${source} is sealed in a way that Gatehouse cannot check (MAC ${algorithm}). Export it again with: openssl pkcs12 -export -macalg sha256`,
    );
  }
  // The count is 1 when it is left out.
  const iterations = elements(macData).length < 3 ? 1 : Number(`0x${octets(child(macData, 2)).toString('hex')}`);
  if (!(iterations >= 1 && iterations <= MAX_MAC_ITERATIONS)) throw new RangeError(`PKCS#12: ${iterations} iterations`);
  return { digest, mac: octets(child(digestInfo, 1)), salt: octets(child(macData, 1)), iterations };
}

function opened(content: Buffer, seal: Seal | undefined, passphrase: string | undefined, source: string): Bags {
  let failure: unknown;
  for (const secret of secretsFor(passphrase)) {
    if (seal !== undefined && !isSealedWith(seal, content, secret.text)) continue;
    try {
      return openBags(content, secret);
    } catch (error) {
      failure = error;
    }
  }
  if (failure instanceof Error && /unsupported/i.test(failure.message)) {
    throw certificateInvalid(
      `${source} is encrypted in a way that Gatehouse cannot read. Export it again with AES, the default of OpenSSL 3.`,
      failure,
    );
  }
  // The seal has proven the passphrase, so what is inside is at fault.
  if (seal !== undefined && failure !== undefined) throw failure;
  throw certificateInvalid(
    passphrase === undefined || passphrase === ''
      ? `${source} is protected by a passphrase. Set \`passphrase\` beside it.`
      : `${source} stays closed: the passphrase does not open it. Check \`passphrase\`.`,
    failure,
  );
}

function secretsFor(passphrase: string | undefined): Secret[] {
  if (passphrase === undefined || passphrase === '') {
    return [
      { text: '', utf8: '' },
      { text: undefined, utf8: '' },
    ];
  }
  const utf8 = Buffer.from(passphrase, 'utf8').toString('latin1');
  // OpenSSL before 1.1 widened each byte of the UTF-8 by itself.
  return [passphrase, ...(utf8 === passphrase ? [] : [utf8])].map((text) => ({ text, utf8 }));
}

function isSealedWith(seal: Seal, content: Buffer, text: string | undefined): boolean {
  const mac = createHmac(seal.digest.name, macKey(seal, text)).update(content).digest();
  return mac.length === seal.mac.length && timingSafeEqual(mac, seal.mac);
}

/** The key derivation of RFC 7292, B.2, for a key just as long as the digest: one block, hashed again and again. */
function macKey({ digest, salt, iterations }: Seal, text: string | undefined): Buffer {
  const purpose = Buffer.alloc(digest.blockBytes, 3);
  const password = text === undefined ? Buffer.alloc(0) : Buffer.from(`${text}\0`, 'utf16le').swap16();
  const parts = [purpose, repeated(salt, digest.blockBytes), repeated(password, digest.blockBytes)];
  let key: Buffer = Buffer.concat(parts);
  for (let round = 0; round < iterations; round++) key = hash(digest.name, key, 'buffer');
  return key;
}

function repeated(bytes: Buffer, blockBytes: number): Buffer {
  return bytes.length === 0 ? bytes : Buffer.alloc(Math.ceil(bytes.length / blockBytes) * blockBytes, bytes);
}

/** The first key that has a certificate, with its chain. */
function chosen({ keys, certificates }: Bags, source: string): Pkcs12Content {
  for (const key of keys) {
    const chain = orderChain(certificates, key);
    if (chain !== undefined) {
      const certPem = chain.certificates.map((certificate) => certificate.toString()).join('');
      return { certPem, keyPem: pemOfKey(key) };
    }
  }
  throw certificateInvalid(
    keys.length === 0
      ? `${source} holds no private key. Export it again with the key included.`
      : `${source} holds no certificate for its private key. Export both together.`,
  );
}

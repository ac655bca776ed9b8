// Signed requests (RFC 8555, 6.2; RFC 7515): reads them and checks their signatures.
import type { KeyObject, webcrypto } from 'node:crypto';
import { createHash, createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import { AcmeProblem } from './problem.ts';

export interface Jws {
  readonly header: Readonly<Record<string, unknown>>;
  /** Undefined: nothing was sent, which makes a POST a GET (6.3). */
  readonly payload: Readonly<Record<string, unknown>> | undefined;
  readonly signed: string;
  readonly signature: Buffer;
}

interface Algorithm {
  readonly hash: string;
  readonly accepts: (key: KeyObject) => boolean;
}

const isOnCurve =
  (curve: string) =>
  (key: KeyObject): boolean =>
    key.asymmetricKeyDetails?.namedCurve === curve;

export const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  ES256: { hash: 'sha256', accepts: isOnCurve('prime256v1') },
  ES384: { hash: 'sha384', accepts: isOnCurve('secp384r1') },
  RS256: {
    hash: 'sha256',
    accepts: (key) => key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048,
  },
};

/** Throws `malformed`. */
export function parseJws(text: string): Jws {
  const outer = parseObject(text, 'the request');
  if ('header' in outer || 'signatures' in outer) throw malformed('unprotected header or several signatures');
  const [head, payload, signature] = [outer.protected, outer.payload, outer.signature];
  if (typeof head !== 'string' || typeof payload !== 'string' || typeof signature !== 'string') {
    throw malformed('protected, payload and signature have to be text');
  }
  return {
    header: parseObject(decode(head).toString(), 'the protected header'),
    payload: payload === '' ? undefined : parseObject(decode(payload).toString(), 'the payload'),
    signed: `${head}.${payload}`,
    signature: decode(signature),
  };
}

/** Throws `badSignatureAlgorithm`, `badPublicKey` or `malformed`. */
export function checkSignature({ header, signed, signature }: Jws, key: KeyObject): void {
  const algorithm = typeof header.alg === 'string' ? ALGORITHMS[header.alg] : undefined;
  if (algorithm === undefined) {
    throw new AcmeProblem('badSignatureAlgorithm', 'not known', { algorithms: Object.keys(ALGORITHMS) });
  }
  if (!algorithm.accepts(key)) throw new AcmeProblem('badPublicKey', `the key is not one for ${String(header.alg)}`);
  if (!verify(algorithm.hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, signature)) {
    throw malformed('the signature is wrong');
  }
}

/** HMAC with SHA-256, for external account bindings. */
export function hasMac({ header, signed, signature }: Jws, key: Buffer): boolean {
  const mac = createHmac('sha256', key).update(signed).digest();
  return header.alg === 'HS256' && mac.length === signature.length && timingSafeEqual(mac, signature);
}

export function keyOf(jwk: unknown): KeyObject {
  try {
    if (typeof jwk !== 'object' || jwk === null || 'd' in jwk) throw new Error('no public key');
    return createPublicKey({ key: jwk as webcrypto.JsonWebKey, format: 'jwk' });
  } catch {
    throw new AcmeProblem('badPublicKey', 'jwk is no public key');
  }
}

/** RFC 7638. */
export function thumbprintOf(key: KeyObject): string {
  const { kty, crv, x, y, e, n } = key.export({ format: 'jwk' });
  const members = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

/** Throws `malformed` unless the text is base64url without padding. */
export function decode(text: string): Buffer {
  if (!/^[\w-]*$/.test(text)) throw malformed('not base64url');
  return Buffer.from(text, 'base64url');
}

export function malformed(detail: string): AcmeProblem {
  return new AcmeProblem('malformed', detail);
}

function parseObject(text: string, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed(`${what} is no JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(`${what} is no object`);
  return value as Record<string, unknown>;
}

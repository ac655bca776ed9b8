// What requests are counted apart by. What a client chose is hashed: keys stay short, and no cookie, token or API key lies
// about in a store or a record.
import { hash } from 'node:crypto';
import { networkOf } from '../base/ip.ts';
import type { LimitConfig } from '../config/model/sites.ts';
import { cookieValue } from '../http/cookies.ts';
import type { Exchange } from '../http/exchange.ts';
import { headerValue } from '../http/headers.ts';

export type Asking = Pick<Exchange, 'client' | 'request'>;

/** undefined: the request has no such property. */
export type KeyReader = (x: Asking) => string | undefined;

type LimitKey = LimitConfig['key'][number];

/** Longest payload of a token that is read. */
const MAX_TOKEN_LENGTH = 8192;
/** Of 256 bits so many characters are kept: 128 bits, too many to find two alike. */
const DIGEST_LENGTH = 22;
/** A path no longer than this is its own key. */
const MAX_PLAIN_PATH = 64;

export function keyReader(keys: readonly LimitKey[]): KeyReader {
  const readers = keys.map(readerOf);
  const [only] = readers;
  if (readers.length === 1 && only !== undefined) return only;
  return (x) => {
    let key = '';
    for (const read of readers) {
      const part = read(x);
      if (part === undefined) return undefined;
      key += `${part} `;
    }
    return key;
  };
}

function readerOf(key: LimitKey): KeyReader {
  switch (key.by) {
    case 'client.ip':
      return ({ client }) => networkOf(client);
    case 'site':
      return () => '';
    case 'path':
      return ({ request: { path } }) => (path.length > MAX_PLAIN_PATH ? digest(path) : path);
    case 'header':
      return ({ request }) =>
        digested(key.name === 'host' ? request.authority : headerValue(request.headers, key.name));
    case 'cookie':
      return ({ request }) => digested(cookieValue(request.headers, key.name));
    case 'jwt':
      return ({ request }) => digested(unprovedClaim(headerValue(request.headers, 'authorization'), key.name));
  }
}

/**
 * A claim of the bearer token (RFC 7519) as the client says it: nobody has checked the signature, so it may tell clients
 * apart and must never let one in.
 */
export function unprovedClaim(authorization: string | undefined, name: string): string | undefined {
  const payload = /^bearer +[\w-]+\.([\w-]+)\.[\w-]*$/i.exec(authorization ?? '')?.[1];
  if (payload === undefined || payload.length > MAX_TOKEN_LENGTH) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    if (typeof claims !== 'object' || claims === null || !Object.hasOwn(claims, name)) return undefined;
    const claim = (claims as Record<string, unknown>)[name];
    return typeof claim === 'string' || typeof claim === 'number' ? String(claim) : undefined;
  } catch {
    return undefined;
  }
}

function digested(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : digest(value);
}

function digest(value: string): string {
  return hash('sha256', value, 'base64url').slice(0, DIGEST_LENGTH);
}

// Who may come in: nonces and signatures of requests (RFC 8555, 6.2 to 6.5).
import type { KeyObject } from 'node:crypto';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Accounts } from './accounts.ts';
import { checkSignature, keyOf, malformed, parseJws } from './jws.ts';
import type { Account } from './model.ts';
import type { Endpoint } from './observed.ts';
import { AcmeProblem } from './problem.ts';

export interface Admitted {
  readonly key: KeyObject;
  /** Undefined: signed with a key that came along. */
  readonly account: Account | undefined;
  /** Undefined: a POST that only reads. */
  readonly payload: Readonly<Record<string, unknown>> | undefined;
}

/** Which header names the key: an account's URL, unless said. */
const KEYS: Partial<Record<Endpoint, readonly ('jwk' | 'kid')[]>> = {
  newAccount: ['jwk'],
  revokeCert: ['jwk', 'kid'],
};

export class Gate {
  readonly #accounts: Accounts;
  readonly #nonces = new Set<string>();

  constructor(accounts: Accounts) {
    this.#accounts = accounts;
  }

  newNonce(): string {
    const nonce = randomBytes(16).toString('base64url');
    this.#nonces.add(nonce);
    return nonce;
  }

  /** Throws what the request is refused with. A nonce is used up whatever comes of it. */
  admit(endpoint: Endpoint, url: string, request: IncomingMessage, body: string): Admitted {
    if (request.method !== 'POST') throw new AcmeProblem('malformed', 'POST it', { status: 405 });
    if (request.headers['content-type'] !== 'application/jose+json') {
      throw new AcmeProblem('malformed', 'not application/jose+json', { status: 415 });
    }
    if (request.headers['user-agent'] === undefined) throw malformed('User-Agent is missing (RFC 8555, 6.1)');
    const jws = parseJws(body);
    const { nonce, jwk, kid } = jws.header;
    if (typeof nonce !== 'string' || !this.#nonces.delete(nonce)) throw new AcmeProblem('badNonce', 'not one of ours');
    if (jws.header.url !== url) throw new AcmeProblem('unauthorized', `signed for ${String(jws.header.url)}`);
    if ((jwk === undefined) === (kid === undefined)) throw malformed('either jwk or kid has to be there');
    const by = jwk === undefined ? 'kid' : 'jwk';
    if (!(KEYS[endpoint] ?? ['kid']).includes(by)) throw malformed(`${by} is not for ${endpoint}`);
    const account = jwk === undefined ? this.#accounts.named(kid) : undefined;
    const key = account?.key ?? keyOf(jwk);
    checkSignature(jws, key);
    return { key, account, payload: jws.payload };
  }
}

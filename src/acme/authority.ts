// One certificate authority and our account there. It speaks the protocol step by step and keeps nothing of orders.
import { createHash } from 'node:crypto';
import { GatehouseError } from '../base/errors.ts';
import type { AcmeIssuer } from '../config/model/certificates.ts';
import { Account } from './account.ts';
import { alternatesOf, endsAt } from './chains.ts';
import {
  type Authorization,
  type Challenge,
  type DirectoryMeta,
  type Identifier,
  nonsense,
  type Order,
  type Origin,
  readAuthorization,
  readChallenge,
  readDirectory,
  readOrder,
} from './documents.ts';
import { libraries } from './library.ts';
import { AcmeError, printable } from './problem.ts';
import { readRetryAfter } from './retry-after.ts';
import type { Storage } from './storage/storage.ts';
import { type Answer, Wire, type WiredClient } from './wire.ts';

export interface AuthorityOptions {
  readonly storage: Storage;
  /** For each single call. */
  readonly timeoutMs: number;
  /** What time it is, in ms since 1970. */
  readonly now: () => number;
  /** Told what the operator should know of the account. */
  readonly warn: (message: string) => void;
}

export interface NewOrder {
  readonly identifiers: readonly Identifier[];
  readonly profile?: string | undefined;
  /** RFC 9773, 5. */
  readonly replaces?: string | undefined;
}

export class Authority {
  readonly issuer: AcmeIssuer;
  /** A short name for files and records. */
  readonly id: string;
  readonly #now: () => number;
  readonly #wire: Wire;
  readonly #account: Account;

  constructor(issuer: AcmeIssuer, { storage, timeoutMs, now, warn }: AuthorityOptions) {
    this.issuer = issuer;
    this.id = authorityId(issuer.directory);
    this.#now = now;
    this.#wire = new Wire({ ...issuer, timeoutMs, now });
    this.#account = new Account(issuer, this.id, storage, this.#wire, warn);
  }

  /** What the authority offers. */
  async meta(): Promise<DirectoryMeta> {
    return readDirectory(await this.#wire.directory(), this.issuer.directory);
  }

  newOrder(wish: NewOrder): Promise<Order> {
    return this.#asking(async (client) => {
      const url = (await client.http.getDirectory()).newOrder as string;
      const answer = await client.api.apiRequest(url, wish, [201]);
      return readOrder(answer.data, answer.headers.location, this.#origin(answer));
    });
  }

  order(url: string): Promise<Order> {
    return this.#asking(async (client) => {
      const answer = await client.api.apiRequest(url, null, [200]);
      return readOrder(answer.data, url, this.#origin(answer));
    });
  }

  authorization(url: string): Promise<Authorization> {
    return this.#asking(async (client) => {
      const answer = await client.api.apiRequest(url, null, [200]);
      return readAuthorization(answer.data, this.#origin(answer));
    });
  }

  /** Tells the authority that the answer is in place (RFC 8555, 7.5.1). */
  complete(challenge: Challenge): Promise<void> {
    return this.#asking(async (client) => {
      const { data } = await client.api.apiRequest(challenge.url, {}, [200]);
      // What something in between answered has begun nothing, and nobody would ever look.
      if (readChallenge(data, this.issuer.directory).length === 0) {
        throw nonsense(this.issuer.directory, 'a challenge that lacks what challenges have');
      }
    });
  }

  /** `csr` is PEM. */
  finalize(order: Order, csr: Buffer): Promise<Order> {
    return this.#asking(async (client) => {
      const { acme } = await libraries();
      const payload = { csr: acme.crypto.getPemBodyAsB64u(csr) };
      const answer = await client.api.apiRequest(order.finalize, payload, [200]);
      return readOrder(answer.data, order.url, this.#origin(answer));
    });
  }

  /** The chain as PEM, leaf first; the one that ends at `preferredChain` when the authority has such a one. */
  certificate({ certificate: url }: Order): Promise<string> {
    const { preferredChain, directory } = this.issuer;
    return this.#asking(async (client) => {
      if (url === undefined) throw nonsense(directory, 'a valid order without a certificate');
      const { data, headers } = await client.api.apiRequest(url, null, [200]);
      const first = chainText(data, directory);
      if (preferredChain === undefined || endsAt(first, preferredChain)) return first;
      for (const alternate of alternatesOf(headers.link, directory)) {
        const chain = chainText((await client.api.apiRequest(alternate, null, [200])).data, directory);
        if (endsAt(chain, preferredChain)) return chain;
      }
      return first;
    });
  }

  /** RFC 8555, 8.1. */
  async keyAuthorization(token: string): Promise<string> {
    const client = await this.#asking((opened) => Promise.resolve(opened));
    return client.getChallengeKeyAuthorization({ type: 'http-01', token } as never);
  }

  /** A plain GET, for renewal advice. */
  get(url: string): Promise<Answer> {
    return this.#wire.send(url, 'get');
  }

  /** See `Account.restore`. */
  restore(): Promise<boolean> {
    return this.#account.restore();
  }

  /** Calls under way fail. */
  close(): void {
    this.#wire.close();
  }

  /** With our account; one that the authority has forgotten is made anew, once. */
  async #asking<T>(ask: (client: WiredClient) => Promise<T>): Promise<T> {
    return inWords(this.issuer.directory, async () => {
      const client = await this.#account.client();
      try {
        return await ask(client);
      } catch (error) {
        if (!(error instanceof AcmeError) || error.problem?.type !== 'accountDoesNotExist') throw error;
        await this.#account.forget(client);
        return ask(await this.#account.client());
      }
    });
  }

  #origin({ headers }: Answer): Origin {
    const retryAfterMs = readRetryAfter(headers['retry-after'], this.#now());
    return { directory: this.issuer.directory, retryAfterMs };
  }
}

/** Letters, digits, dots and dashes of the URL, and a digest where those do not tell it from others. */
export function authorityId(directory: string): string {
  const { host, pathname, search } = new URL(directory);
  const plain = `${host}${pathname}`.replaceAll(/[^a-z0-9.]+/gi, '-').replaceAll(/^[-.]+|-+$/g, '');
  const isPlain = search === '' && plain.length <= 80;
  return isPlain ? plain : `${plain.slice(0, 60)}-${createHash('sha256').update(directory).digest('hex').slice(0, 12)}`;
}

/** What acme-client throws by itself is a sentence without a kind: the authority said something that makes no sense. */
async function inWords<T>(directory: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof GatehouseError) throw error;
    const message = printable(error instanceof Error ? error.message : String(error));
    throw new AcmeError('unreachable', `${new URL(directory).host} cannot be understood: ${message}`, { cause: error });
  }
}

function chainText(data: unknown, directory: string): string {
  if (typeof data === 'string' && data.includes('-----BEGIN CERTIFICATE-----')) return data;
  throw nonsense(directory, 'something else than a certificate');
}

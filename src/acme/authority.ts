// One certificate authority and our account there. It speaks the protocol step by step and keeps nothing of orders.
import { createHash, createPrivateKey } from 'node:crypto';
import acme from 'acme-client';
import { GatehouseError } from '../base/errors.ts';
import type { AcmeIssuer } from '../config/config.ts';
import { AcmeError } from './problem.ts';
import { readRetryAfter } from './retry-after.ts';
import type { Storage } from './storage/storage.ts';
import { Wire, type WiredClient } from './wire.ts';

export interface Identifier {
  readonly type: 'dns' | 'ip';
  readonly value: string;
}

/** RFC 8555, 7.1.3. */
export interface Order {
  readonly url: string;
  readonly status: string;
  readonly authorizations: readonly string[];
  readonly finalize: string;
  readonly certificate?: string;
  readonly error?: unknown;
  readonly retryAfterMs: number | undefined;
}

/** RFC 8555, 7.1.4. Challenges of types that nobody knows yet are data like any other. */
export interface Authorization {
  readonly url: string;
  readonly status: string;
  readonly identifier: Identifier;
  readonly challenges: readonly Challenge[];
  readonly retryAfterMs: number | undefined;
}

export interface Challenge {
  readonly type: string;
  readonly url: string;
  readonly status: string;
  readonly token?: string;
  readonly error?: unknown;
}

export interface DirectoryMeta {
  readonly termsOfService: string | undefined;
  readonly profiles: readonly string[];
  /** Where renewal advice is asked for (RFC 9773); undefined when there is none. */
  readonly renewalInfo: string | undefined;
}

export class Authority {
  readonly issuer: AcmeIssuer;
  /** A short name for files and records. */
  readonly id: string;
  readonly #storage: Storage;
  readonly #wire: Wire;
  #registered: Promise<WiredClient> | undefined;
  #meta: DirectoryMeta | undefined;
  #metaAt = 0;

  constructor(issuer: AcmeIssuer, storage: Storage, timeoutMs: number) {
    this.issuer = issuer;
    this.id = authorityId(issuer.directory);
    this.#storage = storage;
    this.#wire = new Wire({ ...issuer, timeoutMs });
  }

  /** What the authority offers; asked for again after an hour. */
  async meta(): Promise<DirectoryMeta> {
    if (this.#meta === undefined || performance.now() - this.#metaAt > META_LIFE_MS) {
      const { data } = await this.#wire.send(this.issuer.directory, 'get');
      this.#meta = readDirectory(data);
      this.#metaAt = performance.now();
    }
    return this.#meta;
  }

  newOrder(payload: { identifiers: Identifier[]; profile?: string; replaces?: string }): Promise<Order> {
    return this.#asking(async (client) => {
      const order = await client.createOrder(payload as Parameters<WiredClient['createOrder']>[0]);
      return { ...(order as unknown as Order), retryAfterMs: undefined };
    });
  }

  order(url: string): Promise<Order> {
    return this.#reading<Order>(url);
  }

  authorization(url: string): Promise<Authorization> {
    return this.#reading<Authorization>(url);
  }

  /** Tells the authority that the answer is in place (RFC 8555, 7.5.1). */
  complete(challenge: Challenge): Promise<void> {
    return this.#asking(async (client) => void (await client.api.apiRequest(challenge.url, {}, [200])));
  }

  finalize(order: Order, csr: Buffer): Promise<void> {
    return this.#asking(async (client) => void (await client.finalizeOrder(order as unknown as FinalizedOrder, csr)));
  }

  /** The chain as PEM, leaf first; the one that ends at `preferredChain` when the authority has such a one. */
  certificate(order: Order): Promise<string> {
    return this.#asking(async (client) => {
      const { preferredChain } = this.issuer;
      const chain: unknown = await client.getCertificate(order as unknown as FinalizedOrder, preferredChain);
      return typeof chain === 'string' ? chain : '';
    });
  }

  /** RFC 8555, 8.1. */
  async keyAuthorization(token: string): Promise<string> {
    const client = await this.#account();
    return client.getChallengeKeyAuthorization({ type: 'http-01', token } as never);
  }

  /** A plain GET, for renewal advice. */
  get(url: string): ReturnType<Wire['send']> {
    return this.#wire.send(url, 'get');
  }

  close(): void {
    this.#wire.close();
  }

  #reading<T extends { readonly url: string }>(url: string): Promise<T> {
    return this.#asking(async (client) => {
      const { data, headers } = await client.api.apiRequest(url, null, [200]);
      if (typeof data !== 'object' || data === null) throw new Error('it sent something that is no JSON object');
      return { ...(data as T), url, retryAfterMs: readRetryAfter(headers['retry-after'], Date.now()) };
    });
  }

  /** With our account; one that the authority has forgotten is made anew, once. */
  async #asking<T>(ask: (client: WiredClient) => Promise<T>): Promise<T> {
    try {
      return await inWords(this.issuer.directory, async () => ask(await this.#account()));
    } catch (error) {
      if (!(error instanceof AcmeError) || error.problem?.type !== 'accountDoesNotExist') throw error;
      await this.#storage.remove(this.#key('account.json'));
      this.#registered = undefined;
      return inWords(this.issuer.directory, async () => ask(await this.#account()));
    }
  }

  #account(): Promise<WiredClient> {
    this.#registered ??= inWords(this.issuer.directory, () => this.#register());
    // A failure is nothing to keep: the next caller tries again.
    this.#registered.catch(() => {
      this.#registered = undefined;
    });
    return this.#registered;
  }

  /** The key is on disk before the authority hears of it: a crash in between never leaves a second account. */
  async #register(): Promise<WiredClient> {
    const lock = await this.#storage.lock(`account-${this.id}`, AbortSignal.timeout(LOCK_TIMEOUT_MS));
    try {
      const client = await this.#client();
      const known = readAccount(await this.#storage.read(this.#key('account.json')));
      const { email } = this.issuer;
      if (known !== undefined) {
        (client.api as { accountUrl?: string }).accountUrl = known;
        return client;
      }
      await client.createAccount({
        termsOfServiceAgreed: true,
        ...(email === undefined ? {} : { contact: [`mailto:${email}`] }),
      });
      await this.#storage.write(this.#key('account.json'), `${JSON.stringify({ url: client.getAccountUrl() })}\n`);
      return client;
    } finally {
      await lock.release();
    }
  }

  /** Called under the lock only, so that two processes do not make two keys. */
  async #client(): Promise<WiredClient> {
    const { directory, eab } = this.issuer;
    return this.#wire.client({
      directoryUrl: directory,
      accountKey: (await this.#storedKey()) ?? (await this.#newKey()),
      ...(eab === undefined ? {} : { externalAccountBinding: { kid: eab.keyId, hmacKey: eab.hmac } }),
    });
  }

  async #storedKey(): Promise<string | undefined> {
    const key = await this.#storage.read(this.#key('account.key'));
    if (key === undefined || isPrivateKey(key)) return key;
    await this.#storage.setAside(this.#key('account.key'));
    await this.#storage.remove(this.#key('account.json'));
    return undefined;
  }

  async #newKey(): Promise<string> {
    const key = (await acme.crypto.createPrivateEcdsaKey()).toString();
    await this.#storage.write(this.#key('account.key'), key);
    return key;
  }

  #key(name: string): string {
    return `acme/${this.id}/${name}`;
  }
}

const LOCK_TIMEOUT_MS = 60_000;
const META_LIFE_MS = 3_600_000;

type FinalizedOrder = Parameters<WiredClient['getCertificate']>[0];

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
    const message = error instanceof Error ? error.message : String(error);
    throw new AcmeError('unreachable', `${new URL(directory).host} cannot be understood: ${message}`, { cause: error });
  }
}

function readDirectory(data: unknown): DirectoryMeta {
  if (typeof data !== 'object' || data === null || !('newOrder' in data)) {
    throw new AcmeError('unreachable', 'The directory is no ACME directory: check `certificates.acme.directory`.');
  }
  const { meta, renewalInfo } = data as { meta?: Record<string, unknown>; renewalInfo?: unknown };
  return {
    termsOfService: textOf(meta?.termsOfService),
    profiles: Object.keys((meta?.profiles as object | undefined) ?? {}),
    renewalInfo: textOf(renewalInfo),
  };
}

function isPrivateKey(pem: string): boolean {
  try {
    createPrivateKey(pem);
    return true;
  } catch {
    return false;
  }
}

function readAccount(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : textOf((JSON.parse(text) as { url?: unknown }).url);
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

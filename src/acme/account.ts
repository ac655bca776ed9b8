// Our account at one authority. Its key is on disk before the authority hears of it, so that a crash in between never
// leaves a second account, and processes that share the storage share the account.
import { createPrivateKey } from 'node:crypto';
import type { AcmeIssuer } from '../config/model/certificates.ts';
import { newKey, pemOfKey } from '../tls/keys.ts';
import { AcmeError } from './problem.ts';
import type { Lock, Storage } from './storage/storage.ts';
import type { Wire, WiredClient } from './wire.ts';

const LOCK_TIMEOUT_MS = 60_000;

export class Account {
  readonly #issuer: AcmeIssuer;
  /** The authority's short name. */
  readonly #id: string;
  readonly #storage: Storage;
  readonly #wire: Wire;
  readonly #warn: (message: string) => void;
  #opened: Promise<WiredClient> | undefined;
  /** What the storage has of it. */
  #known: { readonly key: string; readonly url: string } | undefined;

  constructor(issuer: AcmeIssuer, id: string, storage: Storage, wire: Wire, warn: (message: string) => void) {
    this.#issuer = issuer;
    this.#id = id;
    this.#storage = storage;
    this.#wire = wire;
    this.#warn = warn;
  }

  /** A client that signs for the account, which is made when there is none. */
  client(): Promise<WiredClient> {
    if (this.#opened === undefined) {
      const opening = this.#open();
      this.#opened = opening;
      // A failure is nothing to keep: the next caller tries again.
      opening.catch(() => this.#drop(opening));
    }
    return this.#opened;
  }

  /** The authority does not know it any longer. Of many who say so of the same client the first is heard. */
  async forget(client: WiredClient): Promise<void> {
    const opened = this.#opened;
    if (opened === undefined || (await opened.catch(() => undefined)) !== client || this.#opened !== opened) return;
    this.#opened = undefined;
    await this.#storage.remove(this.#key('account.json'));
  }

  /** Writes down anew what somebody has deleted, or the next start would make a second account; true when it was needed. */
  async restore(): Promise<boolean> {
    const isThere = async (): Promise<boolean> => (await this.#storage.read(this.#key('account.key'))) !== undefined;
    if (this.#known === undefined || (await isThere())) return false;
    const lock = await this.#lock();
    try {
      if (await isThere()) return false;
      const { key, url } = this.#known;
      await this.#storage.write(this.#key('account.key'), key);
      await this.#saveUrl(url);
      return true;
    } finally {
      await lock.release();
    }
  }

  #drop(opening: Promise<WiredClient>): void {
    if (this.#opened === opening) this.#opened = undefined;
  }

  async #open(): Promise<WiredClient> {
    const lock = await this.#lock();
    try {
      const accountKey = (await this.#storedKey()) ?? (await this.#newKey());
      const { directory, eab, email } = this.#issuer;
      const client = await this.#wire.client({
        directoryUrl: directory,
        accountKey,
        ...(eab === undefined ? {} : { externalAccountBinding: { kid: eab.keyId, hmacKey: eab.hmac } }),
      });
      const url = readAccount(await this.#storage.read(this.#key('account.json')));
      if (url !== undefined) {
        client.api.accountUrl = url;
        this.#known = { key: accountKey, url };
        return client;
      }
      // A process that stood still may have lost the lock, and another one has made another key.
      lock.lost.throwIfAborted();
      if ((await this.#storage.read(this.#key('account.key'))) !== accountKey)
        throw new Error('the account has changed');
      // An authority that knows the key answers with the account that it has (RFC 8555, 7.3.1). acme-client's own way sends an
      // update after that, which is refused when there is nothing to update.
      await client.api.createAccount({
        termsOfServiceAgreed: true,
        ...(email === undefined ? {} : { contact: [`mailto:${email}`] }),
      });
      const made = client.getAccountUrl();
      this.#known = { key: accountKey, url: made };
      await this.#saveUrl(made);
      return client;
    } finally {
      await lock.release();
    }
  }

  #saveUrl(url: string): Promise<void> {
    return this.#storage.write(this.#key('account.json'), `${JSON.stringify({ url })}\n`);
  }

  async #lock(): Promise<Lock> {
    const patience = AbortSignal.any([this.#wire.closing, AbortSignal.timeout(LOCK_TIMEOUT_MS)]);
    try {
      return await this.#storage.lock(`account-${this.#id}`, patience);
    } catch (error) {
      if (!patience.aborted) throw error;
      throw new AcmeError('unreachable', `The account at ${this.#id} is held by another process for too long.`);
    }
  }

  async #storedKey(): Promise<string | undefined> {
    const key = await this.#storage.read(this.#key('account.key'));
    if (key === undefined || isPrivateKey(key)) return key;
    const damaged = await this.#storage.setAside(this.#key('account.key'));
    this.#warn(`${damaged} was set aside, as it is no key: a new account is made at ${this.#id}`);
    await this.#storage.remove(this.#key('account.json'));
    return undefined;
  }

  async #newKey(): Promise<string> {
    const key = pemOfKey(newKey());
    // The account of another key, which somebody has deleted.
    await this.#storage.remove(this.#key('account.json'));
    await this.#storage.write(this.#key('account.key'), key);
    return key;
  }

  #key(name: string): string {
    return `acme/${this.#id}/${name}`;
  }
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
    const { url } = JSON.parse(text ?? '') as { url?: unknown };
    return typeof url === 'string' && URL.canParse(url) ? url : undefined;
  } catch {
    return undefined;
  }
}

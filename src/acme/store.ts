// The certificates that came from authorities, as they are kept: one file with chain and key, and one beside it with what
// is known of its past and future. What cannot be served never gets here, and what was damaged is set aside.
import { X509Certificate } from 'node:crypto';
import { GatehouseError } from '../base/errors.ts';
import { type Certificate, readCertificate } from '../tls/certificate.ts';
import { coversName } from '../tls/names.ts';
import { fileNameOf } from './order.ts';
import type { FailureKind } from './problem.ts';
import { AcmeError } from './problem.ts';
import type { RenewalAdvice } from './renewal.ts';
import type { Storage } from './storage/storage.ts';

/** What is kept beside a certificate, or in its place as long as there is none. */
export interface Story {
  /** The directory of the authority that issued it. */
  readonly directory?: string;
  readonly profile?: string | undefined;
  readonly advice?: RenewalAdvice | undefined;
  /** When the advice is asked for again; ms since 1970. */
  readonly adviceCheckMs?: number;
  /** Since the last success, by the authority's id. */
  readonly failures?: Readonly<Record<string, StoredFailure>>;
}

export interface StoredFailure {
  readonly kind: FailureKind;
  readonly count: number;
  /** In plain words. */
  readonly message: string;
  readonly atMs: number;
  readonly nextTryMs: number;
  /** Of the settings that it failed with: under others it is tried at once. */
  readonly settings: string;
}

export interface Stored {
  readonly certificate: Certificate;
  readonly leaf: X509Certificate;
  /** The text of the file, to see that it has changed. */
  readonly pem: string;
}

export class CertificateStore {
  readonly #storage: Storage;
  readonly #onDamage: (message: string) => void;

  constructor(storage: Storage, onDamage: (message: string) => void) {
    this.#storage = storage;
    this.#onDamage = onDamage;
  }

  /** The certificate of a name; the one before it when the file is damaged; undefined when there is none. */
  async find(name: string): Promise<Stored | undefined> {
    return (await this.#usable(pemKey(name), name)) ?? (await this.#usable(previousKey(name), name));
  }

  /** Whether another process has stored something else meanwhile. */
  async hasChanged(name: string, pem: string | undefined): Promise<boolean> {
    const stored = await this.#storage.read(pemKey(name));
    return stored !== undefined && stored !== pem;
  }

  /**
   * Stores what an authority has issued, after it has passed every check; the one before is kept. Fails with an AcmeError
   * when it does not pass.
   */
  async save(name: string, chainPem: string, keyPem: string): Promise<Stored> {
    return this.#replace(name, checked(joined(chainPem, keyPem), name, true));
  }

  /** Stores what an operator brings, as far as it can be served for the name at all; the one before is kept. */
  adopt(name: string, chainPem: string, keyPem: string): Promise<Stored> {
    return this.#replace(name, checked(joined(chainPem, keyPem), name, false));
  }

  async #replace(name: string, stored: Stored): Promise<Stored> {
    const { pem } = stored;
    const before = await this.#storage.read(pemKey(name));
    if (before !== undefined && before !== pem) await this.#storage.write(previousKey(name), before);
    await this.#storage.write(pemKey(name), pem);
    return stored;
  }

  async story(name: string): Promise<Story> {
    const text = await this.#storage.read(storyKey(name));
    if (text === undefined) return {};
    try {
      const story: unknown = JSON.parse(text);
      if (typeof story === 'object' && story !== null) return story as Story;
    } catch {
      // Nothing in it is worth stopping for.
    }
    this.#onDamage(`${await this.#storage.setAside(storyKey(name))} was damaged and is set aside`);
    return {};
  }

  saveStory(name: string, story: Story): Promise<void> {
    return this.#storage.write(storyKey(name), `${JSON.stringify(story)}\n`);
  }

  async #usable(key: string, name: string): Promise<Stored | undefined> {
    const pem = await this.#storage.read(key);
    if (pem === undefined) return undefined;
    try {
      return checked(pem, name, false);
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
      const where = await this.#storage.setAside(key);
      this.#onDamage(`${where} was set aside, as it cannot be served: ${error.message}`);
      return undefined;
    }
  }
}

function joined(chainPem: string, keyPem: string): string {
  return `${chainPem.trim()}\n${keyPem.trim()}\n`;
}

/** `isNew`: also what a stored one is forgiven, such as being expired. */
function checked(pem: string, name: string, isNew: boolean): Stored {
  try {
    const certificate = readCertificate(pem, pem, undefined, 'acme');
    const leaf = new X509Certificate(certificate.chainPem);
    if (!coversName(certificate, name)) throw unfit(name, `it is for ${certificate.names.join(', ') || 'no name'}`);
    if (isNew && certificate.notAfter.getTime() <= Date.now()) throw unfit(name, 'it has expired already');
    if (isNew && !isComplete(certificate.chainPem, leaf)) throw unfit(name, 'its chain lacks the intermediate');
    return { certificate, leaf, pem };
  } catch (error) {
    if (!isNew || error instanceof AcmeError || !(error instanceof GatehouseError)) throw error;
    throw unfit(name, error.message);
  }
}

/** Whether the chain has what clients need besides the leaf, as far as the leaf tells. */
export function isComplete(chainPem: string, leaf: X509Certificate): boolean {
  const isAlone = chainPem.indexOf('BEGIN CERTIFICATE') === chainPem.lastIndexOf('BEGIN CERTIFICATE');
  return !isAlone || leaf.infoAccess?.includes('CA Issuers') !== true;
}

function unfit(name: string, why: string): AcmeError {
  return new AcmeError('refused', `What the authority issued for ${name} cannot be served: ${why}.`);
}

function pemKey(name: string): string {
  return `certificates/${fileNameOf(name)}.pem`;
}

function previousKey(name: string): string {
  return `certificates/${fileNameOf(name)}.previous.pem`;
}

function storyKey(name: string): string {
  return `certificates/${fileNameOf(name)}.json`;
}

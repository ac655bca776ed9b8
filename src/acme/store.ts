// The certificates that came from authorities, as they are kept: one file with chain and key, and one beside it with what
// is known of its past and future. What cannot be served never gets here, and what was damaged is set aside.
import { X509Certificate } from 'node:crypto';
import { getCACertificates } from 'node:tls';
import { GatehouseError } from '../base/errors.ts';
import { type Certificate, readCertificate } from '../tls/certificate.ts';
import { coversName } from '../tls/names.ts';
import { AcmeError } from './problem.ts';
import { fileNameOf } from './storage/names.ts';
import type { Storage } from './storage/storage.ts';
import { readStory, type Story } from './story.ts';

/** Authorities date certificates back by about an hour. One that begins later than this is a mistake, theirs or ours. */
const MAX_AHEAD_MS = 3_600_000;
/** Of one file: it is in the way and will stay so. Everything else may pass, such as a disk that does not answer. */
const IN_THE_WAY: ReadonlySet<unknown> = new Set(['EACCES', 'EPERM', 'EISDIR', 'ELOOP']);

export interface Stored {
  readonly certificate: Certificate;
  readonly leaf: X509Certificate;
  /** The text of the file, to see that it has changed. */
  readonly pem: string;
  /** The file of the present one was damaged; this is the one before. */
  readonly isPrevious: boolean;
}

export class CertificateStore {
  readonly #storage: Storage;
  readonly #onDamage: (message: string) => void;
  readonly #now: () => number;

  constructor(storage: Storage, onDamage: (message: string) => void, now: () => number = Date.now) {
    this.#storage = storage;
    this.#onDamage = onDamage;
    this.#now = now;
  }

  /**
   * The certificate of a name; the one before it when the file is damaged; undefined when there is none. Never rejects
   * for the storage's sake: one name's file must not stop the start.
   */
  async find(name: string): Promise<Stored | undefined> {
    const present = await this.#usable(pemKey(name), name);
    if (present !== undefined) return present;
    const previous = await this.#usable(previousKey(name), name);
    return previous && { ...previous, isPrevious: true };
  }

  /** Whether another process has stored something else meanwhile. */
  async hasChanged(name: string, stored: Stored | undefined): Promise<boolean> {
    const pem = await this.#storage.read(pemKey(name));
    return pem !== undefined && pem !== stored?.pem;
  }

  /**
   * Stores what an authority has issued, after it has passed every check; the one before is kept. Fails with an AcmeError
   * when it does not pass. `roots` are those of private authorities, in PEM.
   */
  async save(name: string, chainPem: string, keyPem: string, roots: readonly string[]): Promise<Stored> {
    return this.#replace(name, this.#checkedAnew(joined(chainPem, keyPem), name, roots));
  }

  /** Stores what an operator brings, as far as it can be served for the name at all; the one before is kept. */
  adopt(name: string, chainPem: string, keyPem: string): Promise<Stored> {
    return this.#replace(name, checked(joined(chainPem, keyPem), name));
  }

  /** Whether somebody has deleted the file. */
  async hasGone(name: string): Promise<boolean> {
    return (await this.#storage.read(pemKey(name))) === undefined;
  }

  /** Writes the file again as it was. */
  restore(name: string, { pem }: Stored): Promise<void> {
    return this.#storage.write(pemKey(name), pem);
  }

  async #replace(name: string, stored: Stored): Promise<Stored> {
    const { pem } = stored;
    const before = await this.#storage.read(pemKey(name));
    if (before !== undefined && before !== pem) await this.#storage.write(previousKey(name), before);
    await this.#storage.write(pemKey(name), pem);
    return stored;
  }

  /** Nothing is known when it cannot be read. */
  async story(name: string): Promise<Story> {
    const text = await this.#readable(storyKey(name));
    if (text === undefined) return {};
    const story = readStory(text);
    if (story === undefined) await this.#setAside(storyKey(name), 'it is no story');
    return story ?? {};
  }

  saveStory(name: string, story: Story): Promise<void> {
    return this.#storage.write(storyKey(name), `${JSON.stringify(story)}\n`);
  }

  async #usable(key: string, name: string): Promise<Stored | undefined> {
    const pem = await this.#readable(key);
    if (pem === undefined) return undefined;
    try {
      return checked(pem, name);
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
      await this.#setAside(key, error.message);
      return undefined;
    }
  }

  /** Undefined when it is not there, or cannot be read, which is told. */
  async #readable(key: string): Promise<string | undefined> {
    try {
      return await this.#storage.read(key);
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
      const { code } = error.cause as NodeJS.ErrnoException;
      if (IN_THE_WAY.has(code)) await this.#setAside(key, error.message);
      else this.#onDamage(error.message);
      return undefined;
    }
  }

  async #setAside(key: string, why: string): Promise<void> {
    try {
      this.#onDamage(`${await this.#storage.setAside(key)} was set aside, as it cannot be used: ${why}`);
    } catch (error) {
      this.#onDamage(`${(error as Error).message} It cannot be used: ${why}`);
    }
  }

  /** With what a stored one is forgiven, such as being expired. */
  #checkedAnew(pem: string, name: string, roots: readonly string[]): Stored {
    try {
      const stored = checked(pem, name);
      const { notBefore, notAfter, chainPem } = stored.certificate;
      const nowMs = this.#now();
      const clock = 'or the clock of this machine is wrong';
      if (notAfter.getTime() <= nowMs) throw unfit(name, `it has expired already; ${clock}`);
      if (notBefore.getTime() > nowMs + MAX_AHEAD_MS) {
        throw unfit(name, `it is not valid before ${notBefore.toISOString()}; ${clock}`);
      }
      if (!isComplete(chainPem, stored.leaf, roots)) throw unfit(name, 'its chain lacks the intermediate');
      return stored;
    } catch (error) {
      if (error instanceof AcmeError || !(error instanceof GatehouseError)) throw error;
      throw unfit(name, error.message);
    }
  }
}

function joined(chainPem: string, keyPem: string): string {
  return `${chainPem.trim()}\n${keyPem.trim()}\n`;
}

function checked(pem: string, name: string): Stored {
  const certificate = readCertificate(pem, pem, undefined, 'acme');
  if (!coversName(certificate, name)) throw unfit(name, `it is for ${certificate.names.join(', ') || 'no name'}`);
  return { certificate, leaf: new X509Certificate(certificate.chainPem), pem, isPrevious: false };
}

/** Whether the chain has what clients need besides the leaf, as far as the leaf tells; for what an operator brings. */
export function seemsComplete(chainPem: string, leaf: X509Certificate): boolean {
  return !isAlone(chainPem) || leaf.infoAccess?.includes('CA Issuers') !== true;
}

/** A leaf alone is whole only when a root that we know has issued it. */
function isComplete(chainPem: string, leaf: X509Certificate, roots: readonly string[]): boolean {
  if (!isAlone(chainPem)) return true;
  return [...roots.flatMap(split), ...getCACertificates('default')].some((pem) => {
    const root = new X509Certificate(pem);
    return leaf.checkIssued(root) && leaf.verify(root.publicKey);
  });
}

function isAlone(chainPem: string): boolean {
  return chainPem.indexOf('BEGIN CERTIFICATE') === chainPem.lastIndexOf('BEGIN CERTIFICATE');
}

function split(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
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

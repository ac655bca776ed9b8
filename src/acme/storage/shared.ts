// The storage of many machines: the shared store, with a folder of each machine's own behind it. What a machine must have to
// serve lies in both, so it serves also while the store is away, and a store that has lost it gets it back. What is there
// to be ordered by is in the store alone: without it nothing is ordered.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BoundedMap } from '../../base/bounded-map.ts';
import { GatehouseError } from '../../base/errors.ts';
import type { Shared } from '../../shared/shared.ts';
import { FolderStorage } from './folder.ts';
import { SharedLocks } from './shared-lease.ts';
import { type Found, type News, SharedTexts, type Telling } from './shared-texts.ts';
import type { Lock, Storage } from './storage.ts';

/** Certificates with what is known of them, the keys of accounts, and the secret of sticky cookies. */
const COPIED = /^(?:certificates\/|acme\/[^/]+\/account\.key$|sticky\/)/;
const CERTIFICATE = /^certificates\/.*(?<!\.previous)\.pem$/;
const CHALLENGE = /^challenges\/(?:http|alpn)\/[^/]+$/;
const CHALLENGE_FOLDERS = ['challenges/http', 'challenges/alpn'] as const;
/** Far more than orders are under way; the oldest gives way. */
const MAX_CHALLENGES = 2000;

/** When the store is back the other machines have found it too after so long: any of them may be asked for an answer. */
const SETTLE_MS = 1500;

export interface SharedStorageOptions {
  /** The folder of this machine's own copy. */
  readonly copy: string;
  /** False: only looks, as a command does. */
  readonly keepsCopy: boolean;
  /** Whether a text can be what belongs under the key: another one counts for nothing. */
  readonly isSound: (key: string, text: string) => boolean;
  readonly warn: (message: string) => void;
}

export class SharedStorage implements Storage {
  readonly place: string;
  readonly peeksAll = false;
  onNews: (key: string | undefined) => void = () => {};
  readonly #texts: SharedTexts;
  readonly #locks: SharedLocks;
  readonly #copy: FolderStorage;
  readonly #options: SharedStorageOptions;
  /** Of texts that are in the copy as they are in the store, by key. */
  readonly #copied = new Map<string, string>();
  /** Answers to challenges that others have published. */
  readonly #challenges = new BoundedMap<string>(MAX_CHALLENGES);
  /** Challenges that were told of while what there is was being read, a set for each reading: what is told is newer. */
  readonly #toldMeanwhile = new Set<Set<string>>();
  #isAway = false;
  /** By performance.now(). */
  #backAt = Number.NEGATIVE_INFINITY;

  constructor(shared: Shared, options: SharedStorageOptions) {
    this.place = shared.place;
    this.#texts = new SharedTexts(shared, options.warn);
    this.#locks = new SharedLocks(shared);
    this.#copy = new FolderStorage(options.copy);
    this.#options = options;
    this.#texts.hear(
      (news) => this.#heard(news),
      () => this.#catchUp(),
    );
  }

  async read(key: string): Promise<string | undefined> {
    if (!COPIED.test(key)) return textOf(await this.#texts.read(key));
    let found: Found;
    try {
      found = await this.#texts.read(key);
    } catch (error) {
      this.#isAway = true;
      const own = await this.#ownCopy(key);
      if (own === undefined) throw error;
      return own;
    }
    if (typeof found === 'object' && (await this.#takesOver(key, found.text))) return found.text;
    const own = await this.#ownCopy(key);
    if (own !== undefined && this.#options.keepsCopy) await this.#giveBack(key, own, found !== 'none');
    return own;
  }

  peek(key: string): string | undefined {
    return this.#challenges.get(key);
  }

  async write(key: string, text: string): Promise<void> {
    await this.#texts.write(key, text, { tell: tellingOf(key) });
    if (COPIED.test(key)) await this.#keepCopy(key, text);
  }

  async remove(key: string): Promise<void> {
    await this.#texts.remove(key, tellingOf(key));
    if (!COPIED.test(key)) return;
    this.#copied.delete(key);
    await this.#copy.remove(key);
  }

  /** In the store under one name at most: whoever writes there could fill it otherwise. */
  async setAside(key: string): Promise<string> {
    const damaged = `${key}.damaged`;
    await this.#texts.remove(key, 'nothing', damaged);
    if (COPIED.test(key)) {
      this.#copied.delete(key);
      await this.#copy.remove(key);
    }
    return `${damaged} in ${this.place}`;
  }

  list(prefix: string): Promise<string[]> {
    return this.#texts.list(prefix);
  }

  async lock(name: string, signal: AbortSignal): Promise<Lock> {
    try {
      await sleep(Math.max(0, this.#backAt + SETTLE_MS - performance.now()), undefined, { signal });
      return await this.#locks.take(name, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#isAway = true;
      const message = `Nothing is ordered without the shared store ${this.place} (${(error as Error).message}).`;
      throw new GatehouseError('storage_failed', 'gateway', message, { cause: error });
    }
  }

  sweep(): Promise<void> {
    return this.#copy.sweep();
  }

  /** False for what counts for nothing. */
  async #takesOver(key: string, text: string): Promise<boolean> {
    if (this.#copied.get(key) === digestOf(text)) return true;
    if (!this.#options.isSound(key, text)) {
      this.#texts.refuse(key, 'it is damaged');
      return false;
    }
    await this.#keepCopy(key, text);
    return true;
  }

  /** A disk that fails costs the copy and nothing else. */
  async #keepCopy(key: string, text: string): Promise<void> {
    if (!this.#options.keepsCopy) return;
    try {
      if ((await this.#copy.read(key)) !== text) await this.#copy.write(key, text);
      this.#copied.set(key, digestOf(text));
    } catch (error) {
      this.#options.warn(`this machine has no copy of what it serves: ${(error as Error).message}`);
    }
  }

  async #ownCopy(key: string): Promise<string | undefined> {
    const text = await this.#copy.read(key).catch(() => undefined);
    return text !== undefined && this.#options.isSound(key, text) ? text : undefined;
  }

  /** The store has lost it, or holds what is none; another machine may be faster. */
  async #giveBack(key: string, text: string, isInTheWay: boolean): Promise<void> {
    await this.#texts.write(key, text, { tell: tellingOf(key), isNew: !isInTheWay }).catch(() => {});
  }

  #heard({ key, text }: News): void {
    if (CERTIFICATE.test(key)) this.onNews(key);
    if (!CHALLENGE.test(key) || text === undefined) return;
    for (const told of this.#toldMeanwhile) told.add(key);
    if (text === null) this.#challenges.delete(key);
    else this.#challenges.set(key, text);
  }

  /** What was told while there was no connection. Fails when the store does. */
  async #catchUp(): Promise<void> {
    if (this.#isAway) this.#backAt = performance.now();
    this.#isAway = false;
    this.onNews(undefined);
    const told = new Set<string>();
    this.#toldMeanwhile.add(told);
    try {
      const keys = new Set((await Promise.all(CHALLENGE_FOLDERS.map((folder) => this.#texts.list(folder)))).flat());
      for (const [key] of this.#challenges) if (!keys.has(key) && !told.has(key)) this.#challenges.delete(key);
      for (const key of [...keys].slice(-MAX_CHALLENGES)) {
        const text = textOf(await this.#texts.read(key));
        if (text !== undefined && !told.has(key)) this.#challenges.set(key, text);
      }
    } finally {
      this.#toldMeanwhile.delete(told);
    }
  }
}

/** Whoever is asked a challenge cannot wait. */
function tellingOf(key: string): Telling {
  if (CHALLENGE.test(key)) return 'text';
  return CERTIFICATE.test(key) ? 'key' : 'nothing';
}

function textOf(found: Found): string | undefined {
  return typeof found === 'object' ? found.text : undefined;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

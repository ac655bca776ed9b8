// The storage of one machine, or of several that mount the same folder: a file for each key.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { GatehouseError } from '../../base/errors.ts';
import { type LeaseFile, LeaseLocks } from './lease.ts';
import type { Lock, Storage } from './storage.ts';

const OWNER_FILE = 0o600;
const OWNER_FOLDER = 0o700;
const KEY = /^[\w@-][\w.@-]*(?:\/[\w@-][\w.@-]*)*$/;

/** A dot, the name, a dot, random digits; the local CA, which makes whole folders too, adds an ending. */
const TEMPORARY = /^\..+\.[0-9a-f]{12}(?:\.tmp)?$/;
/** No write takes so long. */
const ABANDONED_MS = 600_000;

export class FolderStorage implements Storage {
  readonly place: string;
  readonly peeksAll = true;
  /** A folder does not tell. */
  onNews: (key: string | undefined) => void = () => {};
  readonly #locks: LeaseLocks;

  /** The folder is made when something is first written. */
  constructor(folder: string) {
    this.place = folder;
    this.#locks = new LeaseLocks((name) => this.#leaseFile(name));
  }

  read(key: string): Promise<string | undefined> {
    return absent(this.#doing('read', key, () => readFile(this.#path(key), 'utf8')));
  }

  peek(key: string): string | undefined {
    try {
      return readFileSync(this.#path(key), 'utf8');
    } catch {
      return undefined;
    }
  }

  write(key: string, text: string): Promise<void> {
    return this.#doing('written', key, async () => {
      const target = this.#path(key);
      const temporary = temporaryOf(target);
      await mkdir(path.dirname(target), { recursive: true, mode: OWNER_FOLDER });
      try {
        await using file = await open(temporary, 'wx', OWNER_FILE);
        await file.writeFile(text);
        await file.sync();
        await rename(temporary, target);
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => {});
        throw error;
      }
      await syncFolder(path.dirname(target));
    });
  }

  remove(key: string): Promise<void> {
    return this.#doing('removed', key, () => rm(this.#path(key), { force: true }));
  }

  setAside(key: string): Promise<string> {
    return this.#doing('renamed', key, async () => {
      const damaged = `${this.#path(key)}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
      try {
        await rename(this.#path(key), damaged);
      } catch (error) {
        // Another process was faster.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
      return damaged;
    });
  }

  /** Such files may hold keys. */
  async sweep(): Promise<void> {
    await this.#doing('swept', '.', async () => {
      for (const entry of await readdir(this.place, { recursive: true, withFileTypes: true })) {
        if (!(entry.isFile() || entry.isDirectory()) || !TEMPORARY.test(entry.name)) continue;
        const left = path.join(entry.parentPath, entry.name);
        const { mtimeMs } = await stat(left);
        if (Math.abs(Date.now() - mtimeMs) > ABANDONED_MS) await rm(left, { force: true, recursive: true });
      }
    }).catch(() => {});
  }

  async list(prefix: string): Promise<string[]> {
    const entries = await absent(
      this.#doing('read', prefix, () => readdir(this.#path(prefix), { withFileTypes: true })),
    );
    return (entries ?? [])
      .filter((entry) => entry.isFile() && KEY.test(entry.name))
      .map(({ name }) => `${prefix}/${name}`);
  }

  lock(name: string, signal: AbortSignal): Promise<Lock> {
    return this.#doing('locked', `locks/${name}`, () => this.#locks.take(name, signal));
  }

  #leaseFile(name: string): LeaseFile {
    const file = this.#path(`locks/${name}`);
    return {
      create: async (text) => {
        await mkdir(path.dirname(file), { recursive: true, mode: OWNER_FOLDER });
        try {
          await using handle = await open(file, 'wx', OWNER_FILE);
          await handle.writeFile(text);
          return true;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
          throw error;
        }
      },
      read: () => absent(readFile(file, 'utf8')),
      // A rename puts the new text there in one step, and needs no second look at whose file it is.
      replace: async (text) => {
        const temporary = temporaryOf(file);
        try {
          await using handle = await open(temporary, 'wx', OWNER_FILE);
          await handle.writeFile(text);
          await rename(temporary, file);
        } catch (error) {
          await rm(temporary, { force: true }).catch(() => {});
          throw error;
        }
      },
      remove: () => rm(file, { force: true }),
    };
  }

  #path(key: string): string {
    if (!KEY.test(key)) throw new TypeError(`not a storage key: ${JSON.stringify(key)}`);
    return path.join(this.place, key);
  }

  async #doing<T>(what: string, key: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (error instanceof GatehouseError || code === undefined || typeof code !== 'string') throw error;
      throw new GatehouseError(
        'storage_failed',
        'gateway',
        `${path.join(this.place, key)} cannot be ${what} (${ADVICE[code] ?? message}).`,
        { cause: error },
      );
    }
  }
}

function temporaryOf(file: string): string {
  return path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(6).toString('hex')}`);
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; make room',
  EDQUOT: 'the disk quota is used up; make room',
  EACCES: 'permission denied; let the user that runs Gatehouse own `certificates.storage`',
  EPERM: 'permission denied; let the user that runs Gatehouse own `certificates.storage`',
  EROFS: 'the file system is read-only; name a writable folder as `certificates.storage`',
  ENOTDIR: 'a file stands where the folder should be; name another folder as `certificates.storage`',
};

async function absent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    const cause = error instanceof GatehouseError ? error.cause : error;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Without this a crash may lose the name of a file whose content is safe. Windows cannot open a folder. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await using handle = await open(folder, 'r');
  await handle.sync();
}

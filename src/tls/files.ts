// Key files on disk: written whole or not at all, safe from power loss, readable by the owner alone.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ensureFolder } from '../base/folder.ts';
import { certificateInvalid } from './chain.ts';

const OWNER_FILE = 0o600;
const OWNER_FOLDER = 0o700;

/**
 * The file's text; undefined when there is none. Throws GatehouseError `certificate_invalid` when it cannot be read.
 */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw certificateInvalid(
      `${path} cannot be read (${errorCode(error)}). Let the user that runs Gatehouse read it.`,
      error,
    );
  }
}

/** Replaces a file: a reader sees the old text or the new one, and a crash leaves one of them. Its folder is made. */
export function replaceFile(path: string, text: string): void {
  const temporary = temporaryBeside(path);
  writing(path, () => {
    ensureFolder(dirname(path), OWNER_FOLDER);
    try {
      writeDurably(temporary, text);
      renameSync(temporary, path);
      syncFolder(dirname(path));
    } finally {
      rmSync(temporary, { force: true });
    }
  });
}

/**
 * Makes a folder with these files in one step: others see all of them or none. Nothing is changed when there is such a
 * folder that is not empty, because another process was first or for any other reason.
 */
export function createFolder(path: string, files: Readonly<Record<string, string>>): void {
  const temporary = temporaryBeside(path);
  writing(path, () => {
    ensureFolder(dirname(path), OWNER_FOLDER);
    mkdirSync(temporary, { mode: OWNER_FOLDER });
    try {
      for (const [name, text] of Object.entries(files)) writeDurably(join(temporary, name), text);
      syncFolder(temporary);
      renameFolder(temporary, path);
    } finally {
      rmSync(temporary, { force: true, recursive: true });
    }
  });
}

/** Removes a folder and all in it; nothing happens when there is none. */
export function removeFolder(path: string): void {
  writing(path, () => rmSync(path, { force: true, recursive: true }));
}

/** Renames a file that is no good, so that it can still be looked at; nothing happens when it has gone. */
export function setAside(path: string): void {
  writing(path, () => {
    try {
      renameSync(path, `${path}.damaged-${randomBytes(3).toString('hex')}`);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  });
}

/** POSIX renames a folder onto an empty one and refuses a full one; Windows refuses both. */
function renameFolder(from: string, to: string): void {
  try {
    if (process.platform === 'win32') removeEmptyFolder(to);
    renameSync(from, to);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(errorCode(error))) throw error;
    return;
  }
  syncFolder(dirname(to));
}

function removeEmptyFolder(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', OWNER_FILE);
  try {
    writeFileSync(file, text, 'latin1');
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Without this a crash may lose the name of a file whose content is safe. Windows cannot open a folder. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
}

function writing(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw certificateInvalid(
      `${path} cannot be written (${(error as Error).message}). ${
        ['ENOSPC', 'EDQUOT'].includes(errorCode(error))
          ? 'Make room on the disk.'
          : 'Let the user that runs Gatehouse write to `certificates.storage`.'
      }`,
      error,
    );
  }
}

function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

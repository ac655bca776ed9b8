// Making folders. Node's own recursive mkdir spins for ever where a file system says ENOENT to every
// mkdir (/proc, for one): a wrong path in a configuration would hang the start instead of failing it.
import { mkdirSync } from 'node:fs';
import path from 'node:path';

/** Makes the folder and those above it that are missing, each with `mode`. Throws as fs.mkdirSync does. */
export function ensureFolder(folder: string, mode: number): void {
  try {
    makeOne(folder, mode);
  } catch (error) {
    const parent = path.dirname(folder);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === folder) throw error;
    ensureFolder(parent, mode);
    makeOne(folder, mode);
  }
}

function makeOne(folder: string, mode: number): void {
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

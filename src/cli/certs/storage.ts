// Which folder holds the local CA that a command is about.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { readConfig } from '../read-config.ts';

/** Without a configuration in this folder: the folder that `demo` and `expose` use. */
export function storageOf(file: string): string {
  return file === 'gatehouse.yaml' && !existsSync(file) ? path.resolve('certs') : readConfig(file).certificates.storage;
}

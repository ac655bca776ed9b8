// Findings out of a log of records, however long it is: the last ones count.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { GatehouseError } from '../base/errors.ts';
import { type Finding, readFinding } from './finding.ts';

/** Of the end of the log; what stands before was long ago. */
const MAX_BYTES = 64 * 1024 * 1024;

/** In the order of the log. Fails with a GatehouseError for a file that cannot be read. */
export function readFindings(file: string): Finding[] {
  return readEnd(file)
    .split('\n')
    .flatMap((line) => readFinding(line) ?? []);
}

function readEnd(file: string): string {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const { size } = fstatSync(descriptor);
      const bytes = Buffer.alloc(Math.min(size, MAX_BYTES));
      const read = readSync(descriptor, bytes, 0, bytes.length, Math.max(0, size - MAX_BYTES));
      return bytes.toString('utf8', 0, read);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new GatehouseError('config_invalid', 'gateway', `the log ${file} cannot be read (${code})`, { cause: error });
  }
}

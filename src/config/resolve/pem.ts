// PEM files that a setting names, read while the configuration is loaded.

import type { Part } from '../part.ts';
import { readTextFile } from '../read-file.ts';

const maxPemBytes = 4 * 1024 * 1024;

/** The text of a PEM file; undefined when none is named, or, with a fault told, when it is none. */
export function readPem(part: Part, baseDir: string, what: string): string | undefined {
  const path = part.path(baseDir);
  if (path === undefined) return undefined;
  const read = readTextFile(path, maxPemBytes, true);
  if ('reason' in read) {
    part.fault('unreadable-file', `${part.quote()} cannot be read: ${read.reason}`);
    return undefined;
  }
  if (new RegExp(`^-----BEGIN (?:[A-Z0-9]+ )*${what}-----`, 'm').test(read.text)) return read.text;
  part.fault('bad-value', `${part.quote()} is not a PEM file with a ${what.toLowerCase()}`);
  return undefined;
}

// Reads rule files and the data files they name, within bounds, and finds what a pattern of file names means.

import { globSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Faults } from './faults.ts';
import type { Span } from './span.ts';
import { fromBytes, part } from './span.ts';

/** The bytes of a file, as a byte string or raw. Throws when there is none. */
export type ReadFile = (path: string) => string | Uint8Array;

export interface ReadFailure {
  readonly fault: string;
  readonly isAbsent: boolean;
}

/** A rule file or a data file larger than this is none: CRS as a whole has 1.5 MB. */
export const maxFileBytes: number = 16 * 1024 * 1024;
/** More files than this come from a pattern that is wider than meant. */
export const maxFiles = 2000;

/** Reads a file from disk. The size is asked first, so that a mistaken name does not fill the memory. */
export function readFromDisk(path: string): Uint8Array {
  const stats = statSync(path);
  if (!stats.isFile()) throw new Error('it is not a file');
  if (stats.size > maxFileBytes) throw new Error(`it is larger than ${maxFileBytes} bytes`);
  return readFileSync(path);
}

/** The file as a byte string, or why it cannot be read. */
export function readText(path: string, readFile: ReadFile): { text: string } | ReadFailure {
  try {
    const read = readFile(path);
    if (read.length > maxFileBytes) return { fault: `it is larger than ${maxFileBytes} bytes`, isAbsent: false };
    return { text: typeof read === 'string' ? read : Buffer.from(read).toString('latin1') };
  } catch (error) {
    return { fault: reasonOf(error), isAbsent: codeOf(error) === 'ENOENT' };
  }
}

/**
 * The files that a name or a pattern (`*`, `?`, `[...]`) means, sorted by name. A name without such signs is itself,
 * whether it is there or not. Braces are not expanded: a few of them would mean millions of patterns.
 */
export function findFiles(pattern: string, baseDir: string): string[] {
  if (!/[*?[]/.test(pattern)) return [pattern];
  if (/[{}\0]/.test(pattern)) return [];
  const found = globSync(pattern, { cwd: baseDir });
  return found.sort().slice(0, maxFiles + 1);
}

/** A path as the operating system takes it: relative ones belong to a folder. */
export function resolveIn(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

/**
 * The lines of the data files named in an operator's argument, separated by blanks, relative to the rule file. Blanks
 * around a line, empty lines and comments go. undefined: a fault was noted.
 */
export function readDataLines(
  names: Span,
  folder: string,
  readFile: ReadFile,
  faults: Faults,
): readonly string[] | undefined {
  const lines: string[] = [];
  let isWhole = names.text !== '';
  if (!isWhole) faults.add(names, 'bad-value', 'the name of the file is missing');
  for (const { 0: written, index } of names.text.matchAll(/\S+/g)) {
    const at = part(names, index, index + written.length);
    const name = fromBytes(written);
    const read = /^https?:/i.test(name)
      ? { fault: 'it is not fetched from the network' }
      : readText(resolveIn(folder, name), readFile);
    if ('fault' in read) {
      faults.add(at, 'unreadable-file', `${name} cannot be read: ${read.fault}`);
      isWhole = false;
    } else for (const line of read.text.split('\n')) if (isEntry(line)) lines.push(trimBlanks(line));
  }
  return isWhole ? lines : undefined;
}

function isEntry(line: string): boolean {
  const text = trimBlanks(line);
  return text !== '' && !text.startsWith('#');
}

/** ASCII blanks only: the byte A0 is part of a phrase. */
function trimBlanks(line: string): string {
  return line.replace(/^[ \t-\r]+/, '').replace(/(?<![ \t-\r])[ \t-\r]+$/, '');
}

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'permission is missing';
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

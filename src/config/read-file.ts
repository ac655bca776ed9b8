// Reads small text files that the operator names, with a bound and with the failure in words.

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

const chunkBytes = 64 * 1024;

const reasons: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'there is no such file'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['ELOOP', 'too many symbolic links'],
  ['ENAMETOOLONG', 'the path is too long'],
]);

export type ReadText = { readonly text: string } | { readonly reason: string };

/**
 * The file's text without a byte order mark, or the reason why there is none. `regularOnly` refuses
 * pipes and devices, which could keep the start waiting for ever. Never throws.
 */
export function readTextFile(path: string, maxBytes: number, regularOnly: boolean): ReadText {
  try {
    // Opening a pipe without O_NONBLOCK waits until somebody writes to it.
    const file = openSync(path, regularOnly ? constants.O_RDONLY | constants.O_NONBLOCK : constants.O_RDONLY);
    try {
      const stat = fstatSync(file);
      if (stat.isDirectory()) return { reason: 'it is a folder' };
      if (regularOnly && !stat.isFile()) return { reason: 'it is not a regular file' };
      return decode(readAll(file, maxBytes), maxBytes);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return { reason: reasons.get(code) ?? code };
  }
}

function readAll(file: number, maxBytes: number): Buffer {
  const chunks: Buffer[] = [];
  for (let total = 0; total <= maxBytes; ) {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const length = readSync(file, chunk);
    if (length === 0) break;
    chunks.push(chunk.subarray(0, length));
    total += length;
  }
  return Buffer.concat(chunks);
}

function decode(bytes: Buffer, maxBytes: number): ReadText {
  if (bytes.length > maxBytes) return { reason: `it is larger than ${maxBytes} bytes` };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { reason: 'it is not UTF-8 text' };
  }
}

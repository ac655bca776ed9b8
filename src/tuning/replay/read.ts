// Requests out of files and folders, whatever wrote them: own recordings, HAR, audit logs of ModSecurity, go-ftw tests.
import { closeSync, globSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { GatehouseError } from '../../base/errors.ts';
import { readFtw } from './ftw.ts';
import { readHar } from './har.ts';
import { readModSecurity } from './modsecurity.ts';
import { readOwn } from './own.ts';
import { isMap, type PastRequest } from './request.ts';

/** A document that has to be read as a whole; lines may be as many as there are. */
const MAX_DOCUMENT_BYTES = 512 * 1024 * 1024;
const MAX_LINE_BYTES = 64 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;
const KINDS = 'jsonl,ndjson,log,json,har,yaml,yml';

export interface ReadCounts {
  files: number;
  /** Lines and documents that are none of these. */
  skipped: number;
}

/**
 * The requests of a file, or of all files below a folder that are named as such files are. Below a folder `good` all are
 * good. Fails with a GatehouseError when there is nothing to read.
 */
export function* readRequests(place: string, counts: ReadCounts): Generator<PastRequest, void, undefined> {
  const files = filesAt(place);
  if (files.length === 0) {
    throw new GatehouseError('config_invalid', 'gateway', `${place} has no file that is named *.{${KINDS}}`);
  }
  for (const file of files) {
    counts.files++;
    const isGood = path.resolve(file).split(path.sep).slice(0, -1).includes('good');
    for (const request of readFile(file, counts)) yield isGood ? { ...request, isGood } : request;
  }
}

function filesAt(place: string): string[] {
  try {
    if (!statSync(place).isDirectory()) return [place];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new GatehouseError('config_invalid', 'gateway', `${place} cannot be read (${code})`, { cause: error });
  }
  return globSync(`**/*.{${KINDS}}`, { cwd: place })
    .sort()
    .map((file) => path.join(place, file));
}

function* readFile(file: string, counts: ReadCounts): Generator<PastRequest, void, undefined> {
  const name = path.basename(file);
  if (/\.ya?ml$/.test(file)) {
    yield* whole(() => readFtw(readDocument(file), name.replace(/\.ya?ml$/, '')), counts);
  } else if (/\.(?:har|json)$/.test(file)) {
    yield* whole(() => readJson(JSON.parse(readDocument(file)), name), counts);
  } else {
    let number = 0;
    for (const line of linesOf(file)) {
      number++;
      if (line.length > 0) yield* whole(() => readJson(JSON.parse(line.toString('utf8')), `${name}:${number}`), counts);
    }
  }
}

function* whole(read: () => PastRequest[] | undefined, counts: ReadCounts): Generator<PastRequest, void, undefined> {
  let found: PastRequest[] | undefined;
  try {
    found = read();
  } catch {
    // Neither JSON nor YAML.
  }
  if (found === undefined) counts.skipped++;
  else yield* found;
}

function readJson(document: unknown, name: string): PastRequest[] | undefined {
  if (Array.isArray(document)) return document.flatMap((each, i) => readJson(each, `${name}#${i + 1}`) ?? []);
  if (!isMap(document)) return undefined;
  const one = readOwn(document, name) ?? readModSecurity(document, name);
  return one === undefined ? readHar(document, name) : [one];
}

function readDocument(file: string): string {
  if (statSync(file).size > MAX_DOCUMENT_BYTES) throw new Error('too long');
  return readFileSync(file, 'utf8');
}

/** Line by line, however long the file is. */
function* linesOf(file: string): Generator<Buffer, void, undefined> {
  const descriptor = openSync(file, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest: Buffer = Buffer.alloc(0);
    for (let read = readSync(descriptor, chunk); read > 0; read = readSync(descriptor, chunk)) {
      let text = Buffer.concat([rest, chunk.subarray(0, read)]);
      for (let at = text.indexOf(0x0a); at !== -1; at = text.indexOf(0x0a)) {
        yield text.subarray(0, at);
        text = text.subarray(at + 1);
      }
      rest = text.length > MAX_LINE_BYTES ? Buffer.alloc(0) : text;
    }
    yield rest;
  } finally {
    closeSync(descriptor);
  }
}

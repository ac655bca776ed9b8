// The way in: a file or a text becomes a Config, or a list of everything that is wrong with it.

import { dirname, resolve } from 'node:path';
import type { Problem } from '../base/errors.ts';
import { checkAvailability } from './availability.ts';
import { readDocument } from './build-document.ts';
import type { Config } from './config.ts';
import { isMap } from './document.ts';
import { readTextFile } from './read-file.ts';
import { Report } from './report.ts';
import { resolveConfig } from './resolve/config.ts';
import { validate } from './validate.ts';

const maxFileBytes = 4 * 1024 * 1024;

export interface Loaded {
  /** Frozen; undefined when there is any problem. */
  readonly config: Config | undefined;
  /** What could be made of a file with problems; good for finding the running gateway, and for nothing else. */
  readonly draft?: Config;
  /** In the order of the file; empty when all is well. */
  readonly problems: readonly Problem[];
}

export interface LoadOptions {
  /** For `${NAME}`; by default the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface ParseOptions extends LoadOptions {
  /** Named in problems; relative paths start at its folder. A label like `<command line>` is no file. */
  readonly file?: string;
  /** Where relative paths start instead. By default the folder of `file`, else the current one. */
  readonly baseDir?: string;
}

/** Reads a configuration file. Never throws: a file that cannot be read is a problem. */
export function loadConfig(path: string, options: LoadOptions = {}): Loaded {
  const read = readTextFile(path, maxFileBytes, false);
  if ('text' in read) return parseConfig(read.text, { ...options, file: path });
  const message = `the configuration file cannot be read: ${read.reason}`;
  return { config: undefined, problems: [{ file: path, line: 0, column: 0, code: 'unreadable-file', message }] };
}

/** Reads the text of a configuration file (YAML or JSON). Never throws. */
export function parseConfig(text: string, options: ParseOptions = {}): Loaded {
  const file = options.file === undefined || options.file.startsWith('<') ? undefined : resolve(options.file);
  const baseDir = resolve(options.baseDir ?? (file === undefined ? '.' : dirname(file)));
  const source = text.startsWith('\ufeff') ? text.slice(1) : text;
  const report = new Report(options.file ?? '<configuration>', source);
  const document = readDocument(source, { env: options.env ?? process.env, baseDir }, report);
  validate(document);
  checkAvailability(document);
  const config = resolveConfig(document, { file, baseDir });
  const problems = report.problems();
  return problems.length === 0 ? { config: freeze(config), problems } : { config: undefined, draft: config, problems };
}

/** Freezes what is plain, all the way down; maps and URLs are left as they are. */
function freeze<T>(value: T): T {
  if (value instanceof Map) for (const each of value.values()) freeze(each);
  else if (Array.isArray(value) || (isMap(value) && Object.getPrototypeOf(value) === Object.prototype)) {
    for (const each of Object.values(value)) freeze(each);
    Object.freeze(value);
  }
  return value;
}

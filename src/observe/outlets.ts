// Where records go by one configuration: streams of this process and files, each opened once. What cannot be written
// costs lines, and one word about it.
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import pino from 'pino';
import { GatehouseError } from '../base/errors.ts';
import { ensureFolder } from '../base/folder.ts';
import type { LogsConfig, LogTarget, RecordConfig } from '../config/config.ts';
import type { SonicBoom } from './line-sink.ts';
import { Redaction } from './redaction.ts';
import { Traffic } from './traffic.ts';

/** Lines that wait for a slow disk or pipe; beyond it lines are lost rather than memory. */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;

const OPTIONS = {
  base: null,
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label: string) => ({ level: label }) },
} as const;

export interface OutletOptions {
  /** Learns of what cannot be written. */
  readonly tell: (message: string, error?: Error) => void;
  /** The number of this process, where several record traffic in one folder. */
  readonly worker: number | undefined;
  /** Those in force: traffic that is to be recorded as before goes on where it is. */
  readonly before: Outlets | undefined;
}

export class Outlets {
  readonly config: LogsConfig;
  readonly record: RecordConfig | undefined;
  /** undefined: none is recorded. */
  readonly traffic: Traffic | undefined;
  readonly redaction: Redaction;
  readonly access: Logger | undefined;
  readonly waf: Logger | undefined;
  readonly own: Logger;
  /** What `own` writes to. */
  readonly words: SonicBoom;
  readonly #destinations: SonicBoom[] = [];
  /** Those that could not be written at the last try, and what is said of it. */
  readonly #lost = new Map<SonicBoom, string>();
  /** Those that have failed since they were opened. */
  readonly #told = new Set<SonicBoom>();
  readonly #tell: OutletOptions['tell'];

  /** Fails with a GatehouseError. */
  constructor(config: LogsConfig, record: RecordConfig | undefined, options: OutletOptions) {
    this.config = config;
    this.record = record;
    this.#tell = options.tell;
    this.traffic = trafficOf(config, record, options);
    this.redaction = new Redaction(config.redact, config.audit);
    const access = this.#destination(config.access);
    const waf = isSame(config.access, config.waf) ? access : this.#destination(config.waf);
    // Words go to stderr, so that stdout is the access log and nothing else.
    this.words = this.#destination('stderr');
    this.access = access === undefined ? undefined : pino(OPTIONS, access);
    this.waf = waf === undefined ? undefined : pino(OPTIONS, waf);
    this.own = pino({ ...OPTIONS, level: config.level }, this.words);
  }

  /** Whether this configuration would open the same. */
  isFor(config: LogsConfig, record: RecordConfig | undefined): boolean {
    return isDeepStrictEqual([this.config, this.record], [config, record]);
  }

  /** What of it cannot be written at the moment. */
  get failing(): string[] {
    return [...this.#lost.values(), ...(this.traffic?.failing ?? [])];
  }

  /** After logrotate has moved the files away: the same names again, as new files. */
  reopen(): void {
    this.#lost.clear();
    this.#told.clear();
    for (const destination of this.#destinations) {
      if (!isFile(destination)) continue;
      try {
        // Asked first: a reopening of sonic-boom's that fails leaves it to close its old descriptor twice later on.
        openable(destination.file);
        destination.reopen();
      } catch (error) {
        this.#tell(`${(error as Error).message}; what was open before goes on`);
      }
    }
  }

  /** Writes out what waits. */
  flush(): void {
    this.traffic?.flush();
    for (const destination of this.#destinations) {
      // Writing on would be tried for ever where the disk is full, by pino itself at the end of the process too.
      if (this.#told.has(destination)) {
        destination.destroy();
        continue;
      }
      try {
        destination.flushSync();
      } catch {
        // Not yet open, or already broken: there is nothing left to save.
      }
    }
  }

  /** Writes out what waits, and closes what those that stay do not use. */
  close(staying: Outlets): void {
    this.flush();
    if (this.traffic !== staying.traffic) this.traffic?.close();
    for (const destination of this.#destinations) if (isFile(destination)) destination.end();
  }

  #destination(target: Exclude<LogTarget, false>): SonicBoom;
  #destination(target: LogTarget): SonicBoom | undefined;
  #destination(target: LogTarget): SonicBoom | undefined {
    if (target === false) return undefined;
    const dest = target === 'stdout' ? 1 : target === 'stderr' ? 2 : target.file;
    if (typeof dest === 'string') openable(dest);
    const destination = pino.destination({ dest, sync: false, maxLength: MAX_BUFFERED_BYTES });
    // A full disk or a closed pipe costs lines, never requests.
    destination.on('error', (error: NodeJS.ErrnoException) => this.#tellLoss(destination, dest, error));
    destination.on('write', (bytes: number) => {
      if (bytes > 0) this.#lost.delete(destination);
    });
    this.#destinations.push(destination);
    return destination;
  }

  /** Once for each log until it is opened anew: whoever watches the other output learns that lines are missing. */
  #tellLoss(destination: SonicBoom, dest: string | number, { code }: NodeJS.ErrnoException): void {
    const name = dest === 1 ? 'stdout' : dest === 2 ? 'stderr' : dest;
    const words = `records for ${name} are lost: it cannot be written (${code})`;
    this.#lost.set(destination, words);
    const isKnown = this.#told.has(destination);
    this.#told.add(destination);
    if (!isKnown && dest !== 2) this.#tell(words);
  }
}

/** One that is as it was goes on. */
function trafficOf(
  config: LogsConfig,
  record: RecordConfig | undefined,
  { before, tell, worker }: OutletOptions,
): Traffic | undefined {
  if (record === undefined) return undefined;
  if (isDeepStrictEqual([before?.record, before?.config.redact], [record, config.redact])) return before?.traffic;
  return new Traffic(record, config.redact, tell, worker);
}

/** stdout and stderr are not ours to close. */
function isFile(destination: SonicBoom): destination is SonicBoom & { readonly file: string } {
  return typeof (destination as { file?: unknown }).file === 'string';
}

/** Two kinds of records in one file go through one descriptor, so that their lines never mix. */
function isSame(a: LogTarget, b: LogTarget): boolean {
  if (typeof a === 'object' && typeof b === 'object') return a.file === b.file;
  return a === b;
}

/** A log that cannot be opened is a fault of the configuration: it stops the start, and is not found out weeks later. */
function openable(file: string): void {
  try {
    ensureFolder(path.dirname(file), 0o750);
    closeSync(openSync(file, 'a', 0o640));
  } catch (error) {
    const message = `the log ${file} cannot be written (${(error as NodeJS.ErrnoException).code}); change it under \`logs\``;
    throw new GatehouseError('config_invalid', 'gateway', message, { cause: error });
  }
}

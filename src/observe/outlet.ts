// One place where lines go: stdout, stderr or a file. What cannot be written waits, up to a bound; beyond it costs lines, and
// a word about it.
import { closeSync, constants, openSync, statSync } from 'node:fs';
import path from 'node:path';
import pino from 'pino';
import { GatehouseError } from '../base/errors.ts';
import { ensureFolder } from '../base/folder.ts';
import { drop, finish, type SonicBoom } from './finish.ts';

/** Lines that wait for a slow disk or pipe; beyond it lines are lost rather than memory. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** What waits is tried again, also when no further line comes. */
const RETRY_MS = 1000;

/** The descriptor of stdout or stderr, or the path of a file. */
export type Destination = 1 | 2 | string;

export class Outlet {
  readonly stream: SonicBoom;
  readonly #dest: Destination;
  readonly #tell: (words: string) => void;
  /** What is said of it, where the last try to write has failed. */
  #lost: string | undefined;
  /** Whether it was told that it fails, since it was opened. */
  #isTold = false;
  /** Lines for which there was no room. */
  #dropped = 0;
  #willRetry = false;

  /** `tell` learns of its first failure, and how many lines were lost. Fails with a GatehouseError. */
  constructor(dest: Destination, tell: (words: string) => void) {
    this.#dest = dest;
    this.#tell = tell;
    const held = typeof dest === 'string' ? opened(dest) : undefined;
    this.stream = pino.destination({ dest, sync: false, maxLength: MAX_WAITING_BYTES });
    if (held !== undefined) this.stream.once('ready', () => closeSync(held));
    // By pino's own listener a pipe without a reader is never written again.
    this.stream.removeAllListeners('error');
    this.stream.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
    this.stream.on('write', (bytes: number) => {
      if (bytes > 0) this.#lost = undefined;
    });
    this.stream.on('drop', (lines: string) => {
      this.#dropped += lines.split('\n').length - 1;
    });
    this.stream.on('drain', () => {
      if (this.#dropped > 0) tell(`${this.#dropped} records for ${this.#name} were lost: too many waited`);
      this.#dropped = 0;
    });
  }

  /** What is said of it while it cannot be written. */
  get failing(): string | undefined {
    return this.#lost;
  }

  /** After logrotate has moved a file away: the same name again, as a new file. Fails with a GatehouseError, and nothing has changed. */
  reopen(): void {
    // stdout and stderr stay what they are.
    if (typeof this.#dest !== 'string') return;
    this.#lost = undefined;
    this.#isTold = false;
    // Asked first: a reopening of sonic-boom's that fails leaves it to close its old descriptor twice later on.
    const held = opened(this.#dest);
    this.stream.once('ready', () => closeSync(held));
    this.stream.reopen();
  }

  /** Writes out what waits, and takes no more. What fails is tried once more. */
  finish(): Promise<void> {
    return finish(this.stream);
  }

  get #name(): string {
    return this.#dest === 1 ? 'stdout' : this.#dest === 2 ? 'stderr' : this.#dest;
  }

  #failed({ code }: NodeJS.ErrnoException): void {
    this.#lost = `records for ${this.#name} are lost: it cannot be written (${code})`;
    // pino would try for ever when the process ends.
    Object.assign(this.stream, { flushSync: () => {} });
    if (code === 'EPIPE' && typeof this.#dest !== 'string') {
      // Nobody else will read them.
      drop(this.stream);
      this.stream.emit('drain');
    } else this.#retrySoon();
    if (!this.#isTold) this.#tell(this.#lost);
    this.#isTold = true;
  }

  #retrySoon(): void {
    if (this.#willRetry) return;
    this.#willRetry = true;
    setTimeout(() => {
      this.#willRetry = false;
      this.stream.write('');
    }, RETRY_MS).unref();
  }
}

/**
 * A log that cannot be opened is a fault of the configuration: it stops the start, and is not found out weeks later. To be
 * closed when the stream has it open: the reader of a pipe would leave with the first writer.
 */
function opened(file: string): number {
  try {
    ensureFolder(path.dirname(file), 0o750);
    // Whoever only writes to a pipe waits for somebody to read.
    const isPipe = statSync(file, { throwIfNoEntry: false })?.isFIFO() === true;
    return isPipe ? openSync(file, constants.O_RDWR | constants.O_NONBLOCK) : openSync(file, 'a', 0o640);
  } catch (error) {
    const message = `the log ${file} cannot be written (${(error as NodeJS.ErrnoException).code}); change it under \`logs\``;
    throw new GatehouseError('config_invalid', 'gateway', message, { cause: error });
  }
}

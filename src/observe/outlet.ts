// One place where lines go: stdout, stderr or a file. What cannot be written costs lines, and one word about it.
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import pino from 'pino';
import { GatehouseError } from '../base/errors.ts';
import { ensureFolder } from '../base/folder.ts';
import { drop, finish, type SonicBoom } from './finish.ts';

/** Lines that wait for a slow disk or pipe; beyond it lines are lost rather than memory. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/** The descriptor of stdout or stderr, or the path of a file. */
export type Destination = 1 | 2 | string;

export class Outlet {
  readonly stream: SonicBoom;
  readonly #dest: Destination;
  /** What is said of it, where the last try to write has failed. */
  #lost: string | undefined;
  /** Whether it has failed since it was opened. */
  #hasFailed = false;

  /** `tell` learns of its first failure. Fails with a GatehouseError. */
  constructor(dest: Destination, tell: (words: string) => void) {
    this.#dest = dest;
    if (typeof dest === 'string') openable(dest);
    this.stream = pino.destination({ dest, sync: false, maxLength: MAX_WAITING_BYTES });
    this.stream.on('error', ({ code }: NodeJS.ErrnoException) => {
      const name = dest === 1 ? 'stdout' : dest === 2 ? 'stderr' : dest;
      this.#lost = `records for ${name} are lost: it cannot be written (${code})`;
      const isKnown = this.#hasFailed;
      this.#hasFailed = true;
      if (!isKnown) tell(this.#lost);
    });
    this.stream.on('write', (bytes: number) => {
      if (bytes > 0) this.#lost = undefined;
    });
  }

  /** What is said of it while it cannot be written. */
  get failing(): string | undefined {
    return this.#lost;
  }

  /** After logrotate has moved a file away: the same name again, as a new file. Fails with a GatehouseError, and nothing has changed. */
  reopen(): void {
    // stdout and stderr stay what they are, and pino writes no more to a pipe that was closed.
    if (typeof this.#dest !== 'string') return;
    this.#lost = undefined;
    this.#hasFailed = false;
    // Asked first: a reopening of sonic-boom's that fails leaves it to close its old descriptor twice later on.
    openable(this.#dest);
    this.stream.reopen();
  }

  /** Writes out what waits, and takes no more. What has failed is not tried again. */
  async finish(): Promise<void> {
    if (this.#hasFailed) drop(this.stream);
    else await finish(this.stream);
  }
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

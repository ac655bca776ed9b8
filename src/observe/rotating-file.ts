// A file of lines that is never longer than it may be: when it is full it is put aside under the time, and of those put
// aside the oldest go. Whatever the disk does, lines are lost and nothing else happens.
import { openSync, readdirSync, renameSync, statSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import pino from 'pino';
import { finish } from './finish.ts';

export interface FileBounds {
  readonly fileBytes: number;
  /** The one that is written among them. */
  readonly files: number;
  readonly ageMs: number;
}

/** Lines that wait for a slow disk; beyond it they are lost. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** After a failure nothing is tried for so long. */
const REST_MS = 60_000;
const DAY_MS = 86_400_000;

export class RotatingFile {
  readonly #dir: string;
  readonly #name: string;
  /** The one that is written. */
  readonly #file: string;
  readonly #bounds: FileBounds;
  readonly #tell: (error: NodeJS.ErrnoException) => void;
  #open: ReturnType<typeof pino.destination> | undefined;
  #bytes = 0;
  #openedAt = 0;
  #restsUntil = 0;

  /**
   * `NAME.jsonl` in the folder, which must be there. Each of several processes has one of its own, `NAME.WORKER.jsonl`; those
   * put aside are bounded together.
   */
  constructor(
    dir: string,
    name: string,
    bounds: FileBounds,
    tell: (error: NodeJS.ErrnoException) => void,
    worker?: number,
  ) {
    this.#dir = dir;
    this.#name = name;
    this.#file = path.join(dir, worker === undefined ? `${name}.jsonl` : `${name}.${worker}.jsonl`);
    this.#bounds = bounds;
    this.#tell = tell;
    this.prune();
  }

  /** One line, without its line break. */
  write(line: string): void {
    const now = Date.now();
    if (now < this.#restsUntil) return;
    const bytes = Buffer.byteLength(line) + 1;
    if (bytes > this.#bounds.fileBytes) return;
    try {
      if (this.#open !== undefined && this.#isFull(bytes, now)) this.#putAside(now);
      this.#open ??= this.#openFile(now);
      this.#bytes += bytes;
      this.#open.write(`${line}\n`);
    } catch (error) {
      this.#rest(error as NodeJS.ErrnoException);
    }
  }

  /** The disk has failed, and is not tried for a while. */
  get isResting(): boolean {
    return Date.now() < this.#restsUntil;
  }

  /** Deletes what is too old or too much. */
  prune(): void {
    try {
      const own = readdirSync(this.#dir)
        .filter((file) => file.startsWith(`${this.#name}-`) && file.endsWith('.jsonl'))
        .sort();
      const tooMany = own.length - (this.#bounds.files - 1);
      for (const [i, file] of own.entries()) {
        const full = path.join(this.#dir, file);
        if (i < tooMany || Date.now() - statSync(full).mtimeMs > this.#bounds.ageMs) unlinkSync(full);
      }
    } catch {
      // What cannot be deleted now is tried again with the next file.
    }
  }

  /** Writes out what waits, and takes no more. */
  async finish(): Promise<void> {
    const last = this.#open;
    this.#open = undefined;
    this.#restsUntil = Number.POSITIVE_INFINITY;
    if (last !== undefined) await finish(last);
  }

  #isFull(bytes: number, now: number): boolean {
    const isOld = now - this.#openedAt > Math.min(DAY_MS, this.#bounds.ageMs);
    return isOld || this.#bytes + bytes > this.#bounds.fileBytes;
  }

  #openFile(now: number): ReturnType<typeof pino.destination> {
    const file = this.#file;
    const before = statSync(file, { throwIfNoEntry: false });
    if (before?.isFile() === true && before.size > 0) this.#rename(file, before.mtimeMs);
    // Opened here and not by the stream, so that it is there before it can be put aside.
    const dest = openSync(file, 'a', 0o600);
    const destination = pino.destination({ dest, sync: false, maxLength: MAX_WAITING_BYTES });
    destination.on('error', (error: NodeJS.ErrnoException) => this.#rest(error));
    this.#bytes = 0;
    this.#openedAt = now;
    return destination;
  }

  #putAside(now: number): void {
    const full = this.#open;
    this.#open = undefined;
    // It is written to its end under its new name.
    full?.end();
    this.#rename(this.#file, now);
  }

  #rename(file: string, time: number): void {
    const stamp = new Date(time).toISOString().replace(/[-:.]/g, '');
    renameSync(file, path.join(this.#dir, `${this.#name}-${stamp}-${process.pid}.jsonl`));
    this.prune();
  }

  #rest(error: NodeJS.ErrnoException): void {
    const isFirst = this.#open !== undefined || Date.now() >= this.#restsUntil;
    this.#restsUntil = Date.now() + REST_MS;
    this.#open?.removeAllListeners('error');
    this.#open?.on('error', () => {});
    this.#open?.destroy();
    this.#open = undefined;
    if (isFirst) this.#tell(error);
  }
}

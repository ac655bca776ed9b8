// Certificates that have changed come into force: those of files, of the local CA, and what was ordered.
import type { CertificateKeeper } from '../acme/keeper.ts';
import type { FileWatch } from '../base/file-watch.ts';
import type { InTurn } from '../base/in-turn.ts';
import type { Records } from '../observe/records.ts';
import { tellRefresh } from './certificate-files.ts';
import { type Runtime, refreshCertificates } from './runtime.ts';

/** How often the local CA looks whether its certificates are due. */
const CHECK_MS = 6 * 3_600_000;
/** How often the files of certificates are looked at; a change is in force after two or three times that. */
const FILE_CHECK_MS = 2000;

export interface RefreshParts {
  /** With all else that is put in force. */
  readonly changes: InTurn;
  readonly records: Records;
  readonly files: FileWatch;
  /** undefined: 2 seconds. */
  readonly fileCheckMs: number | undefined;
  readonly runtime: () => Runtime;
  readonly keeper: () => CertificateKeeper | undefined;
  /** Puts it in force. */
  readonly use: (next: Runtime) => void;
}

export class Refresh {
  readonly #parts: RefreshParts;
  #files: FileWatch;
  #check: NodeJS.Timeout | undefined;
  #waiting: Promise<void> | undefined;

  constructor(parts: RefreshParts) {
    this.#parts = parts;
    this.#files = parts.files;
  }

  /** By itself from now on. May be called again. */
  start(): void {
    this.#check ??= setInterval(() => void this.run(), CHECK_MS).unref();
    this.#files.start(this.#parts.fileCheckMs ?? FILE_CHECK_MS, () => void this.run());
  }

  stop(): void {
    clearInterval(this.#check);
    this.#files.stop();
  }

  /** Other files, looked at from the next start on. */
  watch(files: FileWatch): void {
    this.#files.stop();
    this.#files = files;
  }

  /** Resolves when all that has changed until now is served. Never fails: what cannot be loaded stays as it was. */
  run(): Promise<void> {
    // A thousand new certificates are a few refreshes, not a thousand: the one that waits takes up all that came so far.
    this.#waiting ??= this.#parts.changes.run(() => {
      this.#waiting = undefined;
      return this.#refresh();
    });
    return this.#waiting;
  }

  async #refresh(): Promise<void> {
    const { records, runtime, keeper, use } = this.#parts;
    const before = runtime();
    let next: Runtime;
    try {
      next = await refreshCertificates(before, keeper());
    } catch (error) {
      records.error('certificate', 'certificates could not be loaded anew; the old ones stay', error);
      return;
    }
    tellRefresh(records, before, next);
    use(next);
  }
}

// The far end of a `DiskThread`: has the files open and does what is asked, one thing after the other. It runs in a thread of
// its own, so that no request waits for a disk that another one waits for.
import { statSync } from 'node:fs';
import type { MessagePort } from 'node:worker_threads';
import { CacheFile, type FileBounds } from './cache-file.ts';
import { isBusy, isUnreadable, removeFile } from './cache-tables.ts';
import type { EntryHead } from './entry.ts';
import { variantKey } from './vary.ts';

export interface FileName {
  readonly file: string;
  readonly bounds: FileBounds;
}

/** As it lies in the file; `head` is a JSON text. */
export interface StoredRow {
  readonly head: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** What can be asked of a file. Of every kind of `remove`: how many answers are gone. */
export interface DiskWishes {
  put(head: EntryHead, body: Uint8Array, sizeBytes: number): void;
  /** The newest that such a request would have got. */
  find(key: string, context: string, headers: readonly string[]): StoredRow | undefined;
  remove(entry: Pick<EntryHead, 'key' | 'fields' | 'variant'>): number;
  removeKey(key: string): number;
  removePrefix(prefix: string): number;
  removeTag(tag: string): number;
  clear(): number;
  figures(): { readonly entries: number; readonly bytes: number };
  close(): void;
}

export interface DiskMessage {
  readonly id: number;
  /** Of the store that asks. */
  readonly handle: number;
  /** It is opened by the first wish. */
  readonly name: FileName;
  readonly wish: keyof DiskWishes;
  readonly args: readonly unknown[];
}

/** One of both. */
export interface DiskReply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** A file that could not be opened is let alone for so long. */
const RETRY_MS = 10_000;
/** To write, while others do; each waits for a while. */
const ATTEMPTS = 10;

/** Answers until the port is closed. */
export function serve(port: MessagePort): void {
  const files = new Map<number, OpenFile>();
  port.on('message', ({ id, handle, name, wish, args }: DiskMessage) => {
    try {
      const file = files.getOrInsertComputed(handle, () => new OpenFile(name));
      const result = (file[wish] as (...args: readonly unknown[]) => unknown)(...args);
      if (wish === 'close') files.delete(handle);
      const row = wish === 'find' ? (result as StoredRow | undefined) : undefined;
      port.postMessage({ id, result } satisfies DiskReply, row === undefined ? [] : [row.body.buffer]);
    } catch (error) {
      port.postMessage({ id, error } satisfies DiskReply);
    }
  });
}

class OpenFile implements DiskWishes {
  readonly #name: FileName;
  #file: CacheFile | undefined;
  /** Which file it is that has the name. */
  #inode: number | undefined;
  #failure: { readonly error: unknown; readonly at: number } | undefined;

  constructor(name: FileName) {
    this.#name = name;
  }

  put(...args: Parameters<DiskWishes['put']>): void {
    try {
      this.#inTurn((file) => file.put(...args));
    } catch (error) {
      // The one that it was to replace is not to be found any more; while another process writes, it may be that very one.
      if (!isBusy(error)) this.#remove((file) => file.remove(args[0]));
      throw error;
    }
  }

  find(key: string, context: string, headers: readonly string[]): StoredRow | undefined {
    return this.#do((file) => {
      let newest: { row: StoredRow; storedAt: number } | undefined;
      for (const fields of file.groupsOf(key)) {
        const row = file.find(key, fields, variantKey(fields, context, headers));
        if (row !== undefined && (newest === undefined || row.storedAt > newest.storedAt))
          newest = { row: { head: row.head, body: row.body }, storedAt: row.storedAt };
      }
      return newest?.row;
    });
  }

  remove(entry: Parameters<DiskWishes['remove']>[0]): number {
    return this.#remove((file) => file.remove(entry));
  }

  removeKey(key: string): number {
    return this.#remove((file) => file.removeKey(key));
  }

  removePrefix(prefix: string): number {
    return this.#remove((file) => file.removePrefix(prefix));
  }

  removeTag(tag: string): number {
    return this.#remove((file) => file.removeTag(tag));
  }

  clear(): number {
    return this.#remove((file) => file.clear());
  }

  figures(): ReturnType<DiskWishes['figures']> {
    return this.#do(({ figures }) => figures);
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /**
   * What is to be thrown away is never found again: where it cannot be taken out of the file (a full disk has no room for
   * that either), the file goes.
   */
  #remove(act: (file: CacheFile) => number): number {
    try {
      return this.#inTurn(act);
    } catch (error) {
      this.#discard();
      throw error;
    }
  }

  /** What writes waits for the others who write. */
  #inTurn<T>(act: (file: CacheFile) => T): T {
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#do(act);
      } catch (error) {
        if (!isBusy(error) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** Unless another process has done so already, and has begun anew. */
  #discard(): void {
    this.close();
    const { file } = this.#name;
    if (inodeOf(file) === this.#inode) removeFile(file);
  }

  /** A file of no use is thrown away: who asked is told, who asks next finds an empty one. */
  #do<T>(act: (file: CacheFile) => T): T {
    try {
      this.#file ??= this.#open();
      return act(this.#file);
    } catch (error) {
      if (isUnreadable(error)) this.#discard();
      throw error;
    }
  }

  #open(): CacheFile {
    if (this.#failure !== undefined && Date.now() - this.#failure.at < RETRY_MS) throw this.#failure.error;
    this.#failure = undefined;
    const { file, bounds } = this.#name;
    this.#inode = inodeOf(file);
    try {
      const opened = new CacheFile(file, bounds);
      this.#inode = inodeOf(file);
      return opened;
    } catch (error) {
      if (!isUnreadable(error)) this.#failure = { error, at: Date.now() };
      throw error;
    }
  }
}

/** undefined: there is none. */
function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}

// Stored answers on disk, the ones in use in memory too. What is in neither is fetched anew; a file that fails is the same as
// one that has nothing.
import { CacheFile, type FileBounds, isUnreadable, removeFile } from './cache-file.ts';
import { completed, type Entry } from './entry.ts';
import { MemoryStore } from './memory-store.ts';
import { variantKey } from './vary.ts';

export interface DiskStoreOptions {
  readonly file: string;
  readonly bounds: FileBounds;
  /** In memory, in each process. */
  readonly memoryBytes: number;
  /** Once for each time that it begins to fail. */
  readonly onFail: (error: unknown) => void;
}

export class DiskStore extends MemoryStore {
  override readonly kind = 'disk';
  readonly #options: DiskStoreOptions;
  #file: CacheFile;
  #isFailing = false;
  #isClosed = false;

  /** Throws when there can be no such file. */
  constructor(options: DiskStoreOptions) {
    const { file, bounds, memoryBytes } = options;
    super({ ...bounds, maxBytes: Math.min(memoryBytes, bounds.maxBytes) });
    this.#options = options;
    this.#file = new CacheFile(file, bounds);
  }

  override get entries(): number {
    return this.#try(() => this.#file.figures.entries, 0);
  }

  override get bytes(): number {
    return this.#try(() => this.#file.figures.bytes, 0);
  }

  override find(key: string, context: string, headers: readonly string[]): Entry | undefined {
    return super.find(key, context, headers) ?? this.#try(() => this.#load(key, context, headers), undefined);
  }

  override add(entry: Entry): boolean {
    super.add(entry);
    const { body, sizeBytes, codings: _, ...head } = entry;
    return this.#try(() => {
      this.#file.put(head, body, sizeBytes);
      return true;
    }, false);
  }

  override remove(entry: Entry): number {
    super.remove(entry);
    return this.#try(() => this.#file.remove(entry), 0);
  }

  override removeKey(key: string): number {
    return Math.max(
      super.removeKey(key),
      this.#try(() => this.#file.removeKey(key), 0),
    );
  }

  override removePrefix(prefix: string): number {
    return Math.max(
      super.removePrefix(prefix),
      this.#try(() => this.#file.removePrefix(prefix), 0),
    );
  }

  override removeTag(tag: string): number {
    return Math.max(
      super.removeTag(tag),
      this.#try(() => this.#file.removeTag(tag), 0),
    );
  }

  override clear(): number {
    return Math.max(
      super.clear(),
      this.#try(() => this.#file.clear(), 0),
    );
  }

  /** Requests that still come find what is in memory. */
  override close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#file.close();
  }

  #load(key: string, context: string, headers: readonly string[]): Entry | undefined {
    let found: Entry | undefined;
    for (const fields of this.#file.groupsOf(key)) {
      const row = this.#file.find(key, fields, variantKey(fields, context, headers));
      if (row === undefined || (found !== undefined && found.storedAt > row.head.storedAt)) continue;
      found = completed(row.head, row.body, (entry, bytes) => this.grow(entry, bytes));
    }
    if (found !== undefined) super.add(found);
    return found;
  }

  #try<T>(act: () => T, otherwise: T): T {
    if (this.#isClosed) return otherwise;
    try {
      const done = act();
      this.#isFailing = false;
      return done;
    } catch (error) {
      if (!this.#isFailing) this.#options.onFail(error);
      this.#isFailing = true;
      if (isUnreadable(error)) this.#beginAnew();
      return otherwise;
    }
  }

  #beginAnew(): void {
    const { file, bounds } = this.#options;
    try {
      this.#file.close();
      removeFile(file);
      this.#file = new CacheFile(file, bounds);
    } catch {
      this.#isClosed = true;
    }
  }
}

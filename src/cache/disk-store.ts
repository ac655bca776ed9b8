// Stored answers on disk, the ones in use in memory too. What is in neither is fetched anew; a file that fails, or takes long,
// is the same as one that has nothing.
import type { FileBounds } from './cache-file.ts';
import type { DiskWishes, StoredRow } from './disk-desk.ts';
import type { DiskThread } from './disk-thread.ts';
import { completed, type Entry, type EntryHead } from './entry.ts';
import { within } from './flight.ts';
import { type Maybe, MemoryStore, type StoreFigures } from './memory-store.ts';

export interface DiskStoreOptions {
  readonly file: string;
  readonly bounds: FileBounds;
  /** In memory, in each process. */
  readonly memoryBytes: number;
  readonly thread: DiskThread;
  /** Not more than once a minute. */
  readonly onFail: (error: unknown) => void;
}

/** A request waits no longer for the disk than this. Until that answer has come nobody else waits for the disk at all. */
const LOAD_MS = 500;
/** Looking for at once; who comes on top goes to the backend. */
const MAX_LOADS = 256;
/** On their way to the disk; what comes on top is kept in memory only. */
const MAX_WAITING_BYTES = 32 * 2 ** 20;

const TELL_MS = 60_000;
const LATE: unique symbol = Symbol('late');

interface Load {
  readonly key: string;
  /** What it finds may have been thrown away meanwhile. */
  isVoid: boolean;
}

export class DiskStore extends MemoryStore {
  override readonly kind = 'disk';
  readonly #options: DiskStoreOptions;
  readonly #handle: number;
  readonly #loads = new Set<Load>();
  /** By resource and context: the next one for it waits, for it may want the same. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** Requests. */
  #waiting = 0;
  /** Loads that nobody waits for any more. */
  #overdue = 0;
  #waitingBytes = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(options: DiskStoreOptions) {
    const { bounds, memoryBytes, thread } = options;
    super({ ...bounds, maxBytes: Math.min(memoryBytes, bounds.maxBytes) });
    this.#options = options;
    this.#handle = thread.newHandle();
    // A file of no use is told of at the start, not with the first request.
    void this.#ask('figures', []);
  }

  override async figures(): Promise<StoreFigures> {
    return (await this.#ask('figures', [])) ?? { entries: 0, bytes: 0 };
  }

  override load(key: string, context: string, headers: readonly string[]): Promise<Entry | undefined> | undefined {
    if (this.#isClosed || this.#overdue > 0 || this.#waiting >= MAX_LOADS) return undefined;
    this.#waiting++;
    return this.#load(key, context, headers).finally(() => this.#waiting--);
  }

  override add(entry: Entry): boolean {
    const isHeld = super.add(entry);
    // A part is for those who ask at the same time for the next one; a restart costs it.
    if (entry.part !== undefined) return isHeld;
    const { body, sizeBytes, codings: _, ...head } = entry;
    if (this.#waitingBytes + body.length > MAX_WAITING_BYTES) {
      // What lies there is older than this one.
      void this.#ask('remove', [placeOf(entry)]);
    } else {
      this.#waitingBytes += body.length;
      const copy = new Uint8Array(body);
      void this.#ask('put', [head, copy, sizeBytes], [copy.buffer]).then(() => {
        this.#waitingBytes -= body.length;
      });
    }
    return true;
  }

  override remove(entry: Entry): void {
    super.remove(entry);
    void this.#removed(0, this.#ask('remove', [placeOf(entry)]), (key) => key === entry.key);
  }

  override removeKey(key: string): Promise<number> {
    return this.#removed(super.removeKey(key), this.#ask('removeKey', [key]), (other) => other === key);
  }

  override removePrefix(prefix: string): Promise<number> {
    const removed = super.removePrefix(prefix);
    return this.#removed(removed, this.#ask('removePrefix', [prefix]), (key) => key.startsWith(prefix));
  }

  override removeTag(tag: string): Promise<number> {
    return this.#removed(super.removeTag(tag), this.#ask('removeTag', [tag]), () => true);
  }

  override clear(): Promise<number> {
    return this.#removed(super.clear(), this.#ask('clear', []), () => true);
  }

  /** Behind all that is on its way. Requests that still come find what is in memory. */
  override async close(): Promise<void> {
    if (this.#isClosed) return;
    const closing = this.#ask('close', []);
    this.#isClosed = true;
    await closing;
  }

  async #load(key: string, context: string, headers: readonly string[]): Promise<Entry | undefined> {
    const name = `${key}\n${context}`;
    const until = performance.now() + LOAD_MS;
    for (let turn = this.#turns.get(name); turn !== undefined; turn = this.#turns.get(name)) {
      await turn;
      const held = this.find(key, context, headers);
      if (held !== undefined || performance.now() > until) return held;
    }
    const loading = this.#loadAlone(key, context, headers);
    this.#turns.set(name, loading);
    try {
      return await loading;
    } finally {
      this.#turns.delete(name);
    }
  }

  async #loadAlone(key: string, context: string, headers: readonly string[]): Promise<Entry | undefined> {
    const load: Load = { key, isVoid: false };
    this.#loads.add(load);
    const asking = this.#ask('find', [key, context, headers]);
    const row = await within<StoredRow | typeof LATE | undefined>(asking, LOAD_MS, LATE);
    this.#loads.delete(load);
    if (row === LATE) {
      this.#overdue++;
      void asking.then(() => this.#overdue--);
      return this.find(key, context, headers);
    }
    // Another request may have stored or loaded one meanwhile.
    const held = this.find(key, context, headers);
    if (held !== undefined || row === undefined || load.isVoid) return held;
    const found = this.#read(row);
    super.add(found);
    return found;
  }

  #read({ head, body: { buffer, byteOffset, byteLength } }: StoredRow): Entry {
    const body = Buffer.from(buffer, byteOffset, byteLength);
    return completed(JSON.parse(head) as EntryHead, body, (entry, bytes) => this.grow(entry, bytes));
  }

  async #removed(
    held: Maybe<number>,
    asked: Promise<number | undefined>,
    isMeant: (key: string) => boolean,
  ): Promise<number> {
    for (const load of this.#loads) if (isMeant(load.key)) load.isVoid = true;
    // What is in memory lies in the file too, and each process has copies of its own.
    return (await asked) ?? held;
  }

  /** Never rejects; undefined: it could not be done. */
  async #ask<K extends keyof DiskWishes>(
    wish: K,
    args: Parameters<DiskWishes[K]>,
    transfer?: readonly ArrayBuffer[],
  ): Promise<ReturnType<DiskWishes[K]> | undefined> {
    if (this.#isClosed) return undefined;
    const { thread, file, bounds, onFail } = this.#options;
    try {
      return await thread.ask(this.#handle, { file, bounds }, wish, args, transfer);
    } catch (error) {
      const now = performance.now();
      if (now - this.#toldAt > TELL_MS) {
        this.#toldAt = now;
        onFail(error);
      }
      return undefined;
    }
  }
}

function placeOf({ key, fields, variant }: Entry): Pick<EntryHead, 'key' | 'fields' | 'variant'> {
  return { key, fields, variant };
}

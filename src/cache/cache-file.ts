// Stored answers in a file (SQLite), for one site: found by resource and variant with an index, however many there are, and
// still there after a restart. Several processes may have it open. Whatever fails costs stored answers and no request.
import type { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { BATCH, Damaged, openDatabase, prepare, type Statements } from './cache-tables.ts';
import type { EntryHead } from './entry.ts';

export interface FileBounds {
  /** Held within a sixteenth; what the file takes for it, within a quarter and `SLACK_BYTES`. */
  readonly maxBytes: number;
  readonly maxEntries: number;
  /** Of one URL; many are held within sixteen. */
  readonly maxVariants: number;
}

export interface FileRow {
  readonly head: string;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Milliseconds since the epoch. */
  readonly storedAt: number;
}

/** How exactly it is known when an answer was last asked for: a read that writes is ten reads. */
const TOUCH_MS = 60_000;
/** Of a URL with this many variants and more, every sixteenth that comes looks whether there are too many. */
const MANY_VARIANTS = 256;
/** Entries between two looks at the bounds. */
const LOOK_EVERY = 64;
/** For the pages of tables that hold next to nothing. */
const SLACK_BYTES = 2 ** 20;

export class CacheFile {
  readonly #bounds: FileBounds;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  #bytesSinceLook = 0;
  #entriesSinceLook = 0;

  /** Throws when there can be none, or the one that is there is of no use (`isUnreadable`). */
  constructor(file: string, bounds: FileBounds) {
    this.#bounds = bounds;
    this.#database = openDatabase(file);
    try {
      this.#statements = prepare(this.#database);
      this.#bound();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  get figures(): { readonly entries: number; readonly bytes: number } {
    const { entries, bytes } = this.#statements.figures.get() as { entries: number; bytes: number | null };
    return { entries, bytes: bytes ?? 0 };
  }

  /** The request fields by which answers of the resource were chosen; there are few. */
  groupsOf(key: string): readonly (readonly string[])[] {
    return this.#statements.groups.all(key).map(({ fields }) => namesOf(String(fields)));
  }

  /** `head` is the JSON text of an `EntryHead`. Throws when it is not what was put there (`isUnreadable`). */
  find(key: string, fields: readonly string[], variant: string): FileRow | undefined {
    const place = [key, fields.join(), variant] as const;
    const row = this.#statements.find.get(...place) as (FileRow & { used: number; checksum: number }) | undefined;
    if (row === undefined) return undefined;
    if (row.checksum !== checksumOf(place, row.head, row.body)) throw new Damaged();
    if (Date.now() - row.used > TOUCH_MS) this.#touch(...place);
    return row;
  }

  /** Without a turn it goes a little earlier than it should. */
  #touch(...of: [key: string, fields: string, variant: string]): void {
    try {
      this.#statements.touch.run(Date.now(), ...of);
    } catch {
      // Another process writes.
    }
  }

  put(head: EntryHead, body: Uint8Array, sizeBytes: number): void {
    const { key, variant, tags, storedAt } = head;
    const fields = head.fields.join();
    this.#together(() => {
      this.#statements.delete.run(key, fields, variant);
      const text = JSON.stringify(head);
      const checksum = checksumOf([key, fields, variant], text, body);
      const times = [storedAt, Date.now()] as const;
      const added = this.#statements.add.run(key, fields, variant, text, body, checksum, sizeBytes, ...times);
      this.#statements.addGroup.run(key, fields);
      for (const tag of tags) this.#statements.tag.run(tag, added.lastInsertRowid);
      const { maxVariants } = this.#bounds;
      if (maxVariants < MANY_VARIANTS || this.#entriesSinceLook % 16 === 0)
        this.#statements.variants.run(key, maxVariants);
    });
    this.#bytesSinceLook += sizeBytes;
    this.#entriesSinceLook++;
    const { maxBytes } = this.#bounds;
    if (this.#entriesSinceLook >= LOOK_EVERY || this.#bytesSinceLook > maxBytes / 16 || this.#isTooLarge) this.#bound();
  }

  /**
   * Long URLs and many tags take several times what is counted for their entry, and would fill the disk. Free pages do not count: they
   * are taken next.
   */
  get #isTooLarge(): boolean {
    const { bytes } = this.#statements.pages.get() as { bytes: number };
    return bytes > this.#bounds.maxBytes * 1.25 + SLACK_BYTES;
  }

  /** Of every kind of `remove`: how many answers are gone. */
  remove({ key, fields, variant }: Pick<EntryHead, 'key' | 'fields' | 'variant'>): number {
    return Number(this.#statements.delete.run(key, fields.join(), variant).changes);
  }

  removeKey(key: string): number {
    return this.#removeAll('deleteKey', key);
  }

  removePrefix(prefix: string): number {
    // Keys are ASCII.
    return this.#removeAll('deletePrefix', prefix, `${prefix}\x7f`);
  }

  removeTag(tag: string): number {
    return this.#removeAll('deleteTag', tag);
  }

  clear(): number {
    return this.#removeAll('clear');
  }

  close(): void {
    this.#database.close();
  }

  /** Bit by bit, so that another process comes to write in between. */
  #removeAll(statement: 'deleteKey' | 'deletePrefix' | 'deleteTag' | 'clear', ...of: string[]): number {
    let removed = 0;
    for (;;) {
      const changes = Number(this.#statements[statement].run(...of).changes);
      removed += changes;
      if (changes < BATCH) return removed;
    }
  }

  /** Those that were not asked for for longest go, a tenth at a time. */
  #bound(): void {
    this.#bytesSinceLook = 0;
    this.#entriesSinceLook = 0;
    for (;;) {
      const { entries, bytes } = this.figures;
      const isOver = entries > this.#bounds.maxEntries || bytes > this.#bounds.maxBytes || this.#isTooLarge;
      if (entries === 0 || !isOver) return;
      const over = Math.max(entries - this.#bounds.maxEntries, Math.ceil(entries / 10));
      this.#statements.evict.run(over);
    }
  }

  #together(act: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      act();
      this.#database.exec('COMMIT');
    } catch (error) {
      // A full disk has ended it already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}

function checksumOf(place: readonly string[], head: string, body: Uint8Array): number {
  return crc32(body, crc32(`${place.join('\n')}\n${head}`));
}

function namesOf(fields: string): string[] {
  return fields === '' ? [] : fields.split(',');
}

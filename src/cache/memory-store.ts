// Stored answers in memory: resources by host and target, each with its variants, within bounds of bytes, entries and
// variants. Who was not asked for since the last look gives way.
import type { Entry } from './entry.ts';
import { variantKey } from './vary.ts';

export interface StoreBounds {
  /** In all, with those that are still coming. */
  readonly maxBytes: number;
  readonly maxEntries: number;
  /** Of one URL. */
  readonly maxVariants: number;
}

export interface StoreFigures {
  readonly entries: number;
  readonly bytes: number;
}

/** What is not memory takes its time. */
export type Maybe<T> = T | Promise<T>;

/** The answers that were chosen by the same request fields. */
interface Group {
  readonly fields: readonly string[];
  readonly entries: Map<string, Held>;
}

interface Held {
  readonly entry: Entry;
  /** With its codings. */
  sizeBytes: number;
  isUsed: boolean;
}

/** An application that names other fields in Vary each time has so many at once. */
const MAX_GROUPS = 4;

export class MemoryStore {
  readonly #bounds: StoreBounds;
  readonly #resources = new Map<string, Group[]>();
  readonly #byTag = new Map<string, Set<Held>>();
  /** In the order of storing. The hand goes round: who was used since it came by stays for another round (CLOCK). */
  readonly #held = new Set<Held>();
  #hand: SetIterator<Held> | undefined;
  #storedBytes = 0;
  #reservedBytes = 0;
  evicted = 0;

  constructor(bounds: StoreBounds) {
    this.#bounds = bounds;
  }

  /** In memory, whatever else there is. */
  get entries(): number {
    return this.#held.size;
  }

  /** In memory. */
  get bytes(): number {
    return this.#storedBytes;
  }

  readonly kind: 'memory' | 'disk' = 'memory';

  /** Of all that is stored, wherever. */
  figures(): Maybe<StoreFigures> {
    return { entries: this.entries, bytes: this.bytes };
  }

  /** The newest answer in memory that such a request would have got. */
  find(key: string, context: string, headers: readonly string[]): Entry | undefined {
    const groups = this.#resources.get(key);
    if (groups === undefined) return undefined;
    let found: Held | undefined;
    for (const { fields, entries } of groups) {
      const held = entries.get(fields.length === 0 ? context : variantKey(fields, context, headers));
      if (held !== undefined && (found === undefined || held.entry.storedAt >= found.entry.storedAt)) found = held;
    }
    if (found === undefined) return undefined;
    found.isUsed = true;
    return found.entry;
  }

  /** The same from where it is kept besides; undefined: nowhere. */
  load(_key: string, _context: string, _headers: readonly string[]): Promise<Entry | undefined> | undefined {
    return undefined;
  }

  /** Whether anything is stored under the key, for whatever request. */
  has(key: string): boolean {
    return this.#resources.has(key);
  }

  /** The fields that the newest answer was chosen by; undefined: nothing is stored. */
  fieldsOf(key: string): readonly string[] | undefined {
    return this.#resources.get(key)?.at(-1)?.fields;
  }

  /** In the place of the one that was chosen by the same fields and values. False: it is larger than all may be. */
  add(entry: Entry): boolean {
    if (!this.#makeRoom(entry.sizeBytes, 1)) return false;
    const groups = this.#resources.get(entry.key) ?? [];
    const name = entry.fields.join();
    let group = groups.find(({ fields }) => fields.join() === name);
    const before = group?.entries.get(entry.variant);
    if (before !== undefined) this.#remove(before);
    const left = this.#resources.get(entry.key) ?? [];
    if (group === undefined || !left.includes(group)) {
      group = { fields: entry.fields, entries: new Map() };
      if (left.length >= MAX_GROUPS) for (const held of (left[0] as Group).entries.values()) this.#remove(held);
    }
    const kept = (this.#resources.get(entry.key) ?? []).filter((each) => each !== group);
    this.#resources.set(entry.key, [...kept, group]);
    const held = { entry, sizeBytes: entry.sizeBytes, isUsed: false };
    group.entries.set(entry.variant, held);
    this.#held.add(held);
    this.#storedBytes += entry.sizeBytes;
    for (const tag of entry.tags) this.#byTag.getOrInsertComputed(tag, () => new Set()).add(held);
    this.#boundVariants(entry.key);
    return true;
  }

  /** Room for a body that is coming. False: there is none, even if everything gave way. */
  reserve(bytes: number): boolean {
    // Half at most, so that many slow answers at once do not drive everything out.
    if (this.#reservedBytes + bytes > this.#bounds.maxBytes / 2) return false;
    this.#reservedBytes += bytes;
    this.#makeRoom(0, 0);
    return true;
  }

  release(bytes: number): void {
    this.#reservedBytes -= bytes;
  }

  /** Another coding of its body is kept with it. */
  grow(entry: Entry, bytes: number): void {
    const held = this.#heldOf(entry);
    if (held === undefined) return;
    held.sizeBytes += bytes;
    this.#storedBytes += bytes;
    this.#makeRoom(0, 0);
  }

  remove(entry: Entry): void {
    const held = this.#heldOf(entry);
    if (held !== undefined) this.#remove(held);
  }

  /** Of every kind of removal: how many answers are gone. In memory they are when it returns. */
  removeKey(key: string): Maybe<number> {
    return this.#removeAll(this.#under(key));
  }

  removePrefix(prefix: string): Maybe<number> {
    const keys = [...this.#resources.keys()].filter((key) => key.startsWith(prefix));
    return this.#removeAll(keys.flatMap((key) => this.#under(key)));
  }

  removeTag(tag: string): Maybe<number> {
    return this.#removeAll([...(this.#byTag.get(tag) ?? [])]);
  }

  clear(): Maybe<number> {
    return this.#removeAll([...this.#held]);
  }

  /** Lets go of what is not memory. */
  close(): Maybe<void> {}

  #heldOf(entry: Entry): Held | undefined {
    for (const { entries } of this.#resources.get(entry.key) ?? []) {
      const held = entries.get(entry.variant);
      if (held?.entry === entry) return held;
    }
    return undefined;
  }

  #under(key: string): Held[] {
    return (this.#resources.get(key) ?? []).flatMap(({ entries }) => [...entries.values()]);
  }

  #removeAll(held: readonly Held[]): number {
    for (const each of held) this.#remove(each);
    return held.length;
  }

  #remove(held: Held): void {
    if (!this.#held.delete(held)) return;
    const { key, variant, tags } = held.entry;
    this.#storedBytes -= held.sizeBytes;
    for (const tag of tags) {
      const tagged = this.#byTag.get(tag);
      tagged?.delete(held);
      if (tagged?.size === 0) this.#byTag.delete(tag);
    }
    const groups = this.#resources.get(key) ?? [];
    for (const { entries } of groups) if (entries.get(variant) === held) entries.delete(variant);
    const left = groups.filter(({ entries }) => entries.size > 0);
    if (left.length === 0) this.#resources.delete(key);
    else if (left.length < groups.length) this.#resources.set(key, left);
  }

  /** The oldest of one URL give way: a client that makes up request fields drives nobody else out. */
  #boundVariants(key: string): void {
    const groups = this.#resources.get(key) ?? [];
    let count = 0;
    for (const { entries } of groups) count += entries.size;
    for (const { entries } of groups) {
      for (const held of entries.values()) {
        if (count <= this.#bounds.maxVariants) return;
        this.#remove(held);
        this.evicted++;
        count--;
      }
    }
  }

  #makeRoom(bytes: number, entries: number): boolean {
    const { maxBytes, maxEntries } = this.#bounds;
    if (bytes > maxBytes) return false;
    while (
      this.#held.size > 0 &&
      (this.#storedBytes + this.#reservedBytes + bytes > maxBytes || this.#held.size + entries > maxEntries)
    ) {
      this.#evict();
    }
    return true;
  }

  #evict(): void {
    for (;;) {
      this.#hand ??= this.#held.values();
      const { value: held, done } = this.#hand.next();
      if (done === true || held === undefined) {
        this.#hand = undefined;
        continue;
      }
      if (held.isUsed) {
        held.isUsed = false;
        continue;
      }
      this.#remove(held);
      this.evicted++;
      return;
    }
  }
}

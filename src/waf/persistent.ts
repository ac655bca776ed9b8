// Collections that outlive an exchange (`initcol`): IP, GLOBAL, SESSION, USER, RESOURCE. Kept in this process,
// bounded, and forgotten when nobody touches them.
import type { WritableCollection } from './rule.ts';
import { integerOf, type TxValue } from './tx-store.ts';

/** Collections of all kinds together. */
const MAX_COLLECTIONS = 50_000;
/** Variables of one. */
const MAX_VARIABLES = 256;
/** As ModSecurity's SecCollectionTimeout. */
const DEFAULT_TIMEOUT_S = 3_600;

interface Collection {
  readonly key: string;
  readonly variables: Map<string, TxValue>;
  /** Milliseconds of the epoch at which single variables end. */
  readonly expiry: Map<string, number>;
  createdAt: number;
  updatedAt: number;
  updates: number;
  /** Whether an exchange before this one has opened it. */
  isKnown: boolean;
}

/** All collections of a rule set. */
export class CollectionStore {
  readonly #collections = new Map<string, Collection>();
  readonly #timeoutMs: number;

  constructor(timeoutS: number = DEFAULT_TIMEOUT_S) {
    this.#timeoutMs = timeoutS * 1000;
  }

  open(kind: WritableCollection, key: string, nowMs: number): Collection {
    const id = `${kind}\0${key}`;
    let found = this.#collections.get(id);
    if (found !== undefined) this.#collections.delete(id);
    if (found === undefined || nowMs - found.updatedAt > this.#timeoutMs) {
      found = {
        key,
        variables: new Map(),
        expiry: new Map(),
        createdAt: nowMs,
        updatedAt: nowMs,
        updates: 0,
        isKnown: false,
      };
    } else {
      found.isKnown = true;
    }
    // Taken out and put in again, so that the first of the map is the one untouched for longest.
    this.#collections.set(id, found);
    if (this.#collections.size > MAX_COLLECTIONS)
      this.#collections.delete(this.#collections.keys().next().value as string);
    dropExpired(found, nowMs);
    return found;
  }
}

/** Those that one exchange has opened. */
export class Collections {
  readonly #store: CollectionStore;
  #open: Map<WritableCollection, Collection> | undefined;

  constructor(store: CollectionStore) {
    this.#store = store;
  }

  open(kind: WritableCollection, key: string): void {
    this.#open ??= new Map();
    this.#open.set(kind, this.#store.open(kind, key, Date.now()));
  }

  /** The built-in names too: key, is_new, create_time, update_counter. */
  get(kind: WritableCollection, name: string): TxValue | undefined {
    const found = this.#open?.get(kind);
    if (found === undefined) return undefined;
    dropExpired(found, Date.now());
    return found.variables.get(name) ?? builtIn(found, name);
  }

  set(kind: WritableCollection, name: string, value: TxValue | undefined): void {
    const found = this.#open?.get(kind);
    if (found === undefined) return;
    found.updatedAt = Date.now();
    found.updates++;
    if (value === undefined) found.variables.delete(name);
    else if (found.variables.size < MAX_VARIABLES || found.variables.has(name)) found.variables.set(name, value);
  }

  expire(kind: WritableCollection, name: string, seconds: TxValue): void {
    const found = this.#open?.get(kind);
    if (found?.variables.has(name)) found.expiry.set(name, Date.now() + integerOf(seconds) * 1000);
  }

  forEach(kind: WritableCollection, visit: (name: string, value: TxValue) => void): void {
    const found = this.#open?.get(kind);
    if (found === undefined) return;
    dropExpired(found, Date.now());
    found.variables.forEach((value, name) => {
      visit(name, value);
    });
  }
}

function dropExpired(collection: Collection, nowMs: number): void {
  for (const [name, until] of collection.expiry) {
    if (until > nowMs) continue;
    collection.expiry.delete(name);
    collection.variables.delete(name);
  }
}

function builtIn(collection: Collection, name: string): TxValue | undefined {
  switch (name) {
    case 'key':
      return collection.key;
    case 'is_new':
      return collection.isKnown ? 0 : 1;
    case 'create_time':
      return Math.floor(collection.createdAt / 1000);
    case 'update_counter':
      return collection.updates;
    default:
      return undefined;
  }
}

// Where everything about certificates is kept: keys, chains, accounts, orders, answers to challenges. A contract, so that
// one machine keeps it in a folder and many machines can keep it in one place that they share.

/**
 * A small store of texts. A key is a path of names with `/` between them; each name is made of letters, digits, `.`,
 * `_`, `-`, `@` and does not begin with a dot.
 *
 * What callers may rely on: a text is written whole or not at all, also when the process or the machine dies; what
 * `write` has resolved for is durable; one process sees another's writes at once; nobody but the owner can read.
 * Every method fails with a GatehouseError `storage_failed` that says where and what to do, and with nothing else.
 */
export interface Storage {
  /** For people: the folder, or the address without its password. */
  readonly place: string;
  /** Whether `peek` always sees what others have written. */
  readonly peeksAll: boolean;
  /**
   * Called, where the storage can tell, with the key of a certificate that another process may have written, and with
   * undefined when it answers again after it did not.
   */
  onNews: (key: string | undefined) => void;
  /** The text; undefined when there is none. */
  read(key: string): Promise<string | undefined>;
  /** The same without waiting, for a TLS handshake that cannot wait; undefined also when it is not known at once. */
  peek(key: string): string | undefined;
  write(key: string, text: string): Promise<void>;
  /** Nothing happens when there is none. */
  remove(key: string): Promise<void>;
  /** Takes a damaged text out of the way without destroying it; resolves to where it went, for people. */
  setAside(key: string): Promise<string>;
  /** The keys below a prefix, one level deep, in no order; none when there is nothing. */
  list(prefix: string): Promise<string[]>;
  /**
   * Waits until this caller alone, of all processes that share the storage, holds the name. A holder that dies loses it
   * within some seconds. Fails with the signal's reason when that is aborted first.
   */
  lock(name: string, signal: AbortSignal): Promise<Lock>;
  /** Removes what processes that were killed have left of their writing. Never fails. */
  sweep(): Promise<void>;
}

export interface Lock {
  /** Aborted when the lock is lost, because this process stood still for too long: what it guards must stop. */
  readonly lost: AbortSignal;
  /** Never rejects. */
  release(): Promise<void>;
}

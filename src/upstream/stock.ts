// The open connections to one server: those of HTTP/1.1 are idle or busy with one call each, those of HTTP/2 are shared.
// Who gets one is not known here.
import type { Http1Connection } from './http1/connection.ts';
import type { Http2Connection } from './http2.ts';
import type { Held } from './relief.ts';

/** Many servers close a kept connection after five seconds; one that is older than this is not used again. */
const KEEP_IDLE_MS = 4_000;
/** The same for a call that cannot be sent twice: some servers close a kept connection after two seconds. */
const KEEP_FOR_ONCE_MS = 1_000;

export type Connection = Http1Connection | Http2Connection;

export class Stock {
  readonly #idle: Http1Connection[] = [];
  readonly #busy = new Set<Http1Connection>();
  readonly #shared = new Set<Http2Connection>();
  /** Busy ones whose call is their last. */
  readonly #retired = new WeakSet<Http1Connection>();
  #sweeper: NodeJS.Timeout | undefined;

  /** Calls under way, to the last byte of their answers. */
  get outstanding(): number {
    let outstanding = this.#busy.size;
    if (this.#shared.size > 0) for (const connection of this.#shared) outstanding += connection.active;
    return outstanding;
  }

  get hasShared(): boolean {
    return this.#shared.size > 0;
  }

  /** There are connections that carried calls before. */
  get hasKept(): boolean {
    return this.#idle.length > 0 || this.#shared.size > 0;
  }

  /** One that may be free; it stays where it is. */
  get free(): Connection | undefined {
    return this.#sharedWithRoom() ?? this.#idle.at(-1);
  }

  /** What calls hold. */
  *held(): Generator<Held> {
    yield* this.#busy;
    for (const { held } of this.#shared) yield* held;
  }

  /** A free one, for one call from now on. */
  claim(isRepeatable: boolean): Connection | undefined {
    return this.#sharedWithRoom()?.claim() ?? this.#takeIdle(isRepeatable ? KEEP_IDLE_MS : KEEP_FOR_ONCE_MS);
  }

  /** Its call is over, or it is new. False: it takes no other, and was closed. */
  release(connection: Http1Connection): boolean {
    if (this.#retired.has(connection)) {
      connection.destroy();
      return false;
    }
    this.#busy.delete(connection);
    return true;
  }

  occupy(connection: Http1Connection): void {
    this.#busy.add(connection);
  }

  keep(connection: Http1Connection): void {
    this.#idle.push(connection);
    this.#sweeper ??= setInterval(() => this.#sweep(), KEEP_IDLE_MS / 2).unref();
  }

  share(connection: Http2Connection): void {
    this.#shared.add(connection);
  }

  /** It is over. */
  forget(connection: Http1Connection): void {
    this.#busy.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
  }

  /** The same for one that is shared. */
  unshare(connection: Http2Connection): void {
    this.#shared.delete(connection);
  }

  dropIdle(): void {
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  /** Those to other addresses than these take no further call, nor do those beyond an address's even share. */
  keepOnly(addresses: ReadonlySet<string>): void {
    const share = Math.ceil((this.#idle.length + this.#busy.size + this.#shared.size) / addresses.size);
    const counts = new Map<string, number>();
    const isAstray = ({ remoteAddress }: Connection): boolean => {
      const count = (counts.get(remoteAddress) ?? 0) + 1;
      counts.set(remoteAddress, count);
      return !addresses.has(remoteAddress) || count > share;
    };
    for (const connection of this.#busy) if (isAstray(connection)) this.#retired.add(connection);
    for (const connection of this.#shared) if (isAstray(connection)) connection.close();
    for (const connection of this.#idle.filter(isAstray)) connection.destroy();
  }

  /** Idle ones go now, shared ones with their last answer. */
  close(): void {
    clearInterval(this.#sweeper);
    this.dropIdle();
    for (const connection of this.#shared) connection.close();
  }

  #sharedWithRoom(): Http2Connection | undefined {
    if (this.#shared.size > 0) for (const connection of this.#shared) if (connection.hasRoom) return connection;
    return undefined;
  }

  /** The one used last: it is the least likely to have been closed by the other side. */
  #takeIdle(keepMs: number): Http1Connection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return undefined;
      const idleMs = connection.isReusable
        ? performance.now() - connection.keepAlive.lastUsedAt
        : Number.POSITIVE_INFINITY;
      if (idleMs < keepMs) {
        this.#busy.add(connection);
        return connection;
      }
      connection.destroy();
      // The others are older still, but do for calls that can be sent twice: one makes room for a new one.
      if (idleMs < KEEP_IDLE_MS) return undefined;
    }
  }

  #sweep(): void {
    const oldest = performance.now() - KEEP_IDLE_MS;
    for (const connection of this.#idle.filter(({ keepAlive }) => keepAlive.lastUsedAt < oldest)) connection.destroy();
  }
}

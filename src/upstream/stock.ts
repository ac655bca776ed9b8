// The open connections to one server: those of HTTP/1.1 are busy with one call each, rest behind it or are idle, those of
// HTTP/2 are shared. Who gets one is not known here.
import type { Clock } from '../base/clock.ts';
import type { Call } from './call.ts';
import type { Http1Connection } from './http1/connection.ts';
import type { Http2Connection } from './http2.ts';
import type { Held } from './relief.ts';
import { Rest } from './rest.ts';
import { SOON_MS, Trust } from './trust.ts';

/** Many servers close a kept connection after five seconds; one that is older than this is not used again. */
const KEEP_IDLE_MS = 4_000;
/** The same for a call that would be lost with it: some servers close a kept connection after two seconds. */
const KEEP_FOR_ONCE_MS = 1_000;

export type Connection = Http1Connection | Http2Connection;

export class Stock {
  readonly #idle: Http1Connection[] = [];
  readonly #busy = new Set<Http1Connection>();
  readonly #shared = new Set<Http2Connection>();
  /** Busy ones whose call is their last. */
  readonly #retired = new WeakSet<Http1Connection>();
  readonly #rest: Rest;
  readonly #trust: Trust;
  #sweeper: NodeJS.Timeout | undefined;

  /** `rested`: these connections are ready for other calls. */
  constructor(clock: Clock, rested: (connections: readonly Http1Connection[]) => void) {
    this.#trust = new Trust(clock);
    this.#rest = new Rest(rested);
  }

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

  /** Those that will be free in a moment. */
  get resting(): number {
    return this.#rest.size;
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

  /** A free one, for this call from now on. Where none suits it, one makes room for another. */
  claim(call: Call): Connection | undefined {
    return this.#sharedWithRoom()?.claim() ?? this.#takeIdle(call);
  }

  /** Whether the call may go out here. */
  suits(connection: Http1Connection, call: Call): boolean {
    const { survivesLoss } = call;
    const isKept = connection.keepAlive.answered > 0;
    if (isKept && (call.wantsNew || (!survivesLoss && this.#trust.isDoubtful))) return false;
    return idleFor(connection) < (survivesLoss ? KEEP_IDLE_MS : KEEP_FOR_ONCE_MS);
  }

  /** Its call is over, or it is new: true. Else it takes no other call now, or none at all, and was closed. */
  release(connection: Http1Connection): boolean {
    const { answered } = connection.keepAlive;
    if (answered > 1) this.#trust.regain();
    if (this.#retired.has(connection) || (answered > 0 && this.#trust.isLost)) {
      connection.destroy();
      return false;
    }
    this.#busy.delete(connection);
    if (answered > 0) this.#rest.begin(connection);
    return answered === 0;
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
    const { answered, lostAfterMs } = connection.keepAlive;
    if (lostAfterMs !== undefined && lostAfterMs < SOON_MS) this.#trust.lose(answered);
    this.#busy.delete(connection);
    this.#rest.forget(connection);
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
  }

  /** The same for one that is shared. */
  unshare(connection: Http2Connection): void {
    this.#shared.delete(connection);
  }

  dropIdle(): void {
    for (const connection of this.#free) connection.destroy();
  }

  /** Those to other addresses than these take no further call, nor do those beyond an address's even share. */
  keepOnly(addresses: ReadonlySet<string>): void {
    const free = this.#free;
    const share = Math.ceil((free.length + this.#busy.size + this.#shared.size) / addresses.size);
    const counts = new Map<string, number>();
    const isAstray = ({ remoteAddress }: Connection): boolean => {
      const count = (counts.get(remoteAddress) ?? 0) + 1;
      counts.set(remoteAddress, count);
      return !addresses.has(remoteAddress) || count > share;
    };
    for (const connection of this.#busy) if (isAstray(connection)) this.#retired.add(connection);
    for (const connection of this.#shared) if (isAstray(connection)) connection.close();
    for (const connection of free.filter(isAstray)) connection.destroy();
  }

  /** Idle ones go now, shared ones with their last answer. */
  close(): void {
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    this.dropIdle();
    for (const connection of this.#shared) connection.close();
  }

  get #free(): Http1Connection[] {
    return [...this.#idle, ...this.#rest];
  }

  #sharedWithRoom(): Http2Connection | undefined {
    if (this.#shared.size > 0) for (const connection of this.#shared) if (connection.hasRoom) return connection;
    return undefined;
  }

  /** Of those that suit the call the one used last: it is the least likely to have been closed by the other side. */
  #takeIdle(call: Call): Http1Connection | undefined {
    const idle = this.#idle;
    for (let at = idle.length - 1; at >= 0; at--) {
      const connection = idle[at] as Http1Connection;
      if (idleFor(connection) >= KEEP_IDLE_MS) connection.destroy();
      else if (this.suits(connection, call)) {
        idle.splice(at, 1);
        this.#busy.add(connection);
        return connection;
      }
    }
    idle[0]?.destroy();
    return undefined;
  }

  #sweep(): void {
    const isOlderThan = (ms: number, one: Http1Connection): boolean => idleFor(one) >= ms;
    for (const connection of this.#idle.filter((one) => isOlderThan(KEEP_IDLE_MS, one))) connection.destroy();
    if (this.#idle.some((one) => one.keepAlive.answered > 0 && isOlderThan(SOON_MS, one))) this.#trust.regain();
  }
}

/** Forever, when it takes no further call. */
function idleFor(connection: Http1Connection): number {
  return connection.isReusable ? performance.now() - connection.keepAlive.lastUsedAt : Number.POSITIVE_INFINITY;
}

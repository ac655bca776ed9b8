// Who gets a connection to one server, within each bound of it, and when another is wanted. HTTP/1.1 connections are kept
// and handed round, HTTP/2 ones shared. What becomes free goes to the call that has waited longest.
import type { Clock } from '../base/clock.ts';
import { GatehouseError } from '../base/errors.ts';
import type { UpstreamConfig } from '../config/model/upstreams.ts';
import type { Call } from './call.ts';
import type { Dialer } from './dialer.ts';
import type { Http1Connection } from './http1/connection.ts';
import type { Http2Connection } from './http2.ts';
import { type OpeningSettings, Openings } from './openings.ts';
import { Queue } from './queue.ts';
import { Relief } from './relief.ts';
import { type Connection, Stock } from './stock.ts';

/** Of the calls that may be under way at once, one part in so many is for those whose clients hold nothing up. */
const KEPT_FOR_BRISK = 4;

export type PoolSettings = UpstreamConfig & OpeningSettings;

export class Pool {
  settings: PoolSettings;
  readonly #origin: string;
  readonly #openings: Openings;
  readonly #stock: Stock;
  readonly #queue = new Queue<Connection>();
  readonly #relief = new Relief(
    () => this.#stock.held(),
    () => this.#queue.length,
    () => this.#queue.length - Math.min(this.#takers, this.#spare),
    () => this.#serve(),
  );
  #isClosing = false;

  constructor(dialer: Dialer, settings: PoolSettings, clock: Clock) {
    this.#origin = dialer.url.origin;
    this.settings = settings;
    this.#stock = new Stock(clock, (connections) => {
      for (const connection of connections) this.#offer(connection);
      this.#openMore();
    });
    this.#openings = new Openings(dialer, () => this.settings, {
      keep: (connection) => {
        if (this.#stock.release(connection)) this.#offer(connection);
      },
      share: (connection) => this.#stock.share(connection),
      room: (connection) => {
        this.#fill(connection);
        this.#openMore();
        // It was opened after `close`, for calls that waited.
        if (this.#isClosing && connection.active === 0 && this.#queue.length === 0) connection.close();
      },
      forget: (connection) => {
        this.#stock.forget(connection);
        this.#openMore();
      },
      unshare: (connection) => {
        this.#stock.unshare(connection);
        this.#openMore();
      },
      failed: (error, protocol) => {
        // One failed handshake fails one call, which has its own; where it was everybody's, all of them.
        if (protocol === 'http1' || this.#stock.hasShared) this.#queue.failFirst(error);
        else this.#queue.failAll(error);
      },
      ended: () => this.#openMore(),
    });
  }

  /** Open or being opened. */
  get connections(): number {
    return this.#openings.connections;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Calls under way, to the last byte of their answers. */
  get outstanding(): number {
    return this.#stock.outstanding;
  }

  /** Whether `wait` would refuse a call that `free` has nothing for. */
  get isFull(): boolean {
    const waiting = this.#queue.length;
    const { maxQueue } = this.settings;
    return waiting >= maxQueue && waiting >= maxQueue + this.#spare && this.free() === undefined;
  }

  /** Whether `wait` would let in a call of this client all the same, in another's place. */
  yieldsTo(client: string, isBrisk: boolean): boolean {
    return this.#queue.yieldsTo(client, isBrisk);
  }

  /** There are connections that carried calls before. */
  get hasKept(): boolean {
    return this.#stock.hasKept;
  }

  /** A connection for the call, at once. Without a call it is a question: the connection stays where it is. */
  free(call?: Call): Connection | undefined {
    if (this.outstanding >= this.settings.maxRequests) return undefined;
    if (call !== undefined && this.#isHeldUp && !call.isBrisk) return undefined;
    return call === undefined ? this.#stock.free : this.#stock.claim(call);
  }

  /**
   * A full queue takes the call in the place of the newest of a client that has more waiting. Fails with `upstream_busy` when
   * nobody has, the place goes to another or the time is over, with `client_closed`, or as connecting fails.
   */
  wait(call: Call): Promise<Connection> {
    const { maxQueue, queueTimeoutMs } = this.settings;
    const { length } = this.#queue;
    if (length >= maxQueue + this.#spare) {
      const full = `${this.#origin}: ${this.outstanding} requests under way and ${length} waiting, as many as may`;
      if (!this.#queue.giveUpFor(call, upstreamBusy(`${full}; the place went to a client with fewer`)))
        return Promise.reject(upstreamBusy(full));
    }
    const connection = this.#queue.wait(call, queueTimeoutMs, this.#origin);
    this.#openMore();
    this.#relief.begin();
    return connection;
  }

  /** Whoever waits goes elsewhere: nothing was sent for them. */
  turnAway(why: string): void {
    const message = `${this.#origin} was taken out while the request waited: ${why}`;
    this.#queue.failAll(upstreamBusy(message));
  }

  dropIdle(): void {
    this.#stock.dropIdle();
  }

  /** Connections to other addresses than these take no further call, nor do those beyond an address's even share. */
  keepOnly(addresses: ReadonlySet<string>): void {
    this.#stock.keepOnly(addresses);
  }

  /** Idle connections go now, busy ones with their last answer. */
  close(): void {
    this.#isClosing = true;
    this.#stock.close();
  }

  /** It gets calls as before `close`. */
  reopen(): void {
    this.#isClosing = false;
  }

  /** Calls that could yet be sent over connections that are not open, or not ready. */
  get #spare(): number {
    const toCome = this.#openings.roomToCome + this.#stock.resting;
    return Math.max(0, Math.min(toCome, this.settings.maxRequests - this.outstanding));
  }

  /** As many calls as may wait for their clients, or might: another such gets no room before one of them is over. */
  get #isHeldUp(): boolean {
    const { maxConnections, maxRequests } = this.settings;
    const most = this.#stock.hasShared ? maxRequests : Math.min(maxConnections, maxRequests);
    const bound = most - Math.floor(most / KEPT_FOR_BRISK);
    if (this.outstanding < bound) return false;
    let held = 0;
    for (const { waitsForClient, call } of this.#stock.held()) if (waitsForClient || call?.isBrisk === false) held++;
    return held >= bound;
  }

  /** Calls that wait and may have a connection now. */
  get #takers(): number {
    const { length, brisk } = this.#queue;
    return length === brisk || !this.#isHeldUp ? length : brisk;
  }

  /** What is free goes to those who wait, and may have it by now. */
  #serve(): void {
    this.#queue.sort();
    while (this.#takers > 0 && this.outstanding < this.settings.maxRequests) {
      const connection = this.#stock.claim(this.#queue.next as Call);
      if (connection === undefined) break;
      this.#queue.hand(connection);
    }
    this.#openMore();
  }

  #openMore(): void {
    const { resting } = this.#stock;
    this.#openings.open(Math.min(this.#takers, this.settings.maxRequests - this.outstanding) - resting);
  }

  /** To a call that waits, else into the pool. */
  #offer(connection: Http1Connection): void {
    if (this.#queue.length > 0 && this.outstanding < this.settings.maxRequests) {
      if (this.#takers === 0) this.#queue.sort();
      if (this.#takers > 0) {
        this.#hand(connection, this.#queue.next as Call);
        return;
      }
    }
    if (this.#isClosing) {
      connection.destroy();
      return;
    }
    this.#stock.keep(connection);
  }

  /** `call`: the next one in the queue. A connection that does not suit it makes room for another. */
  #hand(connection: Http1Connection, call: Call): void {
    if (!this.#stock.suits(connection, call)) {
      connection.destroy();
      return;
    }
    this.#stock.occupy(connection);
    this.#queue.hand(connection);
  }

  #fill(connection: Http2Connection): void {
    const room = Math.min(connection.room, this.settings.maxRequests - this.outstanding);
    for (let left = room; left > 0 && this.#takers > 0; left--) this.#queue.hand(connection.claim());
  }
}

function upstreamBusy(message: string): GatehouseError {
  return new GatehouseError('upstream_busy', 'upstream', message, { status: 503, retry: true });
}

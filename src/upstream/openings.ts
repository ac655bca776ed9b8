// The handshakes with one server: how many at once, and what each of them becomes. It counts the connections there are; who
// gets one is not known here.
import type { Socket } from 'node:net';
import type { UpstreamConfig } from '../config/model/upstreams.ts';
import type { Dialer, Spoken } from './dialer.ts';
import { Http1Connection } from './http1/connection.ts';
import { type Bearable, Http2Connection } from './http2.ts';

/** A connection of HTTP/2 counts for so many calls until the server has said how many (RFC 9113, 6.5.2: hardly fewer). */
const ASSUMED_STREAMS = 100;

export interface OpeningSettings extends Pick<UpstreamConfig, 'maxConnections' | 'connectTimeoutMs'> {
  /** To an answer's head, and the longest silence within its body. */
  readonly timeoutMs: number;
}

export interface OpeningEvents {
  /** Free again, or new. */
  readonly keep: (connection: Http1Connection) => void;
  readonly share: (connection: Http2Connection) => void;
  /** How many more calls there is room for has changed. */
  readonly room: (connection: Http2Connection) => void;
  /** It is over, and another may be opened in its place. */
  readonly forget: (connection: Http1Connection) => void;
  readonly unshare: (connection: Http2Connection) => void;
  /** `protocol`: as it was known when the handshake began. */
  readonly failed: (error: unknown, protocol: Spoken | undefined) => void;
  /** One handshake has ended, well or not. */
  readonly ended: () => void;
}

export class Openings {
  /** Open or being opened. */
  connections = 0;
  #underWay = 0;
  readonly #dialer: Dialer;
  readonly #settings: () => OpeningSettings;
  readonly #events: OpeningEvents;
  readonly #bearable: Bearable = { streams: Number.POSITIVE_INFINITY };
  /** What the last connection of HTTP/2 has offered. */
  #offered = ASSUMED_STREAMS;

  constructor(dialer: Dialer, settings: () => OpeningSettings, events: OpeningEvents) {
    this.#dialer = dialer;
    this.#settings = settings;
    this.#events = events;
  }

  /** How many calls the connections could carry that may yet come to those that are ready. */
  get roomToCome(): number {
    const toCome = this.#settings().maxConnections - (this.connections - this.#underWay);
    if (this.#dialer.protocol !== 'h2') return toCome;
    return toCome * Math.min(this.#offered, Math.floor(this.#bearable.streams));
  }

  /** One handshake for each of so many calls; a single one while connections are shared or may turn out to be. */
  open(wanted: number): void {
    const { maxConnections } = this.#settings();
    const atOnce = this.#dialer.protocol === 'http1' ? wanted : Math.min(1, wanted);
    while (this.#underWay < atOnce && this.connections < maxConnections) void this.#openOne();
  }

  async #openOne(): Promise<void> {
    this.connections++;
    this.#underWay++;
    const { url, protocol } = this.#dialer;
    const { connectTimeoutMs } = this.#settings();
    const deadline = performance.now() + connectTimeoutMs;
    try {
      let connection: Http1Connection | undefined;
      const isShared = protocol === 'http1' && url.protocol === 'http:';
      const receive = (chunk: Buffer): void => connection?.push(chunk);
      const { socket, protocol: spoken } = await this.#dialer.dial(connectTimeoutMs, isShared ? { receive } : {});
      if (spoken === 'http1') {
        this.#underWay--;
        connection = this.#addHttp1(socket, isShared);
      } else {
        await this.#addHttp2(socket, Math.max(1, deadline - performance.now()));
      }
    } catch (error) {
      this.#underWay--;
      this.connections--;
      this.#events.failed(error, protocol);
    }
    this.#events.ended();
  }

  #addHttp1(socket: Socket, sharedBuffer: boolean): Http1Connection {
    const { keep, forget } = this.#events;
    const connection = new Http1Connection(socket, {
      sharedBuffer,
      timeoutMs: this.#settings().timeoutMs,
      onIdle: keep,
      onClose: (closed) => {
        this.connections--;
        forget(closed);
      },
    });
    keep(connection);
    return connection;
  }

  /** Resolves when the server has said how many calls it takes at once; fails with `upstream_connect`. */
  #addHttp2(socket: Socket, settingsMs: number): Promise<void> {
    const { share, room, unshare } = this.#events;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const connection = new Http2Connection(socket, {
      origin: this.#dialer.url.origin,
      timeoutMs: this.#settings().timeoutMs,
      settingsMs,
      bearable: this.#bearable,
      onReady: () => {
        this.#underWay--;
        this.#offered = connection.offered;
        share(connection);
        resolve();
      },
      onRoom: () => room(connection),
      onClose: (fault) => {
        if (fault !== undefined) {
          reject(fault);
          return;
        }
        this.connections--;
        unshare(connection);
      },
    });
    return promise;
  }
}

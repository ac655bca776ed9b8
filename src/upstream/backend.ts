// One server behind the gateway, with its connections: which protocol it speaks is learnt from the
// first handshake; HTTP/1.1 connections are kept and handed round, HTTP/2 ones shared.
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { GatehouseError } from '../base/errors.ts';
import type { ServerConfig, UpstreamConfig } from '../config/config.ts';
import type { Reply } from '../http/reply.ts';
import type { Call } from './call.ts';
import { connect } from './connect.ts';
import { Http1Connection } from './http1/connection.ts';
import type { UpgradeResult } from './http1/upgrade.ts';
import { Http2Connection } from './http2.ts';

/** Calls that wait for a connection when all are busy; more are answered 503. */
const MAX_WAITING = 1024;
/** Many servers close a kept connection after five seconds; one that is older than this is not used again. */
const KEEP_IDLE_MS = 4_000;
const MAX_CONNECT_MS = 10_000;

type Connection = Http1Connection | Http2Connection;

interface Waiter {
  take(connection: Connection): void;
  fail(error: unknown): void;
}

export class Backend {
  /** Scheme, host and port: how records name it. */
  readonly origin: string;
  readonly url: URL;
  readonly weight: number;
  readonly #upstream: UpstreamConfig;
  readonly #timeoutMs: number;
  #protocol: 'http1' | 'h2' | undefined;
  /** Open or being opened. */
  #connections = 0;
  #opening = 0;
  readonly #idle: Http1Connection[] = [];
  readonly #busy = new Set<Http1Connection>();
  readonly #shared = new Set<Http2Connection>();
  /** Calls without a connection, in order of arrival: whatever becomes free is handed to the first. */
  readonly #waiting: Waiter[] = [];
  #sweeper: NodeJS.Timeout | undefined;

  constructor(server: ServerConfig, upstream: UpstreamConfig, timeoutMs: number) {
    this.url = server.url;
    this.origin = server.url.origin;
    this.weight = server.weight;
    this.#upstream = upstream;
    this.#timeoutMs = timeoutMs;
    this.#protocol = fixedProtocol(server.url, upstream.protocol);
  }

  /** Calls under way, to the last byte of their answers, and calls that wait. */
  get load(): number {
    let load = this.#busy.size + this.#waiting.length;
    for (const connection of this.#shared) load += connection.active;
    return load;
  }

  /** The answer's head; fails with a GatehouseError whose `retry` says whether another try is safe. */
  async send(call: Call): Promise<Reply> {
    if (call.cancelled) throw clientGone();
    const connection = this.#shareable() ?? this.#takeIdle() ?? (await this.#wait(call));
    return connection.send(call);
  }

  /** Always over HTTP/1.1 and a connection of its own, which the tunnel then owns. */
  async upgrade(call: Call, protocol: string): Promise<UpgradeResult> {
    const socket = await connect(this.#connectOptions(['http/1.1']));
    const connection = new Http1Connection(socket, {
      timeoutMs: this.#timeoutMs,
      onIdle: (idle) => idle.destroy(),
      onClose: () => {},
    });
    return connection.upgrade(call, protocol);
  }

  dropIdle(): void {
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  /** Idle connections go now, busy ones with their last answer. */
  close(): void {
    clearInterval(this.#sweeper);
    this.dropIdle();
    for (const connection of this.#shared) connection.close();
  }

  #shareable(): Http2Connection | undefined {
    for (const connection of this.#shared) if (connection.hasRoom) return connection;
    return undefined;
  }

  /** The one used last: it is the least likely to have been closed by the other side. */
  #takeIdle(): Http1Connection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return undefined;
      if (connection.isReusable && performance.now() - connection.lastUsedAt < KEEP_IDLE_MS) {
        this.#busy.add(connection);
        return connection;
      }
      connection.destroy();
    }
  }

  #wait(call: Call): Promise<Connection> {
    if (this.#waiting.length >= MAX_WAITING) {
      const message = `${this.origin}: ${this.#connections} connections busy and ${MAX_WAITING} requests waiting`;
      throw new GatehouseError('upstream_busy', 'upstream', message, { status: 503 });
    }
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    const settle = (): void => {
      clearTimeout(timer);
      call.onCancel = undefined;
    };
    const waiter: Waiter = {
      take(connection) {
        settle();
        resolve(connection);
      },
      fail(error) {
        settle();
        reject(error);
      },
    };
    const leave = (error: GatehouseError): void => {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      waiter.fail(error);
    };
    const timer = setTimeout(() => leave(waitedTooLong(this.origin, this.#timeoutMs)), this.#timeoutMs).unref();
    call.onCancel = () => leave(clientGone());
    this.#waiting.push(waiter);
    this.#openMore();
    return promise;
  }

  /** One handshake for each call that waits; a single one while connections are shared or may turn out to be. */
  #openMore(): void {
    const atOnce = this.#protocol === 'http1' ? this.#waiting.length : Math.min(1, this.#waiting.length);
    while (this.#opening < atOnce && this.#connections < this.#upstream.maxConnections) void this.#open();
  }

  async #open(): Promise<void> {
    this.#connections++;
    this.#opening++;
    try {
      let connection: Http1Connection | undefined;
      const receive = (chunk: Buffer): void => connection?.push(chunk);
      const options = this.#connectOptions(ALPN[this.#protocol ?? 'auto']);
      const isPlainHttp1 = this.#protocol === 'http1' && this.url.protocol === 'http:';
      const socket = await connect(isPlainHttp1 ? { ...options, receive } : options);
      this.#opening--;
      const agreed = (socket as Partial<TLSSocket>).alpnProtocol;
      this.#protocol ??= agreed === 'h2' ? 'h2' : 'http1';
      if (this.#protocol === 'http1') connection = this.#addHttp1(socket, isPlainHttp1);
      else this.#addHttp2(socket, agreed);
    } catch (error) {
      this.#opening--;
      this.#connections--;
      // One failed handshake fails one call; the others have handshakes of their own or wait for the next.
      this.#waiting.shift()?.fail(error);
    }
    this.#openMore();
  }

  #addHttp1(socket: Socket, sharedBuffer: boolean): Http1Connection {
    const connection = new Http1Connection(socket, {
      sharedBuffer,
      timeoutMs: this.#timeoutMs,
      onIdle: (idle) => this.#keep(idle),
      onClose: (closed) => this.#forget(closed),
    });
    this.#keep(connection);
    return connection;
  }

  #addHttp2(socket: Socket, agreed: string | false | null | undefined): void {
    if (this.url.protocol === 'https:' && agreed !== 'h2') {
      socket.destroy();
      throw new GatehouseError('upstream_protocol', 'upstream', `${this.origin} does not speak HTTP/2 over TLS`);
    }
    const connection = new Http2Connection(socket, {
      origin: this.origin,
      timeoutMs: this.#timeoutMs,
      onRoom: () => this.#fill(connection),
      onClose: () => {
        this.#shared.delete(connection);
        this.#connections--;
        this.#openMore();
      },
    });
    this.#shared.add(connection);
    this.#fill(connection);
  }

  #connectOptions(protocols: readonly string[]): Parameters<typeof connect>[0] {
    const timeoutMs = Math.min(this.#timeoutMs, MAX_CONNECT_MS);
    return { url: this.url, tls: this.#upstream.tls, protocols, timeoutMs };
  }

  /** Free again, or new: to the call that has waited longest, else into the pool. */
  #keep(connection: Http1Connection): void {
    const waiter = this.#waiting.shift();
    if (waiter !== undefined) {
      this.#busy.add(connection);
      waiter.take(connection);
      return;
    }
    this.#busy.delete(connection);
    this.#idle.push(connection);
    this.#sweeper ??= setInterval(() => this.#sweep(), KEEP_IDLE_MS / 2).unref();
  }

  #fill(connection: Http2Connection): void {
    // A call counts only once it is sent, which is after this turn.
    for (let room = connection.room; room > 0 && this.#waiting.length > 0; room--)
      this.#waiting.shift()?.take(connection);
  }

  #sweep(): void {
    const oldest = performance.now() - KEEP_IDLE_MS;
    for (const connection of this.#idle.filter(({ lastUsedAt }) => lastUsedAt < oldest)) connection.destroy();
  }

  #forget(connection: Http1Connection): void {
    this.#busy.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    this.#connections--;
    this.#openMore();
  }
}

const ALPN = { auto: ['h2', 'http/1.1'], h2: ['h2'], http1: ['http/1.1'] } as const;

function fixedProtocol(url: URL, wanted: UpstreamConfig['protocol']): 'http1' | 'h2' | undefined {
  if (wanted !== 'auto') return wanted;
  return url.protocol === 'http:' ? 'http1' : undefined;
}

function clientGone(): GatehouseError {
  return new GatehouseError('client_closed', 'client', 'the client left', { status: 499 });
}

function waitedTooLong(origin: string, ms: number): GatehouseError {
  const message = `no connection to ${origin} became free within ${ms} ms`;
  return new GatehouseError('upstream_timeout', 'upstream', message, { status: 503 });
}

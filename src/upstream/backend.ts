// One server behind the gateway, with its connections: which protocol it speaks is learnt from the
// first handshake; HTTP/1.1 connections are kept and handed round, HTTP/2 ones shared.
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
const MAX_OPENED_PER_CALL = 8;
const MAX_CONNECT_MS = 10_000;

export class Backend {
  /** Scheme, host and port: how records name it. */
  readonly origin: string;
  readonly url: URL;
  readonly weight: number;
  readonly #upstream: UpstreamConfig;
  readonly #timeoutMs: number;
  #protocol: 'http1' | 'h2' | undefined;
  #opening: Promise<unknown> | undefined;
  #connections = 0;
  readonly #idle: Http1Connection[] = [];
  readonly #busy = new Set<Http1Connection>();
  readonly #shared = new Set<Http2Connection>();
  readonly #waiting: { wake: () => void }[] = [];
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
    for (let opened = 0; ; ) {
      if (call.cancelled) throw clientGone();
      const connection = this.#shareable() ?? this.#takeIdle();
      if (connection !== undefined) return connection.send(call);
      if (this.#connections >= this.#upstream.maxConnections) {
        await this.#wait(call);
      } else if (opened < MAX_OPENED_PER_CALL) {
        opened++;
        await this.#open();
      } else {
        // Others took what this call opened, or the server accepts and closes at once.
        throw new GatehouseError('upstream_closed', 'upstream', `${this.origin} keeps closing new connections`);
      }
    }
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

  /** While the protocol is unknown or shared, callers wait for one handshake instead of starting their own. */
  async #open(): Promise<void> {
    if (this.#protocol === 'http1') {
      await this.#openOne();
      return;
    }
    this.#opening ??= this.#openOne().finally(() => {
      this.#opening = undefined;
    });
    await this.#opening;
  }

  async #openOne(): Promise<void> {
    this.#connections++;
    try {
      const protocols =
        this.#protocol === 'http1' ? ['http/1.1'] : this.#protocol === 'h2' ? ['h2'] : ['h2', 'http/1.1'];
      const socket = await connect(this.#connectOptions(protocols));
      const agreed = 'alpnProtocol' in socket ? socket.alpnProtocol : undefined;
      this.#protocol ??= agreed === 'h2' ? 'h2' : 'http1';
      if (this.#protocol === 'h2' && this.url.protocol === 'https:' && agreed !== 'h2') {
        socket.destroy();
        throw new GatehouseError('upstream_protocol', 'upstream', `${this.origin} does not speak HTTP/2 over TLS`);
      }
      if (this.#protocol === 'h2') {
        this.#shared.add(
          new Http2Connection(socket, {
            origin: this.origin,
            timeoutMs: this.#timeoutMs,
            onClose: (closed) => this.#drop(() => this.#shared.delete(closed)),
            onRoom: () => this.#wakeNext(),
          }),
        );
      } else {
        this.#idle.push(
          new Http1Connection(socket, {
            timeoutMs: this.#timeoutMs,
            onIdle: (idle) => this.#keep(idle),
            onClose: (closed) => this.#drop(() => this.#forget(closed)),
          }),
        );
      }
    } catch (error) {
      this.#connections--;
      this.#wakeNext();
      throw error;
    }
  }

  #connectOptions(protocols: readonly string[]): Parameters<typeof connect>[0] {
    const timeoutMs = Math.min(this.#timeoutMs, MAX_CONNECT_MS);
    return { url: this.url, tls: this.#upstream.tls, protocols, timeoutMs };
  }

  #keep(connection: Http1Connection): void {
    this.#busy.delete(connection);
    this.#idle.push(connection);
    this.#sweeper ??= setInterval(() => this.#sweep(), KEEP_IDLE_MS / 2).unref();
    this.#wakeNext();
  }

  #sweep(): void {
    const oldest = performance.now() - KEEP_IDLE_MS;
    for (const connection of this.#idle.filter(({ lastUsedAt }) => lastUsedAt < oldest)) connection.destroy();
  }

  #forget(connection: Http1Connection): void {
    this.#busy.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
  }

  #drop(remove: () => void): void {
    remove();
    this.#connections--;
    this.#wakeNext();
  }

  #wait(call: Call): Promise<void> {
    if (this.#waiting.length >= MAX_WAITING) {
      const message = `${this.origin}: ${this.#connections} connections busy and ${MAX_WAITING} requests waiting`;
      throw new GatehouseError('upstream_busy', 'upstream', message, { status: 503 });
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const entry = { wake: resolve };
    const leave = (error: GatehouseError): void => {
      const at = this.#waiting.indexOf(entry);
      if (at !== -1) this.#waiting.splice(at, 1);
      clearTimeout(timer);
      reject(error);
    };
    const timer = setTimeout(() => leave(waitedTooLong(this.origin, this.#timeoutMs)), this.#timeoutMs).unref();
    entry.wake = (): void => {
      clearTimeout(timer);
      call.onCancel = undefined;
      resolve();
    };
    call.onCancel = () => leave(clientGone());
    this.#waiting.push(entry);
    return promise;
  }

  #wakeNext(): void {
    this.#waiting.shift()?.wake();
  }
}

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

// Opens connections to one server: where it is, how it is spoken to, and with which certificates.
import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../base/clock.ts';
import { GatehouseError } from '../base/errors.ts';
import type { UpstreamConfig } from '../config/model/upstreams.ts';
import type { Lookup } from './addresses.ts';
import { Addresses } from './addresses.ts';
import { type ConnectOptions, connect, hostOf } from './connect.ts';

export type Spoken = 'http1' | 'h2';

export interface Dialled {
  readonly socket: Socket;
  readonly protocol: Spoken;
}

export interface DialerOptions {
  readonly clock: Clock;
  readonly lookup: Lookup;
  /** The name leads elsewhere: these are its addresses now. */
  readonly onMove: (addresses: ReadonlySet<string>) => void;
}

export class Dialer {
  readonly url: URL;
  readonly addresses: Addresses | undefined;
  /** What the last connection speaks, and the next one is likely to; undefined before the first. */
  protocol: Spoken | undefined;
  readonly #offered: readonly string[];
  readonly #tls: UpstreamConfig['tls'];

  constructor(url: URL, config: UpstreamConfig, { clock, lookup, onMove }: DialerOptions) {
    const { tls, protocol, resolveEveryMs: everyMs } = config;
    this.url = url;
    this.#tls = tls;
    // Both are offered each time: behind the same URL another server may come, with another mind.
    this.#offered = ALPN[protocol];
    this.protocol = protocol === 'auto' ? (url.protocol === 'http:' ? 'http1' : undefined) : protocol;
    const host = hostOf(url);
    const isNamed = everyMs !== undefined && isIP(host) === 0;
    this.addresses = isNamed ? new Addresses({ host, everyMs, lookup, clock, onChange: onMove }) : undefined;
  }

  /** Fails with a GatehouseError; nothing was sent then. */
  async dial(timeoutMs: number, more: Pick<ConnectOptions, 'receive' | 'isBackground'> = {}): Promise<Dialled> {
    const socket = await connect({ ...this.#options(this.#offered, timeoutMs), ...more });
    const protocol = this.#spokenOn(socket);
    if (protocol === 'http1' && this.#offered === ALPN.h2) {
      socket.destroy();
      const message = `${this.url.origin} does not speak HTTP/2 over TLS`;
      throw new GatehouseError('upstream_protocol', 'upstream', message);
    }
    this.protocol = protocol;
    return { socket, protocol };
  }

  /** For a tunnel: over HTTP/1.1, whatever else the server speaks. */
  dialHttp1(timeoutMs: number): Promise<Socket> {
    return connect(this.#options(ALPN.http1, timeoutMs));
  }

  #spokenOn(socket: Socket): Spoken {
    // Without TLS nothing is agreed on: it is as it was known before.
    if (this.url.protocol === 'http:') return this.protocol ?? 'http1';
    return (socket as Partial<TLSSocket>).alpnProtocol === 'h2' ? 'h2' : 'http1';
  }

  #options(protocols: readonly string[], timeoutMs: number): ConnectOptions {
    const lookup = this.addresses?.lookup;
    return { url: this.url, tls: this.#tls, protocols, timeoutMs, ...(lookup === undefined ? {} : { lookup }) };
  }
}

const ALPN = { auto: ['h2', 'http/1.1'], h2: ['h2'], http1: ['http/1.1'] } as const;

// Every client connection that is open: counted against the bounds, and told to go when the gateway drains.
import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { plainAddress } from '../base/ip.ts';
import type { RequestLimits } from '../config/config.ts';
import type { ConnectionFacts } from '../http/exchange.ts';

/** How often a draining gateway looks whether the last request has ended. */
const DRAIN_POLL_MS = 20;

/** A connection that has carried a request, or an HTTP/2 session. */
export interface Connection extends ConnectionFacts {
  sni: string | undefined;
  /** After a TLS 1.2 resumption: there was a name, but Node does not tell it. */
  isNameLost: boolean;
  /** Requests under way. */
  active: number;
}

/** What requests come over. */
type Carrier = Socket | Http2Session;

export class Connections {
  readonly #limits: RequestLimits;
  /** TCP connections, also those within their TLS handshake, and the address of each. */
  readonly #sockets = new Map<Socket, string>();
  readonly #perAddress = new Map<string, number>();
  readonly #byCarrier = new Map<Carrier, Connection>();
  #isDraining = false;

  constructor(limits: RequestLimits) {
    this.#limits = limits;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** Requests under way. */
  get active(): number {
    let active = 0;
    for (const connection of this.#byCarrier.values()) active += connection.active;
    return active;
  }

  /** Takes a fresh TCP connection in; when a bound is reached it is closed at once instead. */
  admit(socket: Socket): void {
    const peer = plainAddress(socket.remoteAddress);
    const fromPeer = this.#perAddress.get(peer) ?? 0;
    const isFull = this.#sockets.size >= this.#limits.connections || fromPeer >= this.#limits.connectionsPerIp;
    if (this.#isDraining || isFull || peer === '') {
      socket.destroy();
      return;
    }
    this.#sockets.set(socket, peer);
    this.#perAddress.set(peer, fromPeer + 1);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      const left = (this.#perAddress.get(peer) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(peer);
      else this.#perAddress.set(peer, left);
    });
  }

  /** What is known of an HTTP/2 session or of the socket of an HTTP/1.1 request; kept until it closes. */
  of(carrier: Carrier): Connection {
    const known = this.#byCarrier.get(carrier);
    if (known !== undefined) return known;
    const connection = readFacts('socket' in carrier ? carrier.socket : carrier);
    this.#byCarrier.set(carrier, connection);
    carrier.once('close', () => this.#byCarrier.delete(carrier));
    return connection;
  }

  /**
   * Waits until no request is under way or `timeoutMs` is over, closing HTTP/1.1 connections as they
   * become idle; then nothing is left open. The servers have stopped listening before.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.#isDraining = true;
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      this.#closeIdle();
      if (this.active === 0 || performance.now() >= deadline) break;
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
    this.destroy();
  }

  /** Closes everything, at once. */
  destroy(): void {
    this.#isDraining = true;
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  #closeIdle(): void {
    for (const [carrier, { active }] of this.#byCarrier) {
      if (active === 0 && !('socket' in carrier)) carrier.destroySoon();
    }
  }
}

function readFacts(socket: Socket | TLSSocket): Connection {
  const peer = plainAddress(socket.remoteAddress);
  // Not by `in`: the socket of an HTTP/2 session is a proxy that answers only to being read.
  if (!isTls(socket)) return { peer, tlsVersion: undefined, sni: undefined, isNameLost: false, active: 0 };
  const tlsVersion = socket.getProtocol() ?? 'unknown';
  const sni = typeof socket.servername === 'string' ? socket.servername : undefined;
  const isNameLost = sni === undefined && tlsVersion === 'TLSv1.2' && socket.isSessionReused();
  return { peer, tlsVersion, sni, isNameLost, active: 0 };
}

function isTls(socket: Socket | TLSSocket): socket is TLSSocket {
  return (socket as Partial<TLSSocket>).encrypted === true;
}

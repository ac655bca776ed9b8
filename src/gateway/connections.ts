// Every client connection that is open: counted against the bounds, and told to go when the gateway drains.
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { plainAddress } from '../base/ip.ts';
import type { RequestLimits } from '../config/config.ts';
import type { ClientProof } from '../http/client-certificate.ts';
import type { ConnectionFacts } from '../http/exchange.ts';

/** Of silence, after which the kernel asks whether a client is still there. */
const KEEP_ALIVE_MS = 30_000;
/** How often a draining gateway looks whether the last request has ended. */
const DRAIN_POLL_MS = 20;

/** One client connection, from its handshake on. */
export interface Connection extends ConnectionFacts {
  sni: string | undefined;
  /** After a TLS 1.2 resumption: there was a name, but Node does not tell it. */
  isNameLost: boolean;
  /** HTTP/2 sessions are told to go by GOAWAY; HTTP/1.1 connections just close when idle. */
  isHttp2: boolean;
  /** Ends an HTTP/2 session after the requests under way. */
  goAway: (() => void) | undefined;
  /** Requests under way. */
  active: number;
  /** It takes no further request: what it was asked for in its handshake is no longer what its site asks for. */
  isRetired: boolean;
  /** Of HTTP/1.1: a request was refused, and nothing behind it on the connection is looked at. */
  isSpoilt: boolean;
}

/** Kept on the socket itself: the socket of an HTTP/2 session is a proxy, which lets properties through and nothing else. */
const CONNECTION = Symbol('connection');

interface Carrier extends Socket {
  [CONNECTION]?: Connection;
}

export class Connections {
  readonly #limits: RequestLimits;
  /** TCP connections, also those within their TLS handshake, and the address of each. */
  readonly #sockets = new Map<Socket, string>();
  readonly #perAddress = new Map<string, number>();
  readonly #open = new Map<Connection, Socket>();
  readonly #readProof: (socket: TLSSocket) => ClientProof | undefined;
  #isDraining = false;

  /** `readProof` reads the certificate of a client whose handshake is over. */
  constructor(limits: RequestLimits, readProof: (socket: TLSSocket) => ClientProof | undefined = () => undefined) {
    this.#limits = limits;
    this.#readProof = readProof;
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
    for (const connection of this.#open.keys()) active += connection.active;
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
    // A TLS server of Node leaves Nagle's algorithm on: small answers over HTTP/1.1 would wait for the client's ACK.
    socket.setNoDelay(true);
    // A machine that is gone says nothing: without questions its tunnels would stand until their own end.
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#sockets.set(socket, peer);
    this.#perAddress.set(peer, fromPeer + 1);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      const left = (this.#perAddress.get(peer) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(peer);
      else this.#perAddress.set(peer, left);
    });
  }

  /**
   * Notes what the TLS handshake has settled. Only here is the socket asked for it: Node 26 crashes
   * (SSL_get_version on a null pointer) when the same is asked of a socket whose transport is gone.
   */
  secured(socket: TLSSocket): void {
    if (socket.destroyed) return;
    const tlsVersion = socket.getProtocol() ?? 'unknown';
    const sni = typeof socket.servername === 'string' ? socket.servername : undefined;
    const isNameLost = sni === undefined && tlsVersion === 'TLSv1.2' && socket.isSessionReused();
    this.#note(socket, { tlsVersion, sni, isNameLost, proof: this.#readProof(socket) });
  }

  /** What is known of a request's socket. */
  of(socket: Socket): Connection {
    return (
      (socket as Carrier)[CONNECTION] ??
      this.#note(socket, { tlsVersion: undefined, sni: undefined, isNameLost: false })
    );
  }

  /**
   * Waits until no request is under way or `timeoutMs` is over, closing HTTP/1.1 connections as they
   * become idle; then nothing is left open. The servers have stopped listening before.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.#isDraining = true;
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      for (const [{ active, isHttp2 }, socket] of this.#open) if (active === 0 && !isHttp2) socket.destroySoon();
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

  /** Idle HTTP/1.1 connections are closed now; the others say goodbye with their next answer. */
  retire(isStale: (connection: Connection) => boolean): void {
    for (const [connection, socket] of this.#open) {
      if (!isStale(connection)) continue;
      connection.isRetired = true;
      if (connection.goAway !== undefined) connection.goAway();
      else if (connection.active === 0) socket.destroySoon();
    }
  }

  #note(socket: Carrier, tls: Pick<Connection, 'tlsVersion' | 'sni' | 'isNameLost' | 'proof'>): Connection {
    const connection: Connection = {
      ...tls,
      peer: plainAddress(socket.remoteAddress),
      peerPort: socket.remotePort ?? 0,
      localAddress: plainAddress(socket.localAddress),
      localPort: socket.localPort ?? 0,
      isHttp2: false,
      goAway: undefined,
      active: 0,
      isRetired: false,
      isSpoilt: false,
    };
    socket[CONNECTION] = connection;
    if (socket.destroyed) return connection;
    this.#open.set(connection, socket);
    socket.once('close', () => this.#open.delete(connection));
    return connection;
  }
}

// Every client connection that is open: what is known of it and of its address, and told to go when the gateway drains.
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { RequestLimits } from '../config/config.ts';
import type { ClientProof } from '../http/client-certificate.ts';
import { ReasonCounts } from '../observe/reason-counts.ts';
import { Arrivals, endsOf } from './arrivals.ts';
import { Connection, type TlsFacts } from './connection.ts';
import { Peers } from './peers.ts';
import { isProven } from './standing.ts';

/** Who came just before the doors closed may still say what it wants. */
const FRESH_MS = 2000;
/** How often a draining gateway looks whether the last request has ended. */
const DRAIN_POLL_MS = 20;

/** Kept on the socket itself: the socket of an HTTP/2 session is a proxy, which lets properties through and nothing else. */
const CONNECTION = Symbol('connection');

interface Carrier extends Socket {
  [CONNECTION]?: Connection;
}

export interface ConnectionsOptions {
  /** Reads the certificate of a client whose handshake is over. */
  readonly readProof?: (socket: TLSSocket) => ClientProof | undefined;
  /** Counts why connections were closed. */
  readonly closures?: ReasonCounts;
  /** Whether nobody at this address is even heard. */
  readonly isBarred?: (address: string) => boolean;
  /** Proxies that speak for many clients, and are not blamed for each of them. */
  readonly isTrusted?: (peer: string) => boolean;
}

export class Connections {
  /** Who comes in. */
  readonly arrivals: Arrivals;
  readonly #peers: Peers;
  readonly #open = new Set<Connection>();
  readonly #readProof: (socket: TLSSocket) => ClientProof | undefined;
  readonly #closures: ReasonCounts;
  readonly #isTrusted: (peer: string) => boolean;
  #isDraining = false;

  constructor(
    limits: RequestLimits,
    {
      readProof = () => undefined,
      closures = new ReasonCounts(),
      isBarred = () => false,
      isTrusted = () => false,
    }: ConnectionsOptions = {},
  ) {
    this.#peers = new Peers(limits);
    this.arrivals = new Arrivals(limits, { peers: this.#peers, closures, isBarred });
    this.#readProof = readProof;
    this.#closures = closures;
    this.#isTrusted = isTrusted;
  }

  /** For connections to come; those that are open stay. */
  set limits(limits: RequestLimits) {
    this.arrivals.limits = limits;
    this.#peers.limits = limits;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Requests under way. */
  get active(): number {
    let active = 0;
    for (const connection of this.#open) active += connection.active;
    return active;
  }

  /** Those whose handshake is over. */
  get all(): Iterable<Connection> {
    return this.#open;
  }

  /**
   * Notes what the TLS handshake has settled. Only here is the socket asked for it: Node 26 crashes
   * (SSL_get_version on a null pointer) when the same is asked of a socket whose transport is gone.
   */
  secured(socket: TLSSocket): void {
    if (socket.destroyed) return;
    this.arrivals.secured(socket);
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

  /** Counts against the address of a client what it broke off; over its bound it loses all connections that are not proven. */
  blame(peer: string, count = 1): void {
    if (this.#isTrusted(peer) || !this.#peers.blame(peer, count)) return;
    this.#closures.note('resets-per-ip');
    for (const connection of this.#open) {
      // Many may share an address: who has taken what he asked for goes on.
      if (!isProven(connection) && this.#peers.isInDebt(connection.peer)) connection.breakOff();
    }
  }

  /** A handshake that failed: there is no more of the connection than its socket. */
  blameHandshake(socket: Socket): void {
    const peer = this.arrivals.endsOf(socket)?.peer;
    if (peer !== undefined) this.blame(peer);
  }

  forgive(passedMs: number): void {
    this.#peers.forgive(passedMs);
  }

  /**
   * Waits until no request is under way, or about to come on a connection that has just been made or had its last answer a
   * moment ago, or `timeoutMs` is over, with HTTP/1.1 connections closing as they become idle and HTTP/2 ones and WebSockets
   * told to go; then nothing is left open. The doors have been closed before.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.#isDraining = true;
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      for (const connection of this.#open) {
        if (!isFresh(connection)) connection.retire();
        for (const x of connection.underWay.keys()) x.whenTold?.();
      }
      if ((this.active === 0 && !this.#awaitsRequests()) || performance.now() >= deadline) break;
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
    this.destroy();
  }

  /** Closes everything, at once. */
  destroy(): void {
    this.#isDraining = true;
    this.arrivals.destroy();
  }

  retire(isStale: (connection: Connection) => boolean): void {
    for (const connection of this.#open) if (isStale(connection)) connection.retire();
  }

  #awaitsRequests(): boolean {
    if (this.arrivals.hasUnsecured(performance.now() - FRESH_MS)) return true;
    for (const connection of this.#open) if (isFresh(connection) || connection.isBetween) return true;
    return false;
  }

  #note(socket: Carrier, tls: TlsFacts): Connection {
    const ends = this.arrivals.endsOf(socket) ?? endsOf(socket);
    const standing = this.#isTrusted(ends.peer) ? undefined : this.#peers.of(ends.peer);
    const connection = new Connection(socket, ends, tls, standing);
    socket[CONNECTION] = connection;
    if (socket.destroyed) return connection;
    this.#open.add(connection);
    socket.once('close', () => this.#open.delete(connection));
    return connection;
  }
}

/** It was made a moment ago and has asked for nothing yet. */
function isFresh({ requests, openedAt, isRetired }: Connection): boolean {
  return requests === 0 && !isRetired && performance.now() - openedAt < FRESH_MS;
}

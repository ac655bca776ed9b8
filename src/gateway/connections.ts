// Every client connection that is open: counted against the bounds, and told to go when the gateway drains.
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { plainAddress } from '../base/ip.ts';
import type { RequestLimits } from '../config/config.ts';
import type { ClientProof } from '../http/client-certificate.ts';
import { descriptors } from '../observe/descriptors.ts';
import { ReasonCounts } from '../observe/reason-counts.ts';
import { Connection, type Ends, type TlsFacts } from './connection.ts';
import { Peers } from './peers.ts';
import { isProven } from './standing.ts';

/** Of the descriptors that this process may have; without the others nobody who is in could be answered. */
const CLIENTS_PART = 0.5;
/** Of silence, after which the kernel asks whether a client is still there. */
const KEEP_ALIVE_MS = 30_000;
/** Who came just before the doors closed may still say what it wants. */
const FRESH_MS = 2000;
/** How often a draining gateway looks whether the last request has ended. */
const DRAIN_POLL_MS = 20;

/** Kept on the socket itself: the socket of an HTTP/2 session is a proxy, which lets properties through and nothing else. */
const CONNECTION = Symbol('connection');

interface Carrier extends Socket {
  [CONNECTION]?: Connection;
  /** Node's own: the TCP socket below a TLS one. */
  readonly _parent?: Socket;
}

/** A TCP connection, perhaps still within its TLS handshake. */
interface Admitted {
  readonly ends: Ends;
  readonly sinceMs: number;
  awaitsHandshake: boolean;
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
  #limits: RequestLimits;
  /** `requestLimits.connections`, as far as there are descriptors for them. */
  #most: number;
  readonly #admitted = new Map<Socket, Admitted>();
  readonly #held = new Set<Socket>();
  readonly #peers: Peers;
  readonly #open = new Set<Connection>();
  readonly #readProof: (socket: TLSSocket) => ClientProof | undefined;
  readonly #closures: ReasonCounts;
  readonly #isBarred: (address: string) => boolean;
  readonly #isTrusted: (peer: string) => boolean;
  #isDraining = false;
  #isOver = false;

  constructor(
    limits: RequestLimits,
    {
      readProof = () => undefined,
      closures = new ReasonCounts(),
      isBarred = () => false,
      isTrusted = () => false,
    }: ConnectionsOptions = {},
  ) {
    this.#limits = limits;
    this.#most = mostOf(limits);
    this.#peers = new Peers(limits);
    this.#readProof = readProof;
    this.#closures = closures;
    this.#isBarred = isBarred;
    this.#isTrusted = isTrusted;
  }

  /** For connections to come; those that are open stay. */
  set limits(limits: RequestLimits) {
    this.#limits = limits;
    this.#most = mostOf(limits);
    this.#peers.limits = limits;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get size(): number {
    return this.#admitted.size;
  }

  /** So many are open that there are no descriptors for more; undefined: others could come in. */
  get mostByDescriptors(): number | undefined {
    return this.#most < this.#limits.connections && this.size >= this.#most ? this.#most : undefined;
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
   * Takes a fresh TCP connection in; when a bound is reached it is closed at once instead. `ends`: what a balancer has said
   * of them, where that is not what the socket says.
   */
  admit(socket: Socket, awaitsHandshake: boolean, ends: Ends = endsOf(socket)): boolean {
    const { peer } = ends;
    const fault = this.#isOver || peer === '' ? 'gone' : this.#faultWith(peer);
    if (fault !== undefined) {
      if (fault !== 'gone') this.#closures.note(fault);
      socket.destroy();
      return false;
    }
    // A TLS server of Node leaves Nagle's algorithm on: small answers over HTTP/1.1 would wait for the client's ACK.
    socket.setNoDelay(true);
    // A machine that is gone says nothing: without questions its tunnels would stand until their own end.
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#admitted.set(socket, { ends, sinceMs: performance.now(), awaitsHandshake });
    socket.once('close', () => {
      this.#admitted.delete(socket);
      this.#peers.remove(peer);
    });
    return true;
  }

  /** Keeps a connection of which it is not known yet whose it is. False: there is no room, and it was closed. */
  hold(socket: Socket): boolean {
    if (this.#isOver || this.#held.size + this.#admitted.size >= this.#most) {
      if (!this.#isOver) this.#closures.note('connections');
      socket.destroy();
      return false;
    }
    this.#held.add(socket);
    socket.once('close', () => this.#held.delete(socket));
    return true;
  }

  /** It is known now, and will be admitted or not. */
  release(socket: Socket): void {
    this.#held.delete(socket);
  }

  noteClosure(reason: string): void {
    this.#closures.note(reason);
  }

  #faultWith(peer: string): string | undefined {
    if (this.#isBarred(peer)) return 'banned';
    return this.#admitted.size >= this.#most ? 'connections' : this.#peers.add(peer);
  }

  /**
   * Notes what the TLS handshake has settled. Only here is the socket asked for it: Node 26 crashes
   * (SSL_get_version on a null pointer) when the same is asked of a socket whose transport is gone.
   */
  secured(socket: TLSSocket): void {
    if (socket.destroyed) return;
    const admitted = this.#admittedOf(socket);
    if (admitted !== undefined) admitted.awaitsHandshake = false;
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

  /** Closes what has been within its handshake since before that time: bytes that drip in keep Node's own clock from it. */
  dropUnsecured(beforeMs: number): void {
    for (const [socket, { awaitsHandshake, sinceMs }] of this.#admitted) {
      // In the order of their coming: the rest is younger.
      if (sinceMs >= beforeMs) return;
      if (!awaitsHandshake) continue;
      this.#closures.note('handshake');
      socket.destroy();
    }
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
    const peer = this.#admittedOf(socket)?.ends.peer;
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
    this.#isOver = true;
    for (const socket of this.#held) socket.destroy();
    for (const socket of this.#admitted.keys()) socket.destroy();
  }

  retire(isStale: (connection: Connection) => boolean): void {
    for (const connection of this.#open) if (isStale(connection)) connection.retire();
  }

  #awaitsRequests(): boolean {
    const since = performance.now() - FRESH_MS;
    for (const { awaitsHandshake, sinceMs } of this.#admitted.values())
      if (awaitsHandshake && sinceMs > since) return true;
    for (const connection of this.#open) if (isFresh(connection) || connection.isBetween) return true;
    return false;
  }

  #admittedOf(socket: Carrier): Admitted | undefined {
    const { _parent: parent } = socket;
    return this.#admitted.get(socket) ?? (parent === undefined ? undefined : this.#admitted.get(parent));
  }

  #note(socket: Carrier, tls: TlsFacts): Connection {
    const ends = this.#admittedOf(socket)?.ends ?? endsOf(socket);
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

function mostOf({ connections }: RequestLimits): number {
  const { max = Number.POSITIVE_INFINITY } = descriptors() ?? {};
  return Math.min(connections, Math.floor(max * CLIENTS_PART));
}

function endsOf(socket: Socket): Ends {
  return {
    peer: plainAddress(socket.remoteAddress),
    peerPort: socket.remotePort ?? 0,
    localAddress: plainAddress(socket.localAddress),
    localPort: socket.localPort ?? 0,
  };
}

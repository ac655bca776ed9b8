// TCP connections from the moment they are accepted: counted against the bounds, and closed where there is no room, before
// anybody has said what it wants.
import type { Socket } from 'node:net';
import { plainAddress } from '../base/ip.ts';
import type { RequestLimits } from '../config/config.ts';
import { descriptors } from '../observe/descriptors.ts';
import type { ReasonCounts } from '../observe/reason-counts.ts';
import type { Ends } from './connection.ts';
import type { Peers } from './peers.ts';

/** Of the descriptors that this process may have; without the others nobody who is in could be answered. */
const CLIENTS_PART = 0.5;
/** Of silence, after which the kernel asks whether a client is still there. */
const KEEP_ALIVE_MS = 30_000;

/** Perhaps still within its TLS handshake. */
interface Admitted {
  readonly ends: Ends;
  readonly sinceMs: number;
  awaitsHandshake: boolean;
}

interface Carrier extends Socket {
  /** Node's own: the TCP socket below a TLS one. */
  readonly _parent?: Socket;
}

export interface ArrivalsOptions {
  readonly peers: Peers;
  /** Counts why connections were closed. */
  readonly closures: ReasonCounts;
  /** Whether nobody at this address is even heard. */
  readonly isBarred: (address: string) => boolean;
}

export class Arrivals {
  #limits: RequestLimits;
  /** `requestLimits.connections`, as far as there are descriptors for them. */
  #most: number;
  readonly #options: ArrivalsOptions;
  readonly #admitted = new Map<Socket, Admitted>();
  readonly #held = new Set<Socket>();
  #isOver = false;

  constructor(limits: RequestLimits, options: ArrivalsOptions) {
    this.#limits = limits;
    this.#most = mostOf(limits);
    this.#options = options;
  }

  /** For those to come; those that are open stay. */
  set limits(limits: RequestLimits) {
    this.#limits = limits;
    this.#most = mostOf(limits);
  }

  /** Those that were admitted and are open. */
  get size(): number {
    return this.#admitted.size;
  }

  /** So many are open that there are no descriptors for more; undefined: others could come in. */
  get mostByDescriptors(): number | undefined {
    return this.#most < this.#limits.connections && this.size >= this.#most ? this.#most : undefined;
  }

  /**
   * Takes a fresh TCP connection in; when a bound is reached it is closed at once instead. `ends`: what a balancer has said
   * of them, where that is not what the socket says.
   */
  admit(socket: Socket, awaitsHandshake: boolean, ends: Ends = endsOf(socket)): boolean {
    const { peer } = ends;
    const { peers } = this.#options;
    const fault = this.#isOver || peer === '' ? 'gone' : this.#faultWith(peer);
    if (fault !== undefined) {
      if (fault !== 'gone') this.noteClosure(fault);
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
      peers.remove(peer);
    });
    return true;
  }

  /** Keeps a connection of which it is not known yet whose it is. False: there is no room, and it was closed. */
  hold(socket: Socket): boolean {
    if (this.#isOver || this.#held.size + this.#admitted.size >= this.#most) {
      if (!this.#isOver) this.noteClosure('connections');
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
    this.#options.closures.note(reason);
  }

  /** Between whom it is, on TCP or above it; undefined: it was not admitted here, or is over. */
  endsOf(socket: Socket): Ends | undefined {
    return this.#admittedOf(socket)?.ends;
  }

  /** Its handshake is over. */
  secured(socket: Socket): void {
    const admitted = this.#admittedOf(socket);
    if (admitted !== undefined) admitted.awaitsHandshake = false;
  }

  /** Closes what has been within its handshake since before that time: bytes that drip in keep Node's own clock from it. */
  dropUnsecured(beforeMs: number): void {
    for (const [socket, { awaitsHandshake, sinceMs }] of this.#admitted) {
      // In the order of their coming: the rest is younger.
      if (sinceMs >= beforeMs) return;
      if (!awaitsHandshake) continue;
      this.noteClosure('handshake');
      socket.destroy();
    }
  }

  /** Whether one is within its handshake that has come after that time. */
  hasUnsecured(afterMs: number): boolean {
    for (const { awaitsHandshake, sinceMs } of this.#admitted.values())
      if (awaitsHandshake && sinceMs > afterMs) return true;
    return false;
  }

  /** Closes all, and whoever comes from now on. */
  destroy(): void {
    this.#isOver = true;
    for (const socket of this.#held) socket.destroy();
    for (const socket of this.#admitted.keys()) socket.destroy();
  }

  #faultWith(peer: string): string | undefined {
    const { isBarred, peers } = this.#options;
    if (isBarred(peer)) return 'banned';
    return this.#admitted.size >= this.#most ? 'connections' : peers.add(peer);
  }

  #admittedOf(socket: Carrier): Admitted | undefined {
    const { _parent: parent } = socket;
    return this.#admitted.get(socket) ?? (parent === undefined ? undefined : this.#admitted.get(parent));
  }
}

/** As the socket itself says. */
export function endsOf(socket: Socket): Ends {
  return {
    peer: plainAddress(socket.remoteAddress),
    peerPort: socket.remotePort ?? 0,
    localAddress: plainAddress(socket.localAddress),
    localPort: socket.localPort ?? 0,
  };
}

function mostOf({ connections }: RequestLimits): number {
  const { max = Number.POSITIVE_INFINITY } = descriptors() ?? {};
  return Math.min(connections, Math.floor(max * CLIENTS_PART));
}

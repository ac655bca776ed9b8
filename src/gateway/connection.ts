// One client connection, from its handshake on: what is known of it, and what is under way on it.
import type { Socket } from 'node:net';
import type { ClientProof } from '../http/client-certificate.ts';
import type { ClientStream } from '../http/client-stream.ts';
import type { ConnectionFacts, Exchange } from '../http/exchange.ts';
import type { Standing } from './standing.ts';

/** Bytes of one stream's body that may wait unread; times `requestLimits.streams` for one connection. */
export const STREAM_WINDOW_BYTES: number = 256 * 1024;

/** Who has just had an answer may have sent the next request already. */
const BETWEEN_MS = 1000;

export interface TlsFacts {
  readonly tlsVersion: string | undefined;
  readonly sni: string | undefined;
  readonly isNameLost: boolean;
  readonly proof?: ClientProof | undefined;
}

export interface Ends {
  readonly peer: string;
  readonly peerPort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/** What an HTTP/2 session does for its connection. */
export interface SessionEnds {
  /** Whether its client lets hardly anything of an answer come. */
  isTight(): boolean;
  /** After the requests under way. */
  goAway(): void;
  /** Now, and says that the client asks too much (ENHANCE_YOUR_CALM). */
  breakOff(): void;
}

export class Connection implements ConnectionFacts {
  readonly socket: Socket;
  readonly peer: string;
  readonly peerPort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly tlsVersion: string | undefined;
  readonly proof: ClientProof | undefined;
  sni: string | undefined;
  /** After a TLS 1.2 resumption: there was a name, but Node does not tell it. */
  isNameLost: boolean;
  /** Undefined: it speaks HTTP/1.1, and just closes when idle. */
  session: SessionEnds | undefined;
  /** When it was told to go; undefined: it was not. */
  retiredAt: number | undefined;
  /** Of HTTP/1.1: a request was refused or broken, and nothing behind it on the connection is looked at. */
  isSpoilt = false;
  bodyBytes = 0;
  gaveWayAtMs: number | undefined;
  /** What is known of its address; undefined: a proxy that speaks for many. */
  readonly standing: Standing | undefined;
  /** Answers that it took, less what it broke off; up to a bound. */
  answers = 0;
  /** Requests that were let on and have not ended. */
  passed = 0;
  /** Requests so far. */
  requests = 0;
  readonly underWay: Map<Exchange, ClientStream> = new Map();
  /** On `performance.now()`. */
  readonly openedAt: number = performance.now();
  /** 0 to 1, so that connections which came together do not end together. */
  readonly spread: number = Math.random();
  /** When the last request ended; before the first, when the connection was made. */
  idleSince: number = this.openedAt;

  constructor(socket: Socket, ends: Ends, tls: TlsFacts, standing: Standing | undefined) {
    this.socket = socket;
    this.standing = standing;
    this.peer = ends.peer;
    this.peerPort = ends.peerPort;
    this.localAddress = ends.localAddress;
    this.localPort = ends.localPort;
    this.tlsVersion = tls.tlsVersion;
    this.sni = tls.sni;
    this.isNameLost = tls.isNameLost;
    this.proof = tls.proof;
  }

  /** Requests under way. */
  get active(): number {
    return this.underWay.size;
  }

  get isTight(): boolean {
    return this.session?.isTight() ?? this.underWay.size > 1;
  }

  get isRetired(): boolean {
    return this.retiredAt !== undefined;
  }

  begin(x: Exchange, stream: ClientStream): void {
    this.requests++;
    this.underWay.set(x, stream);
  }

  end(x: Exchange): void {
    this.underWay.delete(x);
    if (this.underWay.size > 0) return;
    this.idleSince = performance.now();
    if (this.isRetired && this.session === undefined) this.#closeWhenIdle();
  }

  /**
   * No further requests, but for those that may be on their way: HTTP/1.1 has no word for the end between two requests, and
   * one that meets a closed connection has failed. So idle ones of HTTP/1.1 close, the others say goodbye with their next answer.
   */
  retire(): void {
    if (this.isRetired) return;
    this.retiredAt = performance.now();
    if (this.session !== undefined) this.session.goAway();
    else if (this.active === 0) this.#closeWhenIdle();
  }

  /** Between two requests over HTTP/1.1, as far as one can tell. */
  get isBetween(): boolean {
    return this.session === undefined && this.requests > 0 && !this.isSpoilt && this.#idleMs < BETWEEN_MS;
  }

  get #idleMs(): number {
    return this.active > 0 ? 0 : performance.now() - this.idleSince;
  }

  #closeWhenIdle(): void {
    if (!this.isBetween) {
      this.socket.destroySoon();
      return;
    }
    setTimeout(
      () => {
        if (this.active === 0) this.#closeWhenIdle();
      },
      BETWEEN_MS - this.#idleMs + 1,
    ).unref();
  }

  /** At once, whatever is under way. */
  breakOff(): void {
    this.retiredAt ??= performance.now();
    if (this.session === undefined) this.socket.destroy();
    else this.session.breakOff();
  }
}

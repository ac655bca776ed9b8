// An answer, from whichever stage gave it.
import type { Socket } from 'node:net';
import type { BodySource } from './body.ts';
import type { Headers } from './headers.ts';

export interface Reply {
  /**
   * 200 to 599, or 101 with `tunnel` (a client over HTTP/2 gets 200); interim answers (1xx) are passed on while the
   * final one is awaited.
   */
  status: number;
  /** What the client reads instead, where its protocol tells the status in a field of its own (gRPC). */
  sentStatus?: number;
  /** Without framing fields of the connection; `content-length` only as the body's true length. */
  headers: Headers;
  /** Whole, or still coming; undefined: none (HEAD, 204, 304, or truly nothing). */
  body: Uint8Array | BodySource | undefined;
  /** For a body that is whole; a source hands its trailers over with its end. */
  trailers?: readonly string[];
  /** Nothing but the end of its connection tells the end of the body, and a cut looks the same (RFC 9112, 8). */
  endsByClose?: boolean;
  /** Where the body comes from a store: its codings, each made once. */
  codings?: Codings;
  /** With status 101 only: the connection to the backend, and the bytes that came behind the head. */
  tunnel?: Tunnel;
}

export interface Codings {
  /** The whole body in that coding; `encode` is asked where nobody has made it yet. Fails as that fails. */
  get(coding: string, encode: () => Promise<Buffer>): Promise<Buffer>;
}

export interface Tunnel {
  readonly socket: Socket;
  readonly head: Buffer;
  /** Longest silence in both directions. */
  readonly idleMs: number;
}

export function isWhole(body: Reply['body']): body is Uint8Array {
  return body instanceof Uint8Array;
}

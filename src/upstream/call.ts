// One request towards one backend, as the wire clients (HTTP/1.1 and HTTP/2) take it: everything
// is decided, only framing is left to them.
import type { BodySource } from '../http/body.ts';
import type { ReadableBody } from '../http/readable-body.ts';
import { KeptBody } from './kept-body.ts';

/** Methods that may be sent twice (RFC 9110, 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** For how long the requests of a connection are second to others after one of them was too slow. */
const SLOW_MS = 10_000;

/** Where a call comes from, as far as that says how soon it will be over. */
export interface CallOrigin {
  gaveWayAtMs: number | undefined;
  /** It leaves no room for answers. */
  readonly isTight: boolean;
}

export class Call {
  readonly method: string;
  /** Origin-form: path and query. */
  readonly path: string;
  /** Host field or :authority. */
  readonly authority: string;
  /** Flat, lower-case names; no host, no framing and no connection fields: the wire client adds those. */
  readonly headers: readonly string[];
  /** Undefined: no body, whatever the method. */
  readonly body: BodySource | undefined;
  /** Interim answers (100 excepted): status and fields. */
  onInformational: ((status: number, headers: readonly string[]) => void) | undefined;
  /** Longest silence in both directions, where that is not the connection's own timeout. */
  streamMs: number | undefined;
  /** Whose call it is: clients take turns where calls must wait. Empty: nobody's in particular. */
  client = '';
  /** The client's connection; undefined: nobody's in particular. */
  origin: CallOrigin | undefined;
  /** The body as its client sends it, whoever stands between; undefined: all that is to be sent is there. */
  upload: ReadableBody | undefined;
  /** The client has gone: nobody waits for the answer. */
  cancelled = false;
  /** A kept connection has died under it before: it goes out on one that has carried nothing. */
  wantsNew = false;
  /** Set by the wire client when it starts the body. */
  isBodyTaken = false;
  /** Set by the wire client: the server has refused the stream, for it has as many as it bears. */
  wasRefused = false;
  /** Set once its server is to blame for what became of it: one that only has no room is not. */
  hasFailed = false;
  /** Set by the wire client while the call is under way; it frees the connection or stream at once. */
  onCancel: (() => void) | undefined;

  constructor(
    method: string,
    path: string,
    authority: string,
    headers: readonly string[],
    body: BodySource | undefined,
  ) {
    this.method = method;
    this.path = path;
    this.authority = authority;
    this.headers = headers;
    this.body = body;
  }

  /** Whether nothing is known that would make it hold a connection for longer than the server takes. */
  get isBrisk(): boolean {
    return isBrisk(this);
  }

  /** It held a connection, and its client was slow while others waited. */
  giveWay(): void {
    if (this.origin !== undefined) this.origin.gaveWayAtMs = performance.now();
  }

  /** What has been read of the body is gone: the request cannot be sent once more. */
  get isBodyLost(): boolean {
    return this.isBodyTaken && !(this.body instanceof KeptBody && this.body.canStartAgain);
  }

  /** Whether the same request may be sent once more, even when a server has worked on it. */
  get isRepeatable(): boolean {
    return !this.isBodyLost && IDEMPOTENT.has(this.method);
  }

  /** Whether it can still be sent when a kept connection dies under it: the body, if any, is there and is kept. */
  get survivesLoss(): boolean {
    const isBodyKept = this.body === undefined || (this.body instanceof KeptBody && this.upload?.isWhole !== false);
    return isBodyKept && this.isRepeatable;
  }

  /** Gives the call up, before, during or after it; harmless more than once. */
  cancel(): void {
    if (this.cancelled) return;
    this.cancelled = true;
    this.onCancel?.();
    this.onCancel = undefined;
  }
}

/** What says how long a call will hold what it gets. */
export interface Claim {
  readonly upload?: ReadableBody | undefined;
  readonly origin?: CallOrigin | undefined;
}

export function isBrisk({ upload, origin }: Claim): boolean {
  if (upload?.isWhole === false) return false;
  if (origin === undefined) return true;
  const { gaveWayAtMs } = origin;
  return (gaveWayAtMs === undefined || performance.now() - gaveWayAtMs > SLOW_MS) && !origin.isTight;
}

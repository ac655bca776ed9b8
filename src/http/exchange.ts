// One request and its answer, the same for HTTP/2 and HTTP/1.1: the facts that stages decide on and
// the access record prints. No other room's types in it.
import type { ErrorCode } from '../base/errors.ts';
import { type IpSet, ipSet } from '../base/ip.ts';
import { clientAddress } from './address.ts';
import type { BodySource } from './body.ts';
import type { ClientBody } from './client-body.ts';
import type { ClientProof, ShownCertificate } from './client-certificate.ts';
import type { Headers } from './headers.ts';
import { givenRequestId, newRequestId } from './request-id.ts';

export type Protocol = 'h2' | 'http/1.1' | 'http/1.0';

/** What is known of the client's connection. */
export interface ConnectionFacts {
  /** The other end of the socket, which may be a proxy. */
  readonly peer: string;
  readonly peerPort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Undefined on a plain connection. */
  readonly tlsVersion: string | undefined;
  /** The name asked for in the handshake; undefined when none was. */
  readonly sni: string | undefined;
  /** Undefined where no site asks clients for certificates. */
  readonly proof?: ClientProof | undefined;
  /** It was told to go: no further request is taken. */
  readonly isRetired: boolean;
  /** What came of bodies and tunnels so far. */
  bodyBytes: number;
  /** When a request of it lost its connection to a backend, since it was slow and others waited; on performance.now(). */
  gaveWayAtMs: number | undefined;
  /** Its client leaves no room for answers: a closed window, or requests behind one that is not answered. */
  readonly isTight: boolean;
}

/** The canonical form of a request, made once by the protocol's reader. */
export interface RequestFacts {
  readonly protocol: Protocol;
  /** As the request line says it, `HTTP/1.1`; also one that does not exist. */
  readonly version: string;
  readonly method: string;
  /** As received; rules see it, nothing routes on it. */
  readonly target: string;
  readonly path: string;
  readonly query: string;
  /** Host with its port when one was given. */
  readonly authority: string;
  readonly host: string;
  readonly headers: Headers;
  /** The same fields with their names as the client wrote them: for rules, and for nothing else. */
  readonly sentHeaders: readonly string[];
  /** A stage that reads of it leaves another in its place, which begins at the first byte. */
  body: BodySource | undefined;
  /**
   * True for a WebSocket handshake: the one upgrade that is ever carried on. Over HTTP/2 it was an extended CONNECT
   * (RFC 8441), which stands here as the GET with Upgrade that it means.
   */
  readonly isWebSocket: boolean;
  /** True for what can really be a gRPC call, see `isGrpc`. */
  readonly isGrpc: boolean;
}

export type CacheUse = 'hit' | 'stale' | 'revalidated' | 'collapsed' | 'miss' | 'pass';

/** Why a request is answered before any stage looks at it. */
export interface Refusal {
  readonly status: number;
  /** Stable and short; goes into the access record as `reason`. */
  readonly reason: string;
}

const NOBODY = ipSet([]);

export class Exchange {
  /** Our own, or the one that a trusted proxy gave. */
  readonly id: string;
  /** performance.now() at the end of the request head. */
  readonly startedAt: number;
  readonly connection: ConnectionFacts;
  readonly request: RequestFacts;
  refusal: Refusal | undefined;
  /** The client's address, as far as trusted proxies vouch for it. */
  readonly client: string;
  /** True when the peer is a trusted proxy: its forwarding fields are carried on. */
  readonly fromTrustedProxy: boolean;

  /** The site's name once routed. */
  site: string | undefined;
  /** 499: the client left before the answer was complete (as nginx counts it). */
  status = 0;
  bytesIn = 0;
  bytesOut = 0;
  upstream: string | undefined;
  /** How many times it was sent to a server; 0: never. */
  attempts = 0;
  /** To the upstream's response head. */
  upstreamMs: number | undefined;
  /** What went wrong, when something did. */
  error: ErrorCode | undefined;
  /** Finer reason of a refusal, for the record only. */
  reason: string | undefined;

  /** What the client has proved to the site; null: nothing; undefined: the site does not ask. */
  clientCertificate: ShownCertificate | null | undefined;

  /** What the rules made of it; undefined: no rules looked. */
  waf: { readonly verdict: 'pass' | 'detect' | 'block'; readonly score: number } | undefined;
  /** How the cache answered, where there is one: `hit`, `stale`, `revalidated`, `collapsed`, `miss` or `pass`. */
  cache: CacheUse | undefined;
  /** The limit that refused it. */
  limit: string | undefined;
  /** Fields that go onto the answer, wherever that comes from. */
  ownFields: readonly string[] | undefined;
  #endings: (() => void)[] | undefined;

  /** The body as the client sends it, whoever reads it now; undefined: none. */
  upload: ClientBody | undefined;

  /** The client has gone; nobody will read an answer. */
  isGone = false;
  #whenGone: (() => void) | undefined;
  /** Set by what would go on for long: it is told that the gateway stops. */
  whenTold: (() => void) | undefined;

  /** `origin`: the exchange that this one does a part of the work for. */
  constructor(
    connection: ConnectionFacts,
    request: RequestFacts,
    refusal: Refusal | undefined,
    trusted: IpSet,
    origin?: Exchange,
  ) {
    this.startedAt = performance.now();
    this.connection = connection;
    this.request = request;
    this.refusal = refusal;
    if (origin !== undefined) {
      this.fromTrustedProxy = origin.fromTrustedProxy;
      this.client = origin.client;
      this.id = origin.id;
      this.site = origin.site;
      this.clientCertificate = origin.clientCertificate;
      return;
    }
    this.fromTrustedProxy = trusted.has(connection.peer);
    this.client = this.fromTrustedProxy ? clientAddress(connection.peer, request.headers, trusted) : connection.peer;
    this.id = (this.fromTrustedProxy ? givenRequestId(request.headers) : undefined) ?? newRequestId();
  }

  /** A request of our own on behalf of the same client: it goes on when the client leaves, and ends when it is told to. */
  fork(request: RequestFacts): Exchange {
    return new Exchange(this.connection, request, undefined, NOBODY, this);
  }

  /** Calls once, when the answer is over and before the exchange is recorded. */
  whenOver(act: () => void): void {
    this.#endings ??= [];
    this.#endings.push(act);
  }

  /** The answer is over, whatever became of it. */
  end(): void {
    const endings = this.#endings;
    this.#endings = undefined;
    if (endings !== undefined) for (const act of endings) act();
  }

  /** One listener: whoever works for the client right now. Called at once when the client has already gone. */
  set whenGone(listener: (() => void) | undefined) {
    this.#whenGone = listener;
    if (this.isGone) listener?.();
  }

  /** Called by the protocol's side when the client's stream breaks off. */
  leave(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.#whenGone?.();
  }
}

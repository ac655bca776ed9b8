// From what Node's servers hand over to an exchange and its client's stream, and into the pipeline. One
// method for each way in which a request can arrive.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { ClientBody } from '../http/client-body.ts';
import type { ClientStream } from '../http/client-stream.ts';
import type { Refusal } from '../http/exchange.ts';
import { Exchange } from '../http/exchange.ts';
import { isGrpc } from '../http/grpc.ts';
import { headerValue } from '../http/headers.ts';
import { Http1ClientStream } from '../http/http1-stream.ts';
import { Http2ClientStream } from '../http/http2-stream.ts';
import type { RawHead } from '../http/raw-head.ts';
import { http1Head, http2Head } from '../http/raw-head.ts';
import { readHead } from '../http/read.ts';
import { UpgradeClientStream } from '../http/upgrade-stream.ts';
import { answerBrokenHead } from './broken-head.ts';
import type { Connection } from './connection.ts';
import type { Connections } from './connections.ts';
import { handle } from './pipeline.ts';
import type { Context } from './runtime.ts';

/** Makes the body of an exchange that is itself still being made. */
type OpenBody = (x: () => Exchange) => ClientBody | undefined;

const NO_BODY: OpenBody = () => undefined;

/** A stream's errors are told by its end. */
const UNHEARD = (): void => {};

/** A request over HTTP/2 whose turn is about to come. */
interface Arrived {
  readonly x: Exchange;
  readonly client: ClientStream;
  readonly connection: Connection;
}

export class Acceptor {
  readonly #context: Context;
  readonly #connections: Connections;
  #arrived: Arrived[] = [];

  constructor(context: Context, connections: Connections) {
    this.#context = context;
    this.#connections = connections;
  }

  /** An HTTP/2 request. `raw` is the flat field list, pseudo-header fields included. */
  stream(stream: ServerHttp2Stream, connection: Connection, hasEnded: boolean, raw: readonly string[]): void {
    stream.on('error', UNHEARD);
    if (stream.session === undefined) return;
    const head = http2Head(raw);
    const x = this.#exchange(head, connection, hasEnded || head.isWebSocket ? NO_BODY : this.#http2Body(stream, head));
    const client = new Http2ClientStream(stream, x);
    // A stream that is reset in the same read is known to be dead one turn later: no work is done for it
    // (rapid reset, CVE-2023-44487).
    if (this.#arrived.push({ x, client, connection }) === 1) setImmediate(() => this.#runArrived());
  }

  /** All at once: an immediate for each would cost as much as the way of a short request through the pipeline. */
  #runArrived(): void {
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const { x, client, connection } of arrived) void this.#run(x, client, connection);
  }

  request(request: IncomingMessage, response: ServerResponse<IncomingMessage>): void {
    this.#http1(request, response, undefined);
  }

  /** `Expect: 100-continue` (RFC 9110, 10.1.1): the client is told to go on when a backend is ready for the body. */
  requestWithContinue(request: IncomingMessage, response: ServerResponse<IncomingMessage>): void {
    this.#http1(request, response, () => {
      if (!response.headersSent && !response.destroyed) response.writeContinue();
    });
  }

  requestWithExpectation(request: IncomingMessage, response: ServerResponse<IncomingMessage>): void {
    this.#http1(request, response, undefined, { status: 417, reason: 'expectation' });
  }

  /** A WebSocket handshake. `head`: bytes that came behind it. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const connection = this.#connections.of(socket);
    if (connection.isSpoilt) return;
    const x = this.#exchange(http1Head(request), connection, NO_BODY);
    void this.#run(x, new UpgradeClientStream(request, socket, head, x), connection);
  }

  /** What came was not HTTP, or not all of it came in time. Node says so again for all that follows. */
  brokenHead(error: Error, socket: Socket): void {
    const connection = this.#connections.of(socket);
    if (connection.isSpoilt) return;
    connection.isSpoilt = true;
    this.#connections.blame(connection.peer);
    answerBrokenHead(error, socket, connection, this.#context);
  }

  #http1(
    request: IncomingMessage,
    response: ServerResponse<IncomingMessage>,
    onBodyStart: (() => void) | undefined,
    refusal?: Refusal,
  ): void {
    request.on('error', () => {});
    response.on('error', () => {});
    const connection = this.#connections.of(request.socket);
    // What follows a request that had two readings may be a part of it: Node has parsed on, and nobody answers (smuggling).
    if (connection.isSpoilt) return;
    const head = http1Head(request);
    const refused = refusal ?? this.#tooMany(connection);
    const x = this.#exchange(head, connection, this.#http1Body(request, head, onBodyStart), refused);
    connection.isSpoilt = x.refusal !== undefined;
    if (this.#connections.isDraining || connection.isSpoilt) response.shouldKeepAlive = false;
    void this.#run(x, new Http1ClientStream(response, x), connection);
  }

  /** Node hands over all requests of a packet at once, and they are worked on side by side, as streams are. */
  #tooMany({ active }: Connection): Refusal | undefined {
    const isFull = active >= this.#context.runtime.config.requestLimits.streams;
    return isFull ? { status: 503, reason: 'pipelined' } : undefined;
  }

  async #run(x: Exchange, stream: ClientStream, connection: Connection): Promise<void> {
    connection.begin(x, stream);
    const { standing } = connection;
    try {
      if (standing?.lets(x, connection) === false && !(await standing.wait(x, connection)))
        x.refusal = { status: 503, reason: 'unproven' };
      await handle(x, stream, this.#context);
    } finally {
      connection.end(x);
      standing?.end(x, connection);
      if (x.isGone || x.refusal !== undefined) this.#connections.blame(connection.peer);
    }
  }

  #exchange(head: RawHead, connection: Connection, openBody: OpenBody, refused?: Refusal): Exchange {
    const { runtime } = this.#context;
    const upload = openBody(() => x);
    const { facts, refusal } = readHead(head, runtime.config.requestLimits, upload);
    // Node forgets the name when TLS 1.2 resumes a session, though OpenSSL has checked it: the first request tells it.
    if (connection.isNameLost) {
      connection.sni = facts.host;
      connection.isNameLost = false;
    }
    const x: Exchange = new Exchange(connection, facts, refused ?? refusal, runtime.trusted);
    x.upload = upload;
    return x;
  }

  #http2Body(stream: ServerHttp2Stream, head: RawHead): OpenBody {
    const expectsContinue = headerValue(head.headers, 'expect')?.toLowerCase() === '100-continue';
    let trailers: readonly string[] = [];
    stream.on('trailers', (_headers, _flags: number, fields: string[]) => {
      trailers = fields;
    });
    return (x) => {
      const options = this.#bodyOptions(head, x);
      // HTTP/1.1 has no room for trailers behind a counted body (RFC 9112, 7.1.2): where some are announced it is as one
      // of unknown length.
      const isCounted = options.length !== undefined && headerValue(head.headers, 'trailer') === undefined;
      return new ClientBody(stream, {
        ...options,
        ...(isCounted ? {} : { length: undefined, expectedBytes: options.length }),
        onStart: () => {
          if (expectsContinue && !stream.headersSent && !stream.closed) stream.additionalHeaders({ ':status': 100 });
        },
        // A stream that has been read to its end is destroyed before its answer is written, which costs Node an error with its
        // stack, and keeps the stream until the next full collection of garbage.
        hasAllCome: () => !stream.destroyed && stream.state.remoteClose === 1,
        isComplete: () => !stream.aborted && !stream.rstCode,
        trailers: () => trailers,
      });
    };
  }

  #http1Body(request: IncomingMessage, head: RawHead, onStart: (() => void) | undefined): OpenBody {
    return (x) => {
      const options = this.#bodyOptions(head, x);
      const isChunked = headerValue(head.headers, 'transfer-encoding') !== undefined;
      if (!isChunked && (options.length ?? 0) === 0) return undefined;
      return new ClientBody(request, {
        ...options,
        ...(onStart === undefined ? {} : { onStart }),
        isComplete: () => request.complete,
        trailers: () => request.rawTrailers.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text)),
      });
    };
  }

  #bodyOptions(head: RawHead, x: () => Exchange): BodyOptions {
    const { timeouts, requestLimits } = this.#context.runtime.config;
    const declared = headerValue(head.headers, 'content-length');
    return {
      length: declared === undefined ? undefined : Number(declared),
      // A gRPC client may be silent for as long as its server talks; the call to the backend has a clock for both.
      stallMs: isGrpc(head) ? 0 : timeouts.bodyMs,
      limitBytes: requestLimits.bodyBytes,
      onBytes: (count) => {
        x().bytesIn += count;
        x().connection.bodyBytes += count;
      },
    };
  }
}

type BodyOptions = Pick<ConstructorParameters<typeof ClientBody>[1], 'length' | 'stallMs' | 'limitBytes' | 'onBytes'>;

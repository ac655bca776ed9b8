// Writing to a client over HTTP/1.1 and 1.0.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { GatehouseError } from '../base/errors.ts';
import type { BodySink, BodySource } from './body.ts';
import type { ClientStream } from './client-stream.ts';
import { passableTrailers } from './client-stream.ts';
import type { Exchange } from './exchange.ts';
import { fitHttp1 } from './http1-fields.ts';
import type { Reply } from './reply.ts';
import { isWhole } from './reply.ts';

/** How much of an upload is read and thrown away after the answer, so that the client gets to read the answer. */
const MAX_DISCARDED_BYTES = 16 * 1024 * 1024;
const MAX_DISCARD_MS = 5_000;

const NO_BYTES = Buffer.alloc(0);

export class Http1ClientStream implements ClientStream {
  readonly #response: ServerResponse<IncomingMessage>;
  readonly #exchange: Exchange;
  readonly #closed: Promise<void>;
  #isReset = false;

  constructor(response: ServerResponse<IncomingMessage>, exchange: Exchange) {
    this.#response = response;
    this.#exchange = exchange;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closed = promise;
    response.once('finish', () => this.#discardUpload());
    response.once('close', () => {
      if (!response.writableFinished && !this.#isReset) exchange.leave();
      resolve();
    });
  }

  get waitingBytes(): number {
    return this.#response.writableLength;
  }

  inform(status: number, headers: readonly string[]): void {
    const response = this.#response;
    // HTTP/1.0 knows no interim answers (RFC 9110, 15.2).
    if (response.headersSent || response.destroyed || this.#exchange.request.protocol === 'http/1.0') return;
    try {
      // Not writeEarlyHints(), which takes only some forms of Link.
      response.writeInformation(status, headers);
    } catch {
      // A hint that cannot be written is no loss: the answer follows.
    }
  }

  send(reply: Reply): Promise<void> {
    const response = this.#response;
    if (response.destroyed || response.closed) return this.#closed;
    if (this.#exchange.connection.isRetired) response.shouldKeepAlive = false;
    const { body } = reply;
    const mayTrail = body !== undefined && !isWhole(body) && body.length === undefined;
    fitHttp1(reply.headers, body !== undefined && response.useChunkedEncodingByDefault, mayTrail);
    response.writeHead(reply.status, reply.headers);
    if (body === undefined) {
      response.end();
    } else if (isWhole(body)) {
      this.#exchange.bytesOut += body.length;
      this.#end(reply.trailers ?? [], body);
    } else {
      this.#pump(body);
    }
    return this.#closed;
  }

  /** Closes the connection in mid-answer: no last chunk, no close_notify, so the client sees that it was cut. */
  reset(): void {
    this.#isReset = true;
    const response = this.#response;
    // Its turn has not come (pipelining): the answers before it go out whole. Node would write what there is of it, and wait.
    if (response.socket === null) response.once('socket', (socket) => this.#cut(socket));
    else this.#cut(response.socket);
    response.destroy();
  }

  #cut(socket: Socket): void {
    // An answer without length or chunks ends with its connection, and many clients ask no more of TLS: only RST says no.
    if (this.#exchange.request.protocol === 'http/1.0') resetTransport(socket);
    socket.destroy();
  }

  #pump(source: BodySource): void {
    const response = this.#response;
    const exchange = this.#exchange;
    response.on('drain', () => source.resume());
    const sink: BodySink = {
      write(chunk, release) {
        if (response.destroyed) return false;
        exchange.bytesOut += chunk.length;
        return response.write(chunk, release);
      },
      end: (trailers) => this.#end(trailers),
      fail: (error: GatehouseError) => {
        exchange.error ??= error.code;
        // The upload may have told first that the client has gone.
        if (error.code === 'client_closed') exchange.leave();
        this.reset();
      },
    };
    // The head must reach the client now, also when the first byte of the body is long in coming (events). Node's
    // flushHeaders() would write it as UTF-8, and fields are bytes.
    response.write(NO_BYTES);
    source.start(sink);
  }

  #end(trailers: readonly string[], lastChunk?: Uint8Array): void {
    const pairs: [string, string][] = [];
    const passable = trailers.length > 0 ? passableTrailers(trailers) : [];
    for (let i = 0; i < passable.length; i += 2) pairs.push([passable[i] as string, passable[i + 1] as string]);
    try {
      if (pairs.length > 0) this.#response.addTrailers(pairs);
    } catch {
      // Trailers that HTTP/1.1 cannot carry: without them the answer is not what the backend said.
      this.reset();
      return;
    }
    this.#response.end(lastChunk);
  }

  /**
   * A client that still uploads reads the answer only when it is let write on: closing now would reset
   * the connection under the answer (RFC 9112, 9.6). Bounded in bytes and time.
   */
  #discardUpload(): void {
    const request = this.#response.req;
    if (request.complete || request.destroyed) return;
    let discarded = 0;
    const stop = (): void => {
      request.destroy();
    };
    const timer = setTimeout(stop, MAX_DISCARD_MS);
    timer.unref();
    request.on('data', (chunk: Buffer) => {
      discarded += chunk.length;
      if (discarded > MAX_DISCARDED_BYTES) stop();
    });
    request.once('close', () => clearTimeout(timer));
    request.resume();
  }
}

/** Node's own way to the TCP socket under a TLS one, which cannot be reset itself. */
interface TlsSocket extends Socket {
  readonly _parent?: Socket | null;
}

function resetTransport(socket: TlsSocket): void {
  (socket._parent ?? socket).resetAndDestroy();
}

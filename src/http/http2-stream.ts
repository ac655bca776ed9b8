// Writing to a client over HTTP/2, on Node's stream API (its compat API costs half as much again).
import { EventEmitter } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import type { GatehouseError } from '../base/errors.ts';
import type { BodySink, BodySource } from './body.ts';
import type { ClientStream } from './client-stream.ts';
import { passableTrailers } from './client-stream.ts';
import type { Exchange } from './exchange.ts';
import { headersObject } from './headers.ts';
import { markUnique } from './hpack.ts';
import type { Reply, Tunnel } from './reply.ts';
import { isWhole } from './reply.ts';
import { joinTunnel } from './tunnel.ts';

const { NGHTTP2_NO_ERROR } = constants;

/** How long a client may take to end its side of a tunnel whose backend has gone. */
const TUNNEL_END_MS = 5000;

export class Http2ClientStream implements ClientStream {
  readonly #stream: ServerHttp2Stream;
  readonly #exchange: Exchange;
  readonly #closed: Promise<void>;
  #head: string[] = [];
  #isComplete = false;
  #isReset = false;
  #hasTrailersToCome = false;
  #isTunnel = false;

  constructor(stream: ServerHttp2Stream, exchange: Exchange) {
    this.#stream = stream;
    this.#exchange = exchange;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closed = promise;
    if (!stream.endAfterHeaders) {
      // Node ends an aborted stream by itself and emits 'finish' for it, so only `aborted` tells the two apart.
      stream.on('finish', () => {
        if (stream.aborted) return;
        this.#isComplete = true;
        if (!this.#hasTrailersToCome && !this.#isTunnel) this.#endUpload();
      });
      // 'close' waits until a paused request body has been read; 'aborted' does not, and the backend must be freed now.
      stream.on('aborted', () => this.#noteEnd());
    }
    stream.on('close', () => {
      this.#noteEnd();
      resolve();
      this.#letGo();
    });
  }

  get waitingBytes(): number {
    return this.#stream.writableLength;
  }

  inform(status: number, headers: readonly string[]): void {
    const { headersSent, destroyed, closed } = this.#stream;
    if (headersSent || destroyed || closed) return;
    try {
      this.#stream.additionalHeaders({ ':status': status, ...headersObject(headers) });
    } catch {
      // A hint that HTTP/2 cannot carry (a field of the connection, say) is no loss: the answer follows.
    }
  }

  send(reply: Reply): Promise<void> {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) {
      if (!stream.destroyed) stream.resume();
      reply.tunnel?.socket.destroy();
      return this.#closed;
    }
    if (reply.tunnel !== undefined) return this.#join(reply, reply.tunnel);
    const head = markUnique([':status', String(reply.sentStatus ?? reply.status), ...reply.headers]);
    this.#head = head;
    const { body } = reply;
    if (body === undefined) {
      stream.respond(head, { endStream: true });
    } else if (isWhole(body)) {
      const trailers = reply.trailers === undefined ? [] : passableTrailers(reply.trailers);
      this.#hasTrailersToCome = trailers.length > 0;
      stream.respond(head, { waitForTrailers: this.#hasTrailersToCome });
      if (this.#hasTrailersToCome) stream.once('wantTrailers', () => this.#sendTrailers(trailers));
      this.#exchange.bytesOut += body.length;
      stream.end(body);
    } else {
      // A counted body has no trailers to wait for; waiting costs a round through the event loop.
      this.#hasTrailersToCome = body.length === undefined;
      stream.respond(head, { waitForTrailers: this.#hasTrailersToCome });
      this.#pump(body);
    }
    return this.#closed;
  }

  reset(): void {
    this.#isReset = true;
    // Not close(code): Node ends the writable side first, and END_STREAM makes a cut body look whole.
    this.#stream.destroy(new Error('the answer breaks off'));
  }

  /** Extended CONNECT is agreed to by 200 (RFC 8441, 5): HTTP/2 knows no 101. */
  #join(reply: Reply, tunnel: Tunnel): Promise<void> {
    const stream = this.#stream;
    const exchange = this.#exchange;
    // From here on no side's end is a failure.
    this.#isComplete = true;
    this.#isTunnel = true;
    exchange.status = 200;
    stream.respond(markUnique([':status', '200', ...reply.headers]));
    return joinTunnel(exchange, stream, tunnel, {
      finish: () => this.#endTunnel(),
      breakOff: () => this.reset(),
    });
  }

  /** The client ends its side too, as soon as it has read; one that does not is told to. */
  #endTunnel(): void {
    const stream = this.#stream;
    stream.end();
    stream.resume();
    const timer = setTimeout(() => stream.close(NGHTTP2_NO_ERROR), TUNNEL_END_MS).unref();
    stream.once('close', () => clearTimeout(timer));
  }

  #pump(source: BodySource): void {
    const stream = this.#stream;
    const exchange = this.#exchange;
    let trailers: string[] = [];
    if (this.#hasTrailersToCome) stream.once('wantTrailers', () => this.#sendTrailers(trailers));
    stream.on('drain', () => source.resume());
    const sink: BodySink = {
      write(chunk, release) {
        if (stream.destroyed || stream.closed) return false;
        exchange.bytesOut += chunk.length;
        return stream.write(chunk, release);
      },
      end(fields) {
        trailers = passableTrailers(fields);
        stream.end();
      },
      fail: (error: GatehouseError) => {
        exchange.error ??= error.code;
        // The upload may have told first that the client has gone.
        if (error.code === 'client_closed') exchange.leave();
        this.reset();
      },
    };
    source.start(sink);
  }

  #sendTrailers(trailers: readonly string[]): void {
    const stream = this.#stream;
    if (stream.destroyed) return;
    try {
      // Empty ones end the answer with an empty DATA frame. close() would end it with RST_STREAM, which is how a cut
      // answer ends, or not at all.
      stream.sendTrailers(headersObject(trailers));
    } catch {
      // Trailers that HTTP/2 cannot carry: without them the answer is not what the backend said.
      this.reset();
      return;
    }
    this.#endUpload();
  }

  /**
   * Node keeps a stream that has closed until the next full collection of garbage, with all that hangs on it: its listeners, with
   * the exchange, and the head that it sent.
   */
  #letGo(): void {
    const { prototype } = EventEmitter;
    // Not the stream's own, which waits a turn to see what became of reading. Who listens to removals would be told of each: first.
    prototype.removeAllListeners.call(this.#stream, 'removeListener');
    prototype.removeAllListeners.call(this.#stream);
    this.#head.length = 0;
  }

  #noteEnd(): void {
    if (!this.#isComplete && !this.#isReset && !this.#hasHandedOver()) this.#exchange.leave();
  }

  /** A client that hangs up right after the last byte closes the stream before Node has said 'finish'. */
  #hasHandedOver(): boolean {
    const { writableEnded, writableLength, aborted, rstCode } = this.#stream;
    return writableEnded && writableLength === 0 && !aborted && !rstCode;
  }

  /** The whole answer is out and the client still uploads: RFC 9113, 8.1 lets the server say that it may stop. */
  #endUpload(): void {
    const stream = this.#stream;
    if (stream.endAfterHeaders || stream.readableEnded || stream.destroyed) return;
    if (this.#exchange.upload?.hasEnded === true) return;
    // A reset in the same turn would overtake trailers, and a head without a body.
    setImmediate(() => {
      if (stream.destroyed) return;
      stream.resume();
      stream.close(NGHTTP2_NO_ERROR);
    });
  }
}

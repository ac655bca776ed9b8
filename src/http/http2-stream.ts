// Writing to a client over HTTP/2, on Node's stream API (its compat API costs half as much again).
import type { ServerHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import type { GatehouseError } from '../base/errors.ts';
import type { BodySink, BodySource } from './body.ts';
import type { ClientStream } from './client-stream.ts';
import { passableTrailers } from './client-stream.ts';
import type { Exchange } from './exchange.ts';
import { headersObject } from './headers.ts';
import type { Reply } from './reply.ts';
import { isWhole } from './reply.ts';

const { NGHTTP2_NO_ERROR } = constants;

export class Http2ClientStream implements ClientStream {
  readonly #stream: ServerHttp2Stream;
  readonly #exchange: Exchange;
  readonly #closed: Promise<void>;
  #isComplete = false;
  #isReset = false;
  #hasTrailersToCome = false;

  constructor(stream: ServerHttp2Stream, exchange: Exchange) {
    this.#stream = stream;
    this.#exchange = exchange;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closed = promise;
    // Node ends an aborted stream by itself and emits 'finish' for it, so only `aborted` tells the two apart.
    stream.once('finish', () => {
      if (stream.aborted) return;
      this.#isComplete = true;
      if (!this.#hasTrailersToCome) this.#endUpload();
    });
    // 'close' waits until a paused request body has been read; 'aborted' does not, and the backend must be freed now.
    stream.once('aborted', () => this.#noteEnd());
    stream.once('close', () => {
      this.#noteEnd();
      resolve();
    });
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
      return this.#closed;
    }
    const head = [':status', String(reply.status), ...reply.headers];
    const { body } = reply;
    if (body === undefined) {
      stream.respond(head, { endStream: true });
    } else if (isWhole(body)) {
      const trailers = passableTrailers(reply.trailers ?? []);
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

  #pump(source: BodySource): void {
    const stream = this.#stream;
    const exchange = this.#exchange;
    let trailers: string[] = [];
    if (this.#hasTrailersToCome) stream.once('wantTrailers', () => this.#sendTrailers(trailers));
    stream.on('drain', () => source.resume());
    const sink: BodySink = {
      write(chunk) {
        if (stream.destroyed || stream.closed) return false;
        exchange.bytesOut += chunk.length;
        return stream.write(chunk);
      },
      end(fields) {
        trailers = passableTrailers(fields);
        stream.end();
      },
      fail: (error: GatehouseError) => {
        exchange.error ??= error.code;
        this.reset();
      },
    };
    source.start(sink);
  }

  #sendTrailers(trailers: readonly string[]): void {
    const stream = this.#stream;
    if (stream.destroyed) return;
    if (trailers.length === 0) {
      stream.close();
      return;
    }
    try {
      stream.sendTrailers(headersObject(trailers));
    } catch {
      // Trailers that HTTP/2 cannot carry: without them the answer is not what the backend said.
      this.reset();
      return;
    }
    // A reset in the same turn would overtake the trailers.
    setImmediate(() => this.#endUpload());
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
    stream.resume();
    stream.close(NGHTTP2_NO_ERROR);
  }
}

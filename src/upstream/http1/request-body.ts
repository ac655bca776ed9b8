// The body of a request on its way from its source to the socket, framed as the head has said
// (RFC 9112, 6). A body that breaks off never looks complete: the connection ends instead.
import type { Socket } from 'node:net';
import { GatehouseError } from '../../base/errors.ts';
import type { BodySink, BodySource } from '../../http/body.ts';
import { requestTrailers } from '../request-head.ts';
import { isLowerToken, isValue } from './syntax.ts';

/** What a request's body tells its connection. */
export interface UploadEvents {
  /** Bytes went out. */
  progressed(): void;
  /** The whole request has been written. */
  ended(): void;
  /** The request cannot be completed; the connection must end. */
  failed(error: GatehouseError): void;
}

export class RequestBody implements BodySink {
  readonly #socket: Socket;
  readonly #source: BodySource;
  readonly #events: UploadEvents;
  readonly #isChunked: boolean;
  /** Of a counted body: what is still to come. */
  #remaining: number;
  #isOpen = true;
  #isStalled = false;

  constructor(socket: Socket, source: BodySource, events: UploadEvents) {
    this.#socket = socket;
    this.#source = source;
    this.#events = events;
    this.#isChunked = source.length === undefined;
    this.#remaining = source.length ?? 0;
  }

  /** Writes the head and lets the source push; what it has already leaves together with the head, in one write. */
  start(head: string): void {
    this.#socket.cork();
    this.#socket.write(head, 'latin1');
    try {
      this.#source.start(this);
    } finally {
      // A stream gives what it holds in the next tick.
      process.nextTick(uncork, this.#socket);
    }
  }

  /** There is more to come, and room for it. */
  get isAwaiting(): boolean {
    return this.#isOpen && !this.#isStalled;
  }

  /** The socket has room again. */
  drained(): void {
    if (!this.#isStalled || !this.#isOpen) return;
    this.#isStalled = false;
    this.#source.resume();
  }

  /** Nobody wants the rest of the body. Harmless after its end. */
  abandon(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#source.cancel();
  }

  write(chunk: Uint8Array): boolean {
    if (!this.#isOpen) return false;
    // An empty chunk would be the last one (RFC 9112, 7.1): the rest of the body would become a request.
    if (chunk.length === 0) return !this.#isStalled;
    if (this.#isChunked) {
      this.#socket.cork();
      this.#socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
      this.#socket.write(chunk);
      this.#socket.write('\r\n', 'latin1');
      this.#socket.uncork();
    } else {
      this.#remaining -= chunk.length;
      if (this.#remaining < 0) {
        this.#break('the request’s body is longer than its content-length');
        return false;
      }
      this.#socket.write(chunk);
    }
    this.#events.progressed();
    this.#isStalled = this.#socket.writableNeedDrain;
    return !this.#isStalled;
  }

  end(trailers: readonly string[]): void {
    if (!this.#isOpen) return;
    if (this.#remaining > 0) {
      this.#break('the request’s body is shorter than its content-length');
      return;
    }
    if (this.#isChunked) {
      const last = lastChunk(trailers);
      if (last === undefined) {
        this.#break('a trailer of the request cannot be sent as HTTP/1.1');
        return;
      }
      this.#socket.write(last, 'latin1');
    }
    this.#isOpen = false;
    this.#events.ended();
  }

  fail(error: GatehouseError): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#events.failed(error);
  }

  #break(what: string): void {
    this.#isOpen = false;
    this.#source.cancel();
    this.#events.failed(new GatehouseError('bad_request', 'client', what));
  }
}

function uncork(socket: Socket): void {
  socket.uncork();
}

/** The last chunk and the trailers (RFC 9112, 7.1.2); undefined when a trailer is malformed (header injection). */
function lastChunk(trailers: readonly string[]): string | undefined {
  if ((trailers.length & 1) !== 0) return undefined;
  // A backend that merges trailers into its fields would believe a cookie, or whose address it is, from here.
  const sent = requestTrailers(trailers);
  let text = '0\r\n';
  for (let i = 0; i < sent.length; i += 2) {
    const name = sent[i] as string;
    const value = sent[i + 1] as string;
    if (!isLowerToken(name) || !isValue(value)) return undefined;
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}

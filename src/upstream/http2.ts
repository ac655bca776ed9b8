// One HTTP/2 connection to a backend, on Node's client session: many calls at once.
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import type { GatehouseError } from '../base/errors.ts';
import { markUnique } from '../http/hpack.ts';
import type { Reply } from '../http/reply.ts';
import type { Call } from './call.ts';
import { clientGone } from './http1/failures.ts';
import { PARSER_LIMITS } from './http1/limits.ts';
import { abandon, answerBody, answerFaults, watchEnd } from './http2-answer.ts';
import { type Circumstances, closedEarly, misspoken, neverReady, sessionEnded } from './http2-failures.ts';
import { upload } from './http2-upload.ts';
import { StreamHold } from './stream-hold.ts';

const { NGHTTP2_REFUSED_STREAM, HTTP2_HEADER_STATUS } = http2.constants;
/** What an answer adds to `Bearable.streams`, so that a refusal is not forgotten at once. */
const REGROWTH = 1 / 16;

/** How many streams of one connection a server has shown to bear, by refusing more; one for all its connections. */
export interface Bearable {
  streams: number;
}

export interface Http2Options {
  readonly origin: string;
  /** Longest silence before the response head, and within its body. */
  readonly timeoutMs: number;
  /** From the preface to the server's SETTINGS. */
  readonly settingsMs: number;
  readonly bearable: Bearable;
  /** The server has said its SETTINGS, and so how many calls it takes: there may be room from now on. */
  readonly onReady: () => void;
  /** The connection is over, with all its calls; `fault`, an `upstream_connect`, when it never was ready. */
  readonly onClose: (fault: GatehouseError | undefined) => void;
  /** How many more calls there is room for has changed. */
  readonly onRoom: () => void;
}

export class Http2Connection {
  /** The address that was connected to. */
  readonly remoteAddress: string;
  readonly #session: ClientHttp2Session;
  readonly #options: Http2Options;
  /** Calls that were promised a stream, or have one. */
  active = 0;
  /** Calls under way. */
  readonly held: Set<StreamHold> = new Set();
  #isOpen = true;
  #isReady = false;
  #hasAnswered = false;
  /** From GOAWAY: streams beyond it were not worked on (RFC 9113, 6.8). */
  #lastStreamId = Number.POSITIVE_INFINITY;

  constructor(socket: Socket, options: Http2Options) {
    this.#options = options;
    this.remoteAddress = socket.remoteAddress ?? '';
    // Repeated fields are the client's business, and Node would throw on some; its types know the option on servers only.
    const lenient = { strictSingleValueFields: false };
    this.#session = http2.connect(options.origin, {
      ...lenient,
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: 1024 * 1024 },
    });
    this.#session.on('error', () => {});
    this.#session.on('goaway', (_code: number, lastStreamId: number) => {
      this.#isOpen = false;
      this.#lastStreamId = lastStreamId;
      options.onRoom();
    });
    let isOver = false;
    let cause: Error | undefined;
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(clock);
      this.#isOpen = false;
      this.#session.destroy();
      options.onClose(this.#isReady ? undefined : neverReady(options.origin, options.settingsMs, cause));
    };
    const clock = setTimeout(over, options.settingsMs).unref();
    this.#session.on('remoteSettings', () => {
      clearTimeout(clock);
      if (!this.#isReady) options.onReady();
      this.#isReady = true;
      options.onRoom();
    });
    this.#session.once('close', over);
    // A socket that ended before the session took it (a server that wants a certificate) ends it without a word.
    socket.once('close', over);
    // A TLS alert, as to a client without a certificate: Node tells the socket, and neither ends it nor the session.
    socket.once('error', (error: Error) => {
      cause = error;
      over();
    });
    if (socket.destroyed) process.nextTick(over);
  }

  /** How many calls at once the server has said that it takes. */
  get offered(): number {
    return this.#session.remoteSettings.maxConcurrentStreams ?? 0;
  }

  /** How many more calls may be sent now. */
  get room(): number {
    if (!this.#isReady || !this.#isOpen || this.#session.destroyed || this.#session.closed) return 0;
    return Math.min(this.offered, Math.floor(this.#options.bearable.streams)) - this.active;
  }

  get hasRoom(): boolean {
    return this.room > 0;
  }

  /** Promises a stream: `send` must follow. */
  claim(): this {
    this.active++;
    return this;
  }

  /** Lets calls under way finish, then closes. */
  close(): void {
    this.#isOpen = false;
    this.#session.close();
  }

  /** For a call that this connection was claimed for. */
  send(call: Call): Promise<Reply> {
    if (call.cancelled) {
      this.#release();
      return Promise.reject(clientGone());
    }
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    let stream: ClientHttp2Stream;
    try {
      stream = this.#open(call);
    } catch (cause) {
      this.#release();
      return Promise.reject(sessionEnded(this.#options.origin, cause));
    }
    const hasEnded = watchEnd(stream);
    let hasHead = false;
    let trailers: readonly string[] = [];
    const fail = (error: GatehouseError): void => {
      clearTimeout(clock);
      failure ??= error;
      reject(error);
      abandon(stream);
    };
    let failure: GatehouseError | undefined;
    const silenceMs = call.streamMs ?? this.#options.timeoutMs;
    const clock = setTimeout(() => fail(answerFaults.stalled(silenceMs)), silenceMs).unref();
    const stopWaiting = (): void => {
      if (call.streamMs === undefined) clearTimeout(clock);
      call.onCancel = undefined;
    };
    call.onCancel = () => fail(clientGone());
    const hold = new StreamHold(call, stream, fail);
    this.held.add(hold);

    stream.on('error', () => {});
    let interim = 0;
    stream.on('headers', (headers: http2.IncomingHttpHeaders, _flags: number, raw: string[]) => {
      const status = Number(headers[HTTP2_HEADER_STATUS]);
      if (++interim > PARSER_LIMITS.maxInterim) fail(misspoken('more interim answers than are taken'));
      if (status > 100) call.onInformational?.(status, withoutPseudo(raw));
    });
    stream.once('trailers', (_headers: http2.IncomingHttpHeaders, _flags: number, raw: string[]) => {
      trailers = raw;
    });
    stream.once('response', (headers, flags, raw: string[]) => {
      const status = Number(headers[HTTP2_HEADER_STATUS]);
      if (!(status >= 200 && status <= 599)) {
        fail(misspoken('a status that is none'));
        return;
      }
      hasHead = true;
      this.#hasAnswered = true;
      this.#options.bearable.streams += REGROWTH;
      stopWaiting();
      const fields = withoutPseudo(raw);
      const isEmpty = (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      const body = isEmpty
        ? undefined
        : answerBody(stream, call, {
            fields,
            trailers: () => trailers,
            hasEnded,
            failure: () => failure,
            clock,
            timeoutMs: this.#options.timeoutMs,
          });
      hold.answer = body;
      // An answer without a body has no reader, and only a read stream ever closes.
      if (isEmpty) stream.resume();
      resolve({ status, headers: fields, body });
    });
    stream.once('close', () => {
      clearTimeout(clock);
      this.held.delete(hold);
      if (stream.rstCode === NGHTTP2_REFUSED_STREAM) this.#options.bearable.streams = Math.max(1, this.active - 1);
      this.#release();
      if (hasHead) return;
      stopWaiting();
      reject(closedEarly(call, stream, this.#circumstances));
    });
    const progressed = (bytes: number): void => {
      hold.uploadedBytes += bytes;
      hold.uploadedAtMs = performance.now();
      clock.refresh();
    };
    if (call.body !== undefined) upload(call, call.body, stream, { fail, progressed });
    return promise;
  }

  #open(call: Call): ClientHttp2Stream {
    const head = [':method', call.method, ':path', call.path, ':scheme', schemeOf(this.#options.origin)];
    head.push(':authority', call.authority, ...call.headers, 'te', 'trailers');
    const { body } = call;
    if (body?.length !== undefined) head.push('content-length', String(body.length));
    const stream = this.#session.request(markUnique(head), {
      endStream: body === undefined,
      waitForTrailers: body !== undefined && body.length === undefined,
    });
    return stream;
  }

  #release(): void {
    this.active--;
    this.#options.onRoom();
  }

  get #circumstances(): Circumstances {
    const { origin } = this.#options;
    return { origin, isOpen: this.#isOpen, hasAnswered: this.#hasAnswered, lastStreamId: this.#lastStreamId };
  }
}

function schemeOf(origin: string): string {
  return origin.startsWith('https:') ? 'https' : 'http';
}

function withoutPseudo(raw: readonly string[]): string[] {
  const fields: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (!name.startsWith(':')) fields.push(name, raw[i + 1] as string);
  }
  return fields;
}

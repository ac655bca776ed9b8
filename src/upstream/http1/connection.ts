// An HTTP/1.1 connection to a backend, on a socket that somebody else has connected: one call at a
// time, kept for the next one only while both sides agree where the last one ended.
import type { Socket } from 'node:net';
import type { GatehouseError } from '../../base/errors.ts';
import type { Reply } from '../../http/reply.ts';
import type { Call } from '../call.ts';
import { clientGone, closed, internal, timedOut } from './failures.ts';
import { KeepAlive } from './keep-alive.ts';
import { PARSER_LIMITS, type ParserLimits } from './limits.ts';
import { type Answer, Pending } from './pending.ts';
import { ANSWERED, BROKEN, COMPLETE, ResponseReader, SWITCHED } from './reader.ts';
import { writeRequestHead } from './request-head.ts';
import type { ReadFlow } from './response-body.ts';
import { Sending } from './sending.ts';
import { type UpgradeResult, upgradeFault } from './upgrade.ts';
import { Wire, type WireEvents } from './wire.ts';

export interface ConnectionOptions {
  /** Until the head of the answer is whole, from the last byte sent; then the longest silence while its body is read. */
  readonly timeoutMs: number;
  /**
   * The connection is free for the next call, also after one that could not be sent; called before the caller of `send`
   * can have seen the end.
   */
  readonly onIdle?: (connection: Http1Connection) => void;
  /** The connection is over, or its socket has been handed over by `upgrade`; called once. */
  readonly onClose?: (connection: Http1Connection) => void;
  /** What `push` gets is valid only until it returns (a socket with `onread`); false unless said. */
  readonly sharedBuffer?: boolean;
  readonly limits?: ParserLimits;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

export class Http1Connection {
  readonly keepAlive: KeepAlive;
  readonly #options: ConnectionOptions;
  readonly #wire: Wire;
  readonly #reader: ResponseReader;
  readonly #sending: Sending;
  readonly #pending = new Pending(() => this.#fail(clientGone()));

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#options = options;
    this.keepAlive = new KeepAlive(options.now);
    this.#reader = new ResponseReader(options.limits ?? PARSER_LIMITS, this.#flow, options.sharedBuffer ?? false);
    this.#wire = new Wire(socket, options.timeoutMs, this.#events);
    this.#sending = new Sending(this.#wire, (error) => this.#fail(error));
  }

  /** Whether it is the client that is waited for: for more of its body, or for room for the answer. */
  get waitsForClient(): boolean {
    return this.#sending.isAwaiting || this.#reader.body?.isReading === false;
  }

  get stillSinceMs(): number {
    return this.#wire.touchedAt;
  }

  /** The one under way. */
  get call(): Call | undefined {
    return this.#pending.call;
  }

  /** Bytes so far, in both directions. */
  get movedBytes(): number {
    const { bytesRead, bytesWritten } = this.#wire.socket;
    return bytesRead + bytesWritten;
  }

  /** True from `send` until the answer has ended. */
  get isBusy(): boolean {
    return this.#pending.call !== undefined;
  }

  /** Whether the next call may go out here once this is not busy; false too when the backend is about to close it. */
  get isReusable(): boolean {
    return this.#wire.isUsable && !this.keepAlive.isOver;
  }

  /**
   * Sends the call and gives its answer as soon as the head is read; the body may follow in the reply. Fails
   * with a GatehouseError: 'bad_request' when it cannot be sent (nothing was written, the connection is as before),
   * 'upstream_closed', 'upstream_timeout', 'upstream_protocol', 'client_closed' after `call.cancel()`, or the
   * error of the call's own body. That body is cancelled then if it was started; else it is still the caller's.
   */
  send(call: Call): Promise<Reply> {
    return this.#begin(call, undefined) as Promise<Reply>;
  }

  /** As `send`, and asks to switch to a protocol (`websocket`). Every answer but a fitting 101 is an ordinary reply. */
  async upgrade(call: Call, protocol: string): Promise<UpgradeResult> {
    const answer = await this.#begin(call, protocol);
    return 'socket' in answer ? answer : { reply: answer };
  }

  /** Takes bytes from a socket that somebody else reads (`onread`); any other is read here. Never throws. */
  push(chunk: Buffer): void {
    const { call } = this.#pending;
    // Bytes that nobody asked for would become the answer to the next request (response queue poisoning).
    if (call === undefined) {
      this.#close();
      return;
    }
    this.#pending.hasBytes = true;
    this.#read(call, chunk);
    // A backend that drips its head, or sends interim answers, has no more time for it than others.
    if (this.#reader.reply !== undefined) this.#wire.touch();
  }

  /** The address that was connected to. */
  get remoteAddress(): string {
    return this.#wire.socket.remoteAddress ?? '';
  }

  /** Ends the connection at once; a call under way fails with `error`. */
  destroy(error: GatehouseError = closed(false)): void {
    this.#fail(error);
  }

  #begin(call: Call, protocol: string | undefined): Promise<Answer> {
    if (call.cancelled) return this.#refuse(clientGone());
    if (this.isBusy) return Promise.reject(internal(new Error('a connection carries one call at a time')));
    if (!this.isReusable) return this.#refuse(closed(true));
    let head: string;
    try {
      head = writeRequestHead(call, protocol);
    } catch (error) {
      return this.#refuse(error);
    }
    const answer = this.#pending.begin(call, protocol);
    this.#reader.begin(call, protocol !== undefined);
    this.#sending.begin(head, call);
    return answer;
  }

  /** Not a byte was written: the connection is free for the next call, or over. */
  #refuse(error: unknown): Promise<never> {
    if (this.isReusable && !this.isBusy) this.#options.onIdle?.(this);
    else if (!this.isBusy) this.#close();
    return Promise.reject(error);
  }

  /** undefined: the other side has ended. What a sink of somebody else's throws ends the call and not the process. */
  #read(call: Call, chunk: Buffer | undefined): void {
    try {
      this.#advance(call, chunk === undefined ? this.#reader.finish() : this.#reader.read(chunk));
    } catch (cause) {
      this.#fail(internal(cause));
    }
  }

  #advance(call: Call, progress: number): void {
    // A sink may have ended the call while it was handed bytes.
    if (this.#pending.call !== call) return;
    if (progress === COMPLETE) this.#complete(call);
    else if (progress === SWITCHED) this.#handOver();
    else if (progress === BROKEN) this.#fail(this.#reader.error ?? closed(false));
    else {
      if (progress === ANSWERED) this.#pending.resolve(this.#reader.reply as Reply);
      if (this.#reader.body?.wantsPause === true) this.#wire.pause();
    }
  }

  #complete(call: Call): void {
    const { head, reply, body, trailers, hasRest } = this.#reader;
    const isWaitedFor = this.keepAlive.renew(head.keepAliveSeconds) && head.isKeptAlive;
    const isKept = isWaitedFor && !hasRest && this.#sending.hasSent(call);
    this.#settle();
    this.#pending.resolve(reply as Reply);
    if (isKept) this.#wire.resume();
    else this.#close();
    body?.end(trailers);
    if (isKept) this.#options.onIdle?.(this);
  }

  #handOver(): void {
    const { head, rest } = this.#reader;
    const fault = upgradeFault(head, this.#pending.protocol ?? '');
    if (fault !== undefined) {
      this.#fail(fault);
      return;
    }
    const bytes = Buffer.from(rest);
    this.#settle();
    this.#pending.resolve({ status: 101, headers: head.headers, socket: this.#wire.release(), head: bytes });
    this.#options.onClose?.(this);
  }

  /** The call is no longer under way, whatever became of it. */
  #settle(): void {
    this.#pending.end();
    this.#reader.clear();
    this.#sending.abandon();
  }

  #fail(error: GatehouseError): void {
    const { body } = this.#reader;
    this.#settle();
    this.#close();
    this.#pending.reject(error);
    body?.fail(error);
  }

  #close(): void {
    if (this.#wire.close()) this.#options.onClose?.(this);
  }

  #lost(error: Error | undefined): void {
    const { call, hasBytes } = this.#pending;
    if (call === undefined || !hasBytes) this.keepAlive.lose();
    this.#fail(this.#pending.lossOf(this.keepAlive.answered > 0, error));
  }

  /** Silence counts against the backend only while somebody waits for it. */
  #silent(): void {
    const { body, isEventStream } = this.#reader;
    if (!this.isBusy) return;
    if (body !== undefined && !body.isReading) this.#wire.touch();
    else if (this.#wire.writeError !== undefined) this.#lost(this.#wire.writeError);
    else if (!isEventStream) this.#fail(timedOut(this.#options.timeoutMs, body === undefined));
  }

  readonly #events: WireEvents = {
    bytes: (chunk) => this.push(chunk),
    drained: () => this.#sending.drained(),
    ended: () => {
      const { call } = this.#pending;
      if (call === undefined || !this.#pending.hasBytes) this.#lost(undefined);
      else this.#read(call, undefined);
    },
    writeFailed: () => {
      this.#sending.abandon();
      return this.isBusy;
    },
    lost: (error) => this.#lost(error),
    silent: () => this.#silent(),
  };

  readonly #flow: ReadFlow = {
    resumeReading: () => this.#wire.resume(),
    abandonAnswer: () => {
      this.#settle();
      this.#close();
    },
  };
}

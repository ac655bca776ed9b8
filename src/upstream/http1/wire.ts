// The socket of a connection: what it reports, how long it may be silent, and its one end. Whatever it
// reports and whenever, no 'error' goes unheard.
import type { Socket } from 'node:net';
import { leavesBehind } from '../../base/young-garbage.ts';
import { dieOfWriteError, forgetWriteError, surviveWriteError, WRITE_ERROR_GRACE_MS } from './write-error.ts';

/** What the connection does about its socket. */
export interface WireEvents {
  bytes(chunk: Buffer): void;
  /** There is room to write again. */
  drained(): void;
  /** The backend has closed its side, cleanly as far as can be told. */
  ended(): void;
  /** Writing has failed. True: keep reading for a while, for what had come before. */
  writeFailed(): boolean;
  /** The connection is over; `error` says why, where that is known. */
  lost(error: Error | undefined): void;
  /** Nothing was touched for as long as allowed. */
  silent(): void;
}

export class Wire {
  readonly socket: Socket;
  isClosed = false;
  /** When something moved last, in milliseconds of `performance.now()`. Noting it costs a tenth of moving the timer. */
  touchedAt: number = performance.now();
  /** Set once writing has failed; then a reset looks like an end. */
  writeError: Error | undefined;
  readonly #events: WireEvents;
  #silenceMs: number;
  #timer: NodeJS.Timeout;
  #isPaused = false;

  constructor(socket: Socket, timeoutMs: number, events: WireEvents) {
    this.socket = socket;
    this.#events = events;
    this.#silenceMs = timeoutMs;
    this.#timer = setTimeout(this.#onTimeout, timeoutMs).unref();
    surviveWriteError(socket);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
    socket.on('end', this.#onEnd);
    socket.on('drain', this.#onDrain);
    socket.on('data', this.#onData);
    // What has ended already will not say so again.
    if (!this.isUsable) process.nextTick(this.#onClose);
  }

  /** False as soon as nothing can be sent any more, also before the socket has reported it. */
  get isUsable(): boolean {
    return !this.isClosed && this.writeError === undefined && !this.socket.destroyed && !this.socket.readableEnded;
  }

  /** Something moved: the time of silence begins anew. */
  touch(): void {
    this.touchedAt = performance.now();
  }

  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    this.touch();
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.socket.resume();
  }

  /** Ends the socket at once. False when it had ended before. */
  close(): boolean {
    if (this.isClosed) return false;
    this.isClosed = true;
    clearTimeout(this.#timer);
    this.socket.destroy();
    return true;
  }

  /** Lets go of the socket, paused, for another owner. The 'error' listener stays until that one has its own. */
  release(): Socket {
    this.isClosed = true;
    clearTimeout(this.#timer);
    const { socket } = this;
    socket.pause();
    socket.off('close', this.#onClose).off('end', this.#onEnd).off('drain', this.#onDrain).off('data', this.#onData);
    dieOfWriteError(socket);
    return socket;
  }

  /** Of TLS: bytes of a plain connection come by a buffer of our own (upstream/connect.ts). */
  readonly #onData = (chunk: Buffer): void => {
    leavesBehind(chunk.length);
    this.#events.bytes(chunk);
  };

  readonly #onDrain = (): void => {
    this.touch();
    this.#events.drained();
  };

  readonly #onEnd = (): void => {
    // After a failed write a reset looks like an end: an answer without a length may have been cut.
    if (this.writeError === undefined) this.#events.ended();
    else this.#events.lost(this.writeError);
  };

  readonly #onClose = (): void => {
    if (!this.isClosed) this.#events.lost(undefined);
  };

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    if (this.isClosed) return;
    // Of other errors (TLS: a record that fails its check) nothing that follows could be read.
    if (error.syscall !== 'write' || this.socket.destroyed || !this.#events.writeFailed()) {
      this.#events.lost(error);
      return;
    }
    this.writeError = error;
    forgetWriteError(this.socket);
    this.touch();
    this.#silenceMs = Math.min(this.#silenceMs, WRITE_ERROR_GRACE_MS);
    this.#arm(this.#silenceMs);
  };

  readonly #onTimeout = (): void => {
    const leftMs = this.#silenceMs - (performance.now() - this.touchedAt);
    if (leftMs >= 1) {
      this.#arm(leftMs);
      return;
    }
    this.#events.silent();
    if (!this.isClosed) this.#arm(this.#silenceMs);
  };

  #arm(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onTimeout, ms).unref();
  }
}

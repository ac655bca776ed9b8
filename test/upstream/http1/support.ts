// A scripted backend and the two ends of bodies, for the tests of the HTTP/1.1 client: real sockets,
// bytes written as given.
import { once } from 'node:events';
import net from 'node:net';
import { onTestFinished, vi } from 'vitest';
import type { GatehouseError } from '../../../src/base/errors.ts';
import type { BodySink, BodySource } from '../../../src/http/body.ts';
import type { Reply } from '../../../src/http/reply.ts';
import { isWhole } from '../../../src/http/reply.ts';
import { Call } from '../../../src/upstream/call.ts';
import { type ConnectionOptions, Http1Connection } from '../../../src/upstream/http1/connection.ts';

export const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

export function get(path = '/', headers: readonly string[] = []): Call {
  return new Call('GET', path, 'app.test', headers, undefined);
}

export function call(method: string, body?: BodySource): Call {
  return new Call(method, '/', 'app.test', [], body);
}

/** One connection as the backend sees it. */
export class Peer {
  readonly socket: net.Socket;
  received = '';
  isEnded = false;
  isClosed = false;
  error: Error | undefined;

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1');
    });
    socket.on('end', () => {
      this.isEnded = true;
    });
    socket.on('close', () => {
      this.isClosed = true;
    });
    socket.on('error', (error) => {
      this.error = error;
    });
  }

  /** Waits for bytes to have come, and takes everything that has. */
  async take(until: string | RegExp = '\r\n\r\n'): Promise<string> {
    await eventually(() => (typeof until === 'string' ? this.received.includes(until) : until.test(this.received)));
    const taken = this.received;
    this.received = '';
    return taken;
  }

  write(text: string | Uint8Array): void {
    this.socket.write(typeof text === 'string' ? bytes(text) : text);
  }

  /** Takes a request head and answers it. */
  async answer(text: string): Promise<string> {
    const request = await this.take();
    this.write(text);
    return request;
  }
}

export interface World {
  readonly connection: Http1Connection;
  readonly socket: net.Socket;
  readonly peer: Peer;
  /** What the connection has told its pool. */
  readonly told: string[];
}

/** A backend with one connection to it; both go with the test. `options` may replace anything. */
export async function open(options: Partial<ConnectionOptions> = {}): Promise<World> {
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[net.Socket]>;
  const socket = net.connect({ port: (server.address() as net.AddressInfo).port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const peer = new Peer((await accepted)[0]);
  const told: string[] = [];
  const connection = new Http1Connection(socket, {
    timeoutMs: 5000,
    onIdle: () => told.push('idle'),
    onClose: () => told.push('close'),
    ...options,
  });
  onTestFinished(() => {
    connection.destroy();
    peer.socket.destroy();
    server.close();
  });
  return { connection, socket, peer, told };
}

/** A body that a test pushes by hand, or all at once. */
export class TestSource implements BodySource {
  readonly length: number | undefined;
  sink: BodySink | undefined;
  resumes = 0;
  isCancelled = false;
  #onStart: ((sink: BodySink) => void) | undefined;

  constructor(length?: number, onStart?: (sink: BodySink) => void) {
    this.length = length;
    this.#onStart = onStart;
  }

  start(sink: BodySink): void {
    this.sink = sink;
    this.#onStart?.(sink);
  }

  resume(): void {
    this.resumes += 1;
  }

  cancel(): void {
    this.isCancelled = true;
  }
}

/** A body that pushes those chunks and ends within `start`. */
export function source(chunks: readonly string[], length?: number, trailers: readonly string[] = []): TestSource {
  return new TestSource(length, (sink) => {
    for (const chunk of chunks) sink.write(bytes(chunk));
    sink.end(trailers);
  });
}

/** Takes a body in; `full` makes it say stop after each chunk. */
export class TestSink implements BodySink {
  readonly chunks: Buffer[] = [];
  trailers: readonly string[] | undefined;
  error: GatehouseError | undefined;
  isFull = false;
  /** Called at each chunk. */
  onWrite: (() => void) | undefined;

  write(chunk: Uint8Array): boolean {
    if (this.isOver) throw new Error('a chunk after the end');
    this.chunks.push(Buffer.from(chunk));
    this.onWrite?.();
    return !this.isFull;
  }

  end(trailers: readonly string[]): void {
    if (this.isOver) throw new Error('an end after the end');
    this.trailers = trailers;
  }

  fail(error: GatehouseError): void {
    if (this.isOver) throw new Error('a failure after the end');
    this.error = error;
  }

  get isOver(): boolean {
    return this.trailers !== undefined || this.error !== undefined;
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }
}

/** The body of a reply as one of the two forms it has. */
export function flowing(reply: Reply): BodySource {
  if (reply.body === undefined || isWhole(reply.body)) throw new Error('the body is whole');
  return reply.body;
}

/** The whole text of a reply's body; `!code` at its end when it breaks off. */
export async function textOf(reply: Reply): Promise<string> {
  if (reply.body === undefined) return '';
  if (isWhole(reply.body)) return Buffer.from(reply.body).toString('latin1');
  const sink = new TestSink();
  reply.body.start(sink);
  await eventually(() => sink.isOver);
  return sink.error === undefined ? sink.text : `${sink.text}!${sink.error.code}`;
}

/** The real ones: a test that stops the clock still waits for its sockets. */
const wait = setTimeout;
const now = performance.now.bind(performance);

/** Stops the clock of timeouts for the test; answers a function that lets milliseconds pass. */
export function stopClock(): (ms: number) => void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  return (ms) => vi.advanceTimersByTime(ms);
}

/** Waits, in turns of the event loop, until something holds; a test that waits in vain says for what. */
export async function eventually(holds: () => boolean): Promise<void> {
  const deadline = now() + 4000;
  while (!holds()) {
    if (now() > deadline) throw new Error(`never came true: ${holds.toString()}`);
    await new Promise((resolve) => wait(resolve, 1));
  }
}

/** Some turns of the event loop: time enough for whatever is under way on loopback to arrive. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => wait(resolve, 1));
}

/** The code of the error that a promise fails with, `retry` added where the call may be sent again. */
export async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'no failure';
  } catch (error) {
    const { code, retry } = error as GatehouseError;
    return retry ? `${code} retry` : code;
  }
}

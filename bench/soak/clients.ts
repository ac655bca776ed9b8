// The plain ways to ask: one request over HTTP/1.1, one over a kept HTTP/2 connection. Each tells the local port of its
// connection, by which it is known whose worker it was with.
import { type EventEmitter, once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import type { Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { HOST } from '../rig/workspace.ts';

/** Nothing takes longer but what is meant to. */
const ANSWER_MS = 20_000;

export interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly bytes: number;
  /** Of a short one. */
  readonly text: string;
  readonly trailers: Readonly<Record<string, unknown>>;
}

/** Where a request is at the moment, for when it fails. */
export interface Trace {
  port?: number | undefined;
}

/** `from`: the address of this machine that the client has. */
export interface Client {
  ask(ask: Ask, trace: Trace): Promise<Answer>;
  close(): void;
}

const MAX_TEXT_BYTES = 1024;

export function dial(port: number, from: string, protocol: string): TLSSocket {
  const options = { host: '127.0.0.1', port, servername: HOST, rejectUnauthorized: false, ALPNProtocols: [protocol] };
  return tls.connect({ ...options, localAddress: from } as tls.ConnectionOptions);
}

export class Http1Client implements Client {
  readonly #agent: https.Agent;
  readonly #port: number;
  readonly #from: string;

  /** `isKept`: connections are used again. */
  constructor(port: number, from: string, isKept: boolean) {
    this.#port = port;
    this.#from = from;
    this.#agent = new https.Agent({ keepAlive: isKept });
  }

  ask({ method = 'GET', path, headers = {}, body }: Ask, trace: Trace): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const asked = https.request({
      host: '127.0.0.1',
      port: this.#port,
      localAddress: this.#from,
      servername: HOST,
      rejectUnauthorized: false,
      agent: this.#agent,
      method,
      path,
      headers: { host: HOST, ...headers, ...(body === undefined ? {} : { 'content-length': body.length }) },
      timeout: ANSWER_MS,
    });
    asked.on('socket', (socket) => {
      const note = (): void => {
        trace.port = socket.localPort ?? trace.port;
      };
      if (socket.connecting) socket.once('connect', note);
      note();
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.on('error', reject);
    asked.on('response', (response) => {
      const read = new Reading();
      response.on('data', (chunk: Buffer) => read.take(chunk));
      response.on('error', reject);
      response.on('end', () => resolve(read.answer(response.statusCode ?? 0, response.trailers)));
    });
    asked.end(body);
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}

export class Http2Client implements Client {
  readonly #port: number;
  readonly #from: string;
  #session: Promise<http2.ClientHttp2Session> | undefined;
  #localPort: number | undefined;

  constructor(port: number, from: string) {
    this.#port = port;
    this.#from = from;
  }

  async ask({ method = 'GET', path, headers = {}, body }: Ask, trace: Trace): Promise<Answer> {
    const session = await this.session(trace);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const stream = session.request({ ':method': method, ':path': path, ':authority': HOST, ...headers });
    const timer = setTimeout(() => stream.destroy(new Error('no answer in time')), ANSWER_MS);
    const read = new Reading();
    let status = 0;
    let trailers: http2.IncomingHttpHeaders = {};
    stream.on('response', (fields) => {
      status = fields[':status'] ?? 0;
    });
    stream.on('trailers', (fields) => {
      trailers = fields;
    });
    stream.on('data', (chunk: Buffer) => read.take(chunk));
    stream.on('error', reject);
    stream.on('close', () => {
      clearTimeout(timer);
      if (stream.rstCode === 0 && status !== 0) resolve(read.answer(status, trailers));
      else reject(new Error(`the stream was closed with ${stream.rstCode}`));
    });
    stream.end(body);
    return promise;
  }

  /** The one that is open, or a new one in its place. */
  async session(trace: Trace): Promise<http2.ClientHttp2Session> {
    trace.port = this.#localPort;
    const known = await this.#session;
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    trace.port = undefined;
    this.#session = this.#open(trace);
    this.#session.catch(() => {
      this.#session = undefined;
    });
    return this.#session;
  }

  close(): void {
    void this.#session?.then((session) => session.destroy());
  }

  async #open(trace: Trace): Promise<http2.ClientHttp2Session> {
    const socket: Socket = dial(this.#port, this.#from, 'h2');
    socket.once('connect', () => {
      trace.port = socket.localPort;
      this.#localPort = socket.localPort;
    });
    await happened(socket, 'secureConnect');
    const session = http2.connect(`https://${HOST}`, { createConnection: () => socket });
    session.on('error', () => {});
    // What it may ask for is known then (RFC 8441, 3).
    await happened(session, 'remoteSettings');
    return session;
  }
}

/** Rejects when it is closed before, with or without an error. */
export async function happened(emitter: EventEmitter, event: string): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onClose = (): void => reject(new Error(`closed before ${event}`));
  emitter.once('close', onClose);
  try {
    await Promise.race([once(emitter, event), promise]);
  } finally {
    emitter.off('close', onClose);
  }
}

class Reading {
  #bytes = 0;
  #text = '';

  take(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= MAX_TEXT_BYTES) this.#text += chunk.toString('latin1');
  }

  answer(status: number, trailers: Readonly<Record<string, unknown>>): Answer {
    return { status, bytes: this.#bytes, text: this.#text, trailers };
  }
}

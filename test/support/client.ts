// Clients for tests, one shape for both protocols, so that one test body runs over each.
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import tls from 'node:tls';
import { describe } from 'vitest';
import type { World } from './world.ts';

export type Over = 'h2' | 'http/1.1';

export interface RequestOptions {
  readonly method?: string;
  readonly path?: string;
  /** Host asked for, in SNI and authority; `localhost` unless said. */
  readonly host?: string;
  /** SNI when it differs from the host. */
  readonly sni?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
  readonly trailers?: Readonly<Record<string, string>>;
  /** Further options of the TLS connection. */
  readonly tls?: tls.ConnectionOptions;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  readonly trailers: Readonly<Record<string, string>>;
  /** Statuses of interim answers. */
  readonly interim: readonly number[];
}

/** Runs the same body over HTTP/2 and over HTTP/1.1. */
export function describeProtocols(name: string, body: (over: Over) => void): void {
  for (const over of ['h2', 'http/1.1'] as const) describe(`${name}, over ${over}`, () => body(over));
}

/** One request on a connection of its own; rejects when the answer breaks off. */
export function request(over: Over, world: Pick<World, 'port' | 'ca'>, options: RequestOptions = {}): Promise<Answer> {
  return over === 'h2' ? requestHttp2(world, options) : requestHttp1(world, options);
}

function requestHttp1({ port, ca }: Pick<World, 'port' | 'ca'>, options: RequestOptions): Promise<Answer> {
  const host = options.host ?? 'localhost';
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const interim: number[] = [];
  const call = https.request({
    host: '127.0.0.1',
    port,
    servername: options.sni ?? host,
    ca,
    agent: false,
    checkServerIdentity: () => undefined,
    method: options.method ?? 'GET',
    path: options.path ?? '/',
    headers: { host, ...options.headers },
    ...options.tls,
  });
  call.on('information', ({ statusCode }) => interim.push(statusCode));
  call.on('error', reject);
  call.on('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const trailers = response.trailers as Record<string, string>;
      const body = Buffer.concat(chunks).toString();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body, trailers, interim });
    });
  });
  if (options.trailers !== undefined) {
    call.write(options.body ?? '');
    call.addTrailers(options.trailers);
    call.end();
  } else {
    call.end(options.body);
  }
  return promise;
}

function requestHttp2({ port, ca }: Pick<World, 'port' | 'ca'>, options: RequestOptions): Promise<Answer> {
  const host = options.host ?? 'localhost';
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const session = http2.connect(`https://127.0.0.1:${port}`, {
    servername: options.sni ?? host,
    ca,
    checkServerIdentity: () => undefined,
    ...options.tls,
  });
  session.on('error', reject);
  const stream = session.request(
    { ':method': options.method ?? 'GET', ':path': options.path ?? '/', ':authority': host, ...options.headers },
    {
      endStream: options.body === undefined && options.trailers === undefined,
      waitForTrailers: options.trailers !== undefined,
    },
  );
  const chunks: Buffer[] = [];
  const interim: number[] = [];
  let headers: http2.IncomingHttpHeaders & { ':status'?: number | undefined } = {};
  let trailers = {};
  stream.on('headers', (fields: { ':status'?: number }) => interim.push(fields[':status'] ?? 0));
  stream.on('response', (fields) => {
    headers = fields;
  });
  stream.on('trailers', (fields) => {
    trailers = { ...fields };
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', reject);
  stream.on('wantTrailers', () => stream.sendTrailers({ ...options.trailers }));
  stream.on('close', () => {
    session.close();
    if (stream.rstCode) reject(new Error(`reset with code ${stream.rstCode}`));
    if (headers[':status'] === undefined) reject(new Error('closed without an answer'));
    const body = Buffer.concat(chunks).toString();
    resolve({ status: headers[':status'] ?? 0, headers, body, trailers, interim });
  });
  if (options.body !== undefined || options.trailers !== undefined) stream.end(options.body ?? '');
  return promise.finally(() => session.destroy());
}

/** A TLS connection for bytes of one's own. */
export function openTls(
  { port, ca }: Pick<World, 'port' | 'ca'>,
  options: tls.ConnectionOptions = {},
): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const socket = tls.connect(
    { host: '127.0.0.1', port, ca, servername: 'localhost', checkServerIdentity: () => undefined, ...options },
    () => resolve(socket),
  );
  socket.on('error', reject);
  return promise;
}

/** Sends bytes and gives all that comes back until the other side closes. */
export async function exchangeBytes(world: Pick<World, 'port' | 'ca'>, bytes: string): Promise<string> {
  const socket = await openTls(world);
  const { promise, resolve } = Promise.withResolvers<string>();
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  socket.on('close', () => resolve(received));
  socket.write(bytes, 'latin1');
  return promise;
}

/** Over plain HTTP. */
export function requestPlain(port: number, path: string, host: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const call = http.request({ host: '127.0.0.1', port, path, headers: { host }, agent: false }, (response) => {
    response.resume();
    response.on('end', () => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: '', trailers: {}, interim: [] });
    });
  });
  call.on('error', reject);
  call.end();
  return promise;
}

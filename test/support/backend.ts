// Backends for tests: an ordinary HTTP server that keeps what it saw, and one that answers with given bytes.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import net from 'node:net';
import { onTestFinished } from 'vitest';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  /** Flat, as received. */
  readonly rawHeaders: readonly string[];
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  readonly rawTrailers: readonly string[];
}

export interface Backend {
  readonly url: string;
  readonly port: number;
  /** Complete requests, in order of their end. */
  readonly seen: SeenRequest[];
  /** TCP connections accepted so far. */
  readonly connections: { count: number };
  close(): Promise<void>;
}

/** By default answers 200 and `hello`, after the whole request has been read; on any free port. */
export async function startBackend(
  answer: (request: SeenRequest, response: ServerResponse) => void = (_, response) => void response.end('hello'),
  port = 0,
): Promise<Backend> {
  const seen: SeenRequest[] = [];
  return listen(http.createServer(recorder(seen, answer)), seen, port);
}

/** Full control: the listener gets the request while its body is still coming. */
export async function startStreamingBackend(listener: RequestListener): Promise<Backend> {
  return listen(http.createServer(listener), []);
}

/** Speaks HTTP/2 only, without TLS (prior knowledge). */
export async function startH2cBackend(
  onStream: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders, raw: readonly string[]) => void,
): Promise<Backend> {
  const server = http2.createServer();
  server.on('stream', (stream, headers, _flags, raw: string[]) => {
    stream.on('error', () => {});
    onStream(stream as http2.ServerHttp2Stream, headers, raw);
  });
  return listen(server, []);
}

/** Hands every connection to `onSocket`: for answers that no HTTP library would write. */
export async function startRawBackend(onSocket: (socket: Socket) => void): Promise<Backend> {
  return listen(net.createServer(onSocket), []);
}

function recorder(
  seen: SeenRequest[],
  answer: (request: SeenRequest, response: ServerResponse) => void,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => {});
    request.on('end', () => {
      const { method = '', url = '', rawHeaders, headers, rawTrailers } = request;
      const record = { method, url, rawHeaders, headers, body: Buffer.concat(chunks), rawTrailers };
      seen.push(record);
      answer(record, response);
    });
  };
}

async function listen(server: net.Server, seen: SeenRequest[], wantedPort = 0): Promise<Backend> {
  const sockets = new Set<Socket>();
  const connections = { count: 0 };
  server.on('connection', (socket: Socket) => {
    connections.count++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(wantedPort, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  onTestFinished(() => close().catch(() => {}));
  return { url: `http://127.0.0.1:${port}`, port, seen, connections, close };
}

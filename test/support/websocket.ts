// WebSocket clients and a server for tests: `ws` on both sides, over HTTP/1.1 or over a stream of HTTP/2 (RFC 8441).
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import WebSocket, { type ServerOptions, WebSocketServer } from 'ws';
import type { Over } from './client.ts';
import type { World } from './world.ts';

export interface SocketServer {
  readonly url: string;
  readonly server: WebSocketServer;
}

/** Welcomes each client and says back what comes. */
export async function startEcho(options: ServerOptions = {}): Promise<SocketServer> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.send('welcome');
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

export function connectFields({ port }: Pick<World, 'port'>, path = '/chat'): http2.OutgoingHttpHeaders {
  return {
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'https',
    ':path': path,
    ':authority': `localhost:${port}`,
    'sec-websocket-version': '13',
  };
}

/** The stream of an extended CONNECT, agreed to or not. */
export interface Connect {
  readonly session: http2.ClientHttp2Session;
  readonly stream: http2.ClientHttp2Stream;
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders;
}

export async function connectHttp2(
  { port, ca }: Pick<World, 'port' | 'ca'>,
  path = '/chat',
  headers: http2.OutgoingHttpHeaders = {},
): Promise<Connect> {
  const session = http2.connect(`https://localhost:${port}`, { ca });
  onTestFinished(() => session.destroy());
  session.on('error', () => {});
  // A client may ask only when the server has said that it knows the method (RFC 8441, 3).
  await new Promise<void>((resolve, reject) => {
    session.once('remoteSettings', (settings) => {
      if (settings.enableConnectProtocol === true) resolve();
      else reject(new Error('no extended CONNECT here'));
    });
  });
  const stream = session.request({ ...connectFields({ port }, path), ...headers }, { endStream: false });
  const { promise, resolve, reject } = Promise.withResolvers<Connect>();
  stream.once('error', reject);
  stream.once('response', (fields) => {
    stream.off('error', reject).on('error', () => {});
    resolve({ session, stream, status: Number(fields[':status']), headers: fields });
  });
  return promise;
}

/** What `ws` keeps to itself: it can speak over any stream, but opens only HTTP/1.1 ones. */
interface OpenWebSocket extends WebSocket {
  _isServer: boolean;
  setSocket(socket: Duplex, head: Buffer, options: object): void;
}

/** An open WebSocket through the gateway; nothing that came over it is lost to a listener set at once. */
export async function dialSocket(over: Over, world: Pick<World, 'port' | 'ca'>, path = '/chat'): Promise<WebSocket> {
  if (over === 'http/1.1') {
    const socket = new WebSocket(`wss://localhost:${world.port}${path}`, { ca: world.ca });
    onTestFinished(() => socket.terminate());
    const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
    socket.once('error', reject);
    socket.once('open', () => {
      socket.off('error', reject).on('error', () => {});
      resolve(socket);
    });
    return promise;
  }
  const { stream, status } = await connectHttp2(world, path);
  if (status !== 200) throw new Error(`Unexpected server response: ${status}`);
  const socket = new (
    WebSocket as unknown as new (
      address: null,
      protocols?: undefined,
      options?: object,
    ) => OpenWebSocket
  )(null, undefined, { closeTimeout: 30_000 });
  socket._isServer = false;
  socket.on('error', () => {});
  socket.setSocket(stream, Buffer.alloc(0), { allowSynchronousEvents: true, maxPayload: 0, skipUTF8Validation: false });
  return socket;
}

/** The next message. */
export function messageOf(socket: WebSocket): Promise<string> {
  return new Promise((resolve) => socket.once('message', (data: Buffer) => resolve(data.toString())));
}

/** The close code that the socket gets. */
export function closeOf(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.once('close', resolve));
}

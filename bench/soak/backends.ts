// What stands behind the gateway: one server that is always there, one that comes and goes, one that speaks gRPC.
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocketServer } from 'ws';

export const BIG_BYTES = 4 * 1024 * 1024;
/** A download that lasts: pieces of this, so many, one each time. */
export const PIECE_BYTES = 16 * 1024;
export const PIECES = 60;
export const PIECE_MS = 100;
export const EVENT_MS = 100;

const BIG = Buffer.alloc(BIG_BYTES, 'a soak ');
const PIECE = Buffer.alloc(PIECE_BYTES, 'a piece ');

export interface Backends extends AsyncDisposable {
  readonly steady: string;
  readonly flapping: string;
  readonly grpc: string;
  /** Goes away in the middle of whatever it does, and comes back after that time. */
  flap(awayMs: number): Promise<void>;
}

export async function startBackends(): Promise<Backends> {
  const steady = http.createServer(answer);
  // It never closes what the gateway is about to use; the other one does, as many do.
  steady.keepAliveTimeout = 600_000;
  const sockets = new WebSocketServer({ server: steady });
  sockets.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  const grpc = http2.createServer();
  grpc.on('stream', echoGrpc);
  grpc.on('sessionError', () => {});
  const [steadyPort, grpcPort] = [await listen(steady, 0), await listen(grpc, 0)];
  let flapping = http.createServer(answer);
  const flappingPort = await listen(flapping, 0);
  return {
    steady: `http://127.0.0.1:${steadyPort}`,
    flapping: `http://127.0.0.1:${flappingPort}`,
    grpc: `http://127.0.0.1:${grpcPort}`,
    flap: async (awayMs) => {
      flapping.close();
      flapping.closeAllConnections();
      await sleep(awayMs);
      flapping = http.createServer(answer);
      await listen(flapping, flappingPort);
    },
    [Symbol.asyncDispose]: () => {
      for (const client of sockets.clients) client.terminate();
      for (const server of [steady, flapping]) {
        server.close();
        server.closeAllConnections();
      }
      grpc.close();
      return Promise.resolve();
    },
  };
}

function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
  const { pathname } = new URL(request.url ?? '/', 'http://backend');
  response.on('error', () => {});
  if (pathname === '/events') void sendEvents(response);
  else if (pathname === '/pieces') void sendPieces(response);
  else if (pathname === '/big') response.end(BIG);
  else if (pathname.startsWith('/stored/')) {
    response.setHeader('cache-control', 'public, max-age=2, stale-while-revalidate=2');
    response.end(`stored ${pathname}`);
  } else if (request.method === 'POST') void tellLength(request, response);
  else response.end('ok');
}

async function tellLength(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('error', () => {});
  await once(request, 'end').catch(() => {});
  response.end(String(bytes));
}

/** Numbered, so that a lost one is seen. */
async function sendEvents(response: http.ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let count = 0; !response.destroyed; count++) {
    response.write(`data: ${count}\n\n`);
    await sleep(EVENT_MS);
  }
}

async function sendPieces(response: http.ServerResponse): Promise<void> {
  for (let count = 0; count < PIECES && !response.destroyed; count++) {
    response.write(PIECE);
    await sleep(PIECE_MS);
  }
  response.end();
}

/** Each message as it came, and the trailers of a call that went well. */
function echoGrpc(stream: http2.ServerHttp2Stream): void {
  stream.on('error', () => {});
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.pipe(stream);
}

async function listen(server: http.Server | http2.Http2Server, port: number): Promise<number> {
  server.on('connection', (socket: Socket) => socket.on('error', () => {}));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

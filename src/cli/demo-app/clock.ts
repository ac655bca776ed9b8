// The clock: a WebSocket that tells the time each second and sends back whatever it gets.
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

export interface Clock {
  /** Ends every connection at once. */
  close(): void;
}

const MAX_CLIENTS = 256;
const MAX_MESSAGE_BYTES = 64 * 1024;
const MAX_UNSENT_BYTES = 1024 * 1024;

/** Takes over the upgrades of a server. `banner`: header lines that go out with the handshake too. */
export function startClock(server: Server, tickMs: number, banner: readonly string[]): Clock {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false });
  sockets.on('headers', (lines) => lines.push(...banner));
  sockets.on('connection', (socket) => {
    // ws closes the connection itself; unheard, its error would end the process.
    socket.on('error', () => {});
    socket.on('message', (data, binary) => send(socket, data, binary));
    send(socket, now(), false);
  });
  server.on('upgrade', (request, socket, head) => {
    if (request.url?.split('?')[0] !== '/clock') refuse(socket, '404 Not Found', banner);
    else if (sockets.clients.size >= MAX_CLIENTS) refuse(socket, '503 Service Unavailable', banner);
    else sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request));
  });
  const timer = setInterval(() => {
    for (const client of sockets.clients) send(client, now(), false);
  }, tickMs);
  return {
    close() {
      clearInterval(timer);
      for (const client of sockets.clients) client.terminate();
      sockets.close();
    },
  };
}

function now(): string {
  return JSON.stringify({ time: new Date().toISOString() });
}

/** A client that sends and never reads would fill the memory: it is cut off. */
function send(socket: WebSocket, data: Parameters<WebSocket['send']>[0], binary: boolean): void {
  if (socket.bufferedAmount > MAX_UNSENT_BYTES) socket.terminate();
  else if (socket.readyState === socket.OPEN) socket.send(data, { binary });
}

function refuse(socket: Duplex, status: string, banner: readonly string[]): void {
  socket.on('error', () => socket.destroy());
  const lines = [`HTTP/1.1 ${status}`, ...banner, 'Content-Length: 0', 'Connection: close', '', ''];
  socket.end(lines.join('\r\n'), () => socket.destroy());
}

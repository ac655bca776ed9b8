// The answer to bytes that are not a request: said once, in plain HTTP/1.1, recorded, and the connection ends.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { errorReply } from '../http/error-page.ts';
import { Exchange } from '../http/exchange.ts';
import { reasonPhrase } from '../http/status.ts';
import type { Connection } from './connections.ts';
import type { Context } from './runtime.ts';

export function answerBrokenHead(error: Error, socket: Socket, connection: Connection, context: Context): void {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
  const isAnswering = (socket as { _httpMessage?: ServerResponse | null })._httpMessage != null;
  // A client that just left, or one whose earlier answer is still on its way: bytes of ours would corrupt that.
  if (code === 'ECONNRESET' || code === 'EPIPE' || isAnswering || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = statusOf(code);
  const request = {
    protocol: 'http/1.1' as const,
    method: '',
    target: '',
    path: '',
    query: '',
    authority: '',
    host: '',
    headers: [],
    body: undefined,
    isWebSocket: false,
  };
  const x = new Exchange(connection, request, { status, reason: code }, context.runtime.trusted);
  const reply = errorReply(x, status);
  x.status = status;
  x.reason = code;
  let head = `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\nconnection: close\r\n`;
  for (let i = 0; i < reply.headers.length; i += 2) head += `${reply.headers[i]}: ${reply.headers[i + 1]}\r\n`;
  const body = reply.body as Uint8Array;
  x.bytesOut = body.length;
  socket.end(Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), body]));
  context.records.access(x);
}

function statusOf(code: string): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
}

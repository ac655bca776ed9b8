// The answer to bytes that are not a request, or not its body: said once, in plain HTTP/1.1, recorded, and the connection
// ends.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { parseAuthority } from '../http/authority.ts';
import { errorReply } from '../http/error-page.ts';
import type { RequestFacts } from '../http/exchange.ts';
import { Exchange } from '../http/exchange.ts';
import { headerValue } from '../http/headers.ts';
import type { RefusedHead } from '../http/refused-head.ts';
import { readRefusedHead } from '../http/refused-head.ts';
import type { Reply } from '../http/reply.ts';
import { reasonPhrase } from '../http/status.ts';
import type { Connection } from './connection.ts';
import { addHsts } from './hsts.ts';
import { showRefused } from './refused.ts';
import type { Context } from './runtime.ts';

export function answerBrokenHead(error: Error, socket: Socket, connection: Connection, context: Context): void {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
  if (code === 'ECONNRESET' || code === 'EPIPE' || !socket.writable) {
    socket.destroy();
    return;
  }
  const earlier = (socket as { _httpMessage?: Answering | null })._httpMessage;
  if (earlier != null) {
    // A client that ends its side within a body has left.
    if (code === 'HPE_INVALID_EOF_STATE' || !breakBody(connection, code)) endAfter(earlier, socket);
    return;
  }
  const status = statusOf(code);
  const head = isWhole(error, code, socket) ? readRefusedHead(refusedBytes(error)) : undefined;
  const x = new Exchange(connection, refusedRequest(head), { status, reason: code }, context.runtime.trusted);
  const reply = errorReply(x, status);
  x.status = status;
  x.reason = code;
  if (head !== undefined) showRefused(x, context, reply, head);
  addHsts(x, reply, context.runtime.sites);
  write(x, reply, socket);
  x.end();
  context.records.access(x);
}

/**
 * Whether the packet that Node could not read begins where the request does: it hands over the last one only, and a
 * client who chooses where that begins could write whatever he likes into the records. An unknown method stands at the
 * beginning by its nature; else the packet must be the first of its connection.
 */
function isWhole(error: Error, code: string, socket: Socket): boolean {
  const { rawPacket } = error as { rawPacket?: Buffer };
  return code === 'HPE_INVALID_METHOD' || (rawPacket !== undefined && rawPacket.length === socket.bytesRead);
}

/** The answer that Node is writing on a connection. */
interface Answering extends ServerResponse {
  /** Node's own: closes the connection behind this answer. */
  _last: boolean;
}

/** A request whose body cannot be read on fails in its own place among the answers; false: there is none. */
function breakBody(connection: Connection, code: string): boolean {
  for (const x of connection.underWay.keys()) {
    if (x.upload?.isWhole !== false) continue;
    x.reason = code;
    x.upload.refuse(`the request body cannot be read (${code})`);
    connection.retire();
    return true;
  }
  return false;
}

/**
 * What is broken came behind a whole request: its answer still goes out, and then the connection ends. When the request
 * itself broke, and is answered already, bytes of ours would corrupt what is under way.
 */
function endAfter(earlier: Answering, socket: Socket): void {
  if (!earlier.req.complete) {
    socket.destroy();
    return;
  }
  earlier.shouldKeepAlive = false;
  earlier._last = true;
}

/**
 * The packet may begin with requests that were whole. Node stops within an unknown method, which is read from its first
 * letter.
 */
function refusedBytes(error: Error): Buffer {
  const { rawPacket, bytesParsed } = error as { rawPacket?: Buffer; bytesParsed?: number };
  if (rawPacket === undefined) return Buffer.alloc(0);
  const isPast = (error as { code?: string }).code === 'HPE_INVALID_METHOD' && bytesParsed !== undefined;
  if (!isPast) return rawPacket;
  let start = bytesParsed;
  while (start > 0 && isMethodLetter(rawPacket[start - 1] as number)) start--;
  return rawPacket.subarray(start);
}

/** Of the methods that Node knows: A to Z and a hyphen. */
function isMethodLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || byte === 0x2d;
}

/** What the records show of a head that nobody could read; nothing is routed by it. */
function refusedRequest(head: RefusedHead | undefined): RequestFacts {
  const headers = (head?.headers ?? []).map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text));
  const authority = headerValue(headers, 'host') ?? '';
  return {
    protocol: 'http/1.1',
    version: head?.protocol ?? '',
    method: head?.method ?? '',
    target: head?.target ?? '',
    path: '',
    query: '',
    authority,
    host: parseAuthority(authority)?.host ?? '',
    headers,
    sentHeaders: head?.headers ?? [],
    body: undefined,
    isWebSocket: false,
    isGrpc: false,
  };
}

function write(x: Exchange, reply: Reply, socket: Socket): void {
  const { status } = reply;
  let head = `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\nconnection: close\r\n`;
  for (let i = 0; i < reply.headers.length; i += 2) head += `${reply.headers[i]}: ${reply.headers[i + 1]}\r\n`;
  const body = reply.body as Uint8Array;
  x.bytesOut = body.length;
  socket.end(Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), body]));
}

function statusOf(code: string): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
}

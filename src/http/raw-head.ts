// What each protocol's parser hands over, brought into one form; nothing is judged here.
import type { IncomingMessage } from 'node:http';
import type { Protocol } from './exchange.ts';
import type { Headers } from './headers.ts';
import { headerValue } from './headers.ts';

/** A request head: names in lower case, pseudo-header fields taken out, `host` still among the fields. */
export interface RawHead {
  /** `unknown`: an HTTP/1 version that does not exist. */
  readonly protocol: Protocol | 'unknown';
  /** As the request line says it, `HTTP/1.1`, or would say it, `HTTP/2.0`. */
  readonly version: string;
  readonly method: string;
  readonly target: string;
  /** `:authority` (RFC 9113, 8.3.1); undefined on HTTP/1.1 and where a client left it out. */
  readonly authority: string | undefined;
  /** `:scheme`; undefined on HTTP/1.1. */
  readonly scheme: string | undefined;
  readonly headers: Headers;
  /** The same fields with their names as the client wrote them; only rules look at these. */
  readonly sentHeaders: readonly string[];
  /** A WebSocket handshake, if it has no body: GET with Upgrade (RFC 6455, 4.1) or extended CONNECT (RFC 8441, 4). */
  readonly isWebSocket: boolean;
}

/** From the flat list of Node's 'stream' event; pseudo-header fields stand in front (nghttp2 sees to it). */
export function http2Head(raw: readonly string[]): RawHead {
  let method = '';
  let target = '';
  let authority: string | undefined;
  let scheme: string | undefined;
  let cookie: string | undefined;
  let protocol: string | undefined;
  const headers: Headers = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    if (name === 'cookie') cookie = cookie === undefined ? value : `${cookie}; ${value}`;
    else if (name.charCodeAt(0) !== 0x3a) headers.push(name, value);
    else if (name === ':method') method = value;
    else if (name === ':path') target = value;
    else if (name === ':authority') authority = value;
    else if (name === ':scheme') scheme = value;
    else if (name === ':protocol') protocol = value;
  }
  // Sent in crumbs for the sake of compression; whoever reads it reads one field (RFC 9113, 8.2.3).
  if (cookie !== undefined) headers.push('cookie', cookie);
  const isWebSocket = method === 'CONNECT' && protocol === 'websocket';
  if (isWebSocket) {
    // Routes and rules are to know one form of a handshake, and it is the one that the backend will get.
    method = 'GET';
    headers.push('connection', 'Upgrade', 'upgrade', 'websocket');
  }
  return {
    protocol: 'h2',
    version: 'HTTP/2.0',
    method,
    target,
    authority,
    scheme,
    headers,
    sentHeaders: headers,
    isWebSocket,
  };
}

export function http1Head(request: IncomingMessage): RawHead {
  const { rawHeaders, httpVersion } = request;
  const headers: Headers = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    headers.push((rawHeaders[i] as string).toLowerCase(), rawHeaders[i + 1] as string);
  }
  const protocol = httpVersion === '1.1' ? 'http/1.1' : httpVersion === '1.0' ? 'http/1.0' : 'unknown';
  return {
    protocol,
    version: `HTTP/${httpVersion}`,
    method: request.method ?? '',
    target: request.url ?? '',
    authority: undefined,
    scheme: undefined,
    headers,
    sentHeaders: rawHeaders,
    isWebSocket:
      protocol === 'http/1.1' &&
      request.method === 'GET' &&
      headerValue(headers, 'upgrade')?.toLowerCase() === 'websocket',
  };
}

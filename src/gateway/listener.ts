// The servers behind the doors: TLS for HTTP/2 and HTTP/1.1 together, and a plain one for redirects. From a socket to an
// exchange; nothing here looks at what a request asks for.
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Http2SecureServer, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import { http } from '../base/node-http.ts';
import type { Config } from '../config/config.ts';
import { alpnCallback, settleHttp1 } from '../tls/alpn.ts';
import type { Demand } from '../tls/ask-clients.ts';
import { serverTlsOptions } from '../tls/options.ts';
import { Acceptor } from './accept.ts';
import { type Connection, STREAM_WINDOW_BYTES } from './connection.ts';
import type { Connections } from './connections.ts';
import type { Context } from './runtime.ts';

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_FLAG_END_STREAM } = http2.constants;

/** How many resets a session counts as that Node ended for what its client did. */
const SESSION_ERROR_COST = 10;

/** A window that is smaller holds an answer up at once. */
const LEAST_WINDOW_BYTES = 4096;

/** Of an answer's fields, as nghttp2 counts them at worst: more than any backend's head that was read. */
const MAX_SENT_HEAD_BYTES = 256 * 1024;

/** The TLS server, which a door gives its connections. */
export function secureServer(context: Context, connections: Connections, ticketKey: Buffer): Http2SecureServer {
  const { config } = context.runtime;
  const server = http2.createSecureServer({
    ...serverTlsOptions(() => context.runtime.certificates, {
      handshakeMs: config.timeouts.handshakeMs,
      asking: () => context.runtime,
      ...(config.certificates.acme.onDemand === undefined ? {} : { demand: demandOf(context) }),
      ticketKey,
    }),
    ...http2Options(config),
    ...http1Options(config),
    allowHTTP1: true,
    ALPNCallback: alpnCallback((name) => context.keeper?.answers.alpnContext(name)),
  });
  // In front of Node's own listener, which opens the HTTP/2 session or begins to parse HTTP/1.1.
  server.prependListener('secureConnection', (socket) => {
    settleHttp1(socket);
    connections.secured(socket);
  });
  const acceptor = new Acceptor(context, connections);
  const sessions = new WeakMap<ServerHttp2Session, Connection>();
  server.on('session', (session) => {
    const connection = connections.of(session.socket);
    sessions.set(session, connection);
    watchSession(session, connection);
    // In the place of Node's own listener, which hands each stream on to the server and so to the compat layer.
    session.removeAllListeners('stream');
    session.on('stream', (stream, _headers, flags, raw: string[]) => {
      acceptor.stream(stream as ServerHttp2Stream, connection, (flags & NGHTTP2_FLAG_END_STREAM) !== 0, raw);
    });
  });
  // A challenge of an authority: the handshake was all it came for.
  server.on('unknownProtocol', (socket: Socket) => socket.end());
  server.on('sessionError', (error: Error, session: ServerHttp2Session) => {
    context.records.debug('process', `HTTP/2 session: ${error.message}`);
    const connection = sessions.get(session);
    // What the gateway itself has broken off is counted already.
    if (connection === undefined || connection.isRetired) return;
    context.records.closures.note('http2-error');
    connections.blame(connection.peer, SESSION_ERROR_COST);
  });
  server.on('tlsClientError', (error: Error, socket: Socket) => {
    context.records.debug('process', `TLS handshake: ${error.message}`);
    context.records.closures.note('tls-error');
    connections.blameHandshake(socket);
  });
  serveHttp1(server, acceptor, config);
  return server;
}

/** Only for names that a site answers to: a stranger's whim is no reason to ask anybody. */
function demandOf(context: Context): Demand {
  return (name) => {
    const site = context.runtime.sites.find(name);
    return site?.hasIssuedCertificates === true ? context.keeper?.demand(name) : undefined;
  };
}

/** The plain server, whose every request is redirected. */
export function plainServer(context: Context, connections: Connections): Server {
  const { config } = context.runtime;
  const server = http.createServer(http1Options(config));
  serveHttp1(server, new Acceptor(context, connections), config);
  return server;
}

function http2Options({ requestLimits: limits }: Config): http2.SecureServerOptions {
  return {
    settings: {
      enablePush: false,
      // WebSocket (RFC 8441, 3).
      enableConnectProtocol: true,
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxConcurrentStreams: limits.streams,
      // 32 octets of overhead for each field (RFC 9113, 6.5.2).
      maxHeaderListSize: limits.headerBytes + limits.uriBytes + 32 * limits.headers,
    },
    // Twice the bound, so that a request somewhat over it gets its 431 from us and not a bare reset.
    maxHeaderListPairs: Math.max(128, 2 * limits.headers),
    // Fields that a backend repeats are passed on as they are; Node would throw on some of them.
    strictSingleValueFields: false,
    // What a backend's head may be long is bounded where it is read; Node would reset the stream of one near that.
    maxSendHeaderBlockLength: MAX_SENT_HEAD_BYTES,
    maxSessionInvalidFrames: 20,
    maxSessionRejectedStreams: 20,
    maxSettings: 32,
    // Rapid reset (CVE-2023-44487): 200 resets at once, then 20 a second.
    streamResetBurst: 200,
    streamResetRate: 20,
  };
}

function http1Options({ requestLimits: limits, timeouts }: Config): ServerOptions {
  return {
    // The same bounds are checked once more, with better words, when the head has been read.
    maxHeaderSize: limits.headerBytes + limits.uriBytes,
    headersTimeout: timeouts.headersMs,
    // Bodies have their own clock, which knows whether it is the client that is slow.
    requestTimeout: 0,
    keepAliveTimeout: timeouts.idleMs,
    // Our own reader refuses a request without Host, with a record of it.
    requireHostHeader: false,
    connectionsCheckingInterval: 1000,
  };
}

function serveHttp1(server: Http2SecureServer | Server, acceptor: Acceptor, config: Config): void {
  type Listener = (request: IncomingMessage, response: ServerResponse<IncomingMessage>) => void;
  const on = (event: string, listener: Listener): unknown => server.on(event, listener as () => void);
  on('request', (request, response) => acceptor.request(request, response));
  on('checkContinue', (request, response) => acceptor.requestWithContinue(request, response));
  on('checkExpectation', (request, response) => acceptor.requestWithExpectation(request, response));
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    acceptor.upgrade(request, socket, head);
  });
  // Without a listener Node closes the connection without a word.
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    acceptor.upgrade(request, socket, head);
  });
  // Only WebSocket is ever upgraded: an h2c upgrade would open a second, unseen way to the backend.
  // Node leaves a body behind the head to the upgrade, so a request that has one is no handshake.
  const isWebSocket = ({ method, headers }: IncomingMessage): boolean =>
    method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['transfer-encoding'] === undefined &&
    Number(headers['content-length'] ?? 0) === 0;
  // Node reads both from the server object; its types know neither on an HTTP/2 server.
  Object.assign(server, { shouldUpgradeCallback: isWebSocket, maxHeadersCount: 2 * config.requestLimits.headers });
  server.on('clientError', (error: Error, socket: Socket) => acceptor.brokenHead(error, socket));
}

function watchSession(session: ServerHttp2Session, connection: Connection): void {
  connection.session = {
    isTight: () => {
      if (session.destroyed) return true;
      const { initialWindowSize = LEAST_WINDOW_BYTES } = session.remoteSettings;
      const { remoteWindowSize = LEAST_WINDOW_BYTES } = session.state;
      return Math.min(initialWindowSize, remoteWindowSize) < LEAST_WINDOW_BYTES;
    },
    goAway: () => {
      if (!session.destroyed) session.close();
    },
    breakOff: () => {
      // Closed already, while its client has not answered the end of the connection: nothing more can be said to it.
      if (session.destroyed) {
        connection.socket.destroy();
        return;
      }
      session.goaway(NGHTTP2_ENHANCE_YOUR_CALM);
      // destroy() drops what is not written yet.
      setImmediate(() => session.destroy());
    },
  };
  session.on('error', () => {});
}

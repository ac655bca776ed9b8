// Opening a connection to a backend: TCP, then TLS where its URL says so.
import type { LookupFunction, Socket, TcpNetConnectOpts } from 'node:net';
import net from 'node:net';
import tls from 'node:tls';
import { GatehouseError } from '../base/errors.ts';
import type { UpstreamTls } from '../config/model/upstreams.ts';

export interface ConnectOptions {
  readonly url: URL;
  readonly tls: UpstreamTls;
  /** Offered in the TLS handshake, in order of preference; unused on plain connections. */
  readonly protocols: readonly string[];
  readonly timeoutMs: number;
  /**
   * Takes the bytes of a plain connection from one buffer that all of them share, in place of 'data'
   * events: a chunk is valid until this returns. Spares an allocation for each read.
   */
  readonly receive?: (chunk: Buffer) => void;
  /** Where the URL's host name leads; absent: as the machine resolves it. */
  readonly lookup?: LookupFunction;
  /** The connection does not keep the process alive. */
  readonly isBackground?: boolean;
}

/** Of silence, after which the kernel asks whether the other side is still there. */
const KEEP_ALIVE_MS = 30_000;

const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** A fresh socket, ready to be written to. Fails with `upstream_connect`: nothing was sent, so a retry is safe. */
export function connect(options: ConnectOptions): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const { url, timeoutMs } = options;
  const isSecure = url.protocol === 'https:';
  const socket = isSecure ? connectTls(options) : connectPlain(options);
  socket.setNoDelay(true);
  // What may be silent for long (tunnels, event streams, gRPC) must not outlive a machine that is gone.
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  if (options.isBackground === true) socket.unref();
  const settle = (): void => {
    clearTimeout(timer);
    socket.off('error', failed).off('close', closed);
  };
  const fail = (error: Error, status = 502): void => {
    settle();
    // A socket that failed may report once more while it is torn down.
    socket.on('error', () => {});
    socket.destroy();
    const message = `cannot connect to ${url.origin}: ${error.message}`;
    reject(new GatehouseError('upstream_connect', 'upstream', message, { status, retry: true, cause: error }));
  };
  const failed = (error: Error): void => fail(error);
  const closed = (): void => fail(new Error('closed during the handshake'));
  const timer = setTimeout(() => fail(new Error(`no connection within ${timeoutMs} ms`), 504), timeoutMs).unref();
  socket.once('error', failed);
  socket.once('close', closed);
  socket.once(isSecure ? 'secureConnect' : 'connect', () => {
    settle();
    resolve(socket);
  });
  return promise;
}

/** Without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function place({ url, lookup }: ConnectOptions): TcpNetConnectOpts {
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  return { host: hostOf(url), port, ...(lookup === undefined ? {} : { lookup }) };
}

function connectPlain(options: ConnectOptions): Socket {
  const { receive } = options;
  if (receive === undefined) return net.connect(place(options));
  const callback = (length: number): boolean => {
    receive(READ_BUFFER.subarray(0, length));
    return true;
  };
  return net.connect({ ...place(options), onread: { buffer: READ_BUFFER, callback } });
}

function connectTls(options: ConnectOptions): tls.TLSSocket {
  const { url, tls: settings, protocols } = options;
  const name = settings.serverName ?? hostOf(url);
  return tls.connect({
    ...place(options),
    ALPNProtocols: [...protocols],
    minVersion: 'TLSv1.2',
    rejectUnauthorized: settings.verify,
    // An address is no server name (RFC 6066, 3); it is checked against the certificate all the same.
    ...(net.isIP(name) === 0 ? { servername: name } : {}),
    ...(settings.ca === undefined ? {} : { ca: settings.ca }),
    ...(settings.cert === undefined ? {} : { cert: settings.cert }),
    ...(settings.key === undefined ? {} : { key: settings.key }),
  });
}

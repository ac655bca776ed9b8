// The CA's socket: a port that is kept while it is shut, and connections that can be reset.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { ApiCertificate } from './api-certificate.ts';
import { freePort } from './ports.ts';

export class Listener {
  readonly origin: string;
  readonly #server: http.Server;
  readonly #port: number;
  /** The bare connections by the client's port, since TLS hides them. */
  readonly #sockets = new Map<number, Socket>();

  private constructor(server: http.Server, port: number, scheme: string) {
    this.#server = server;
    this.#port = port;
    this.origin = `${scheme}://127.0.0.1:${port}`;
    server.on('connection', (socket: Socket) => {
      const { remotePort = 0 } = socket;
      this.#sockets.set(remotePort, socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        if (this.#sockets.get(remotePort) === socket) this.#sockets.delete(remotePort);
      });
    });
  }

  /** Without a certificate it is plain HTTP. */
  static async open(certificate: ApiCertificate | undefined, onRequest: http.RequestListener): Promise<Listener> {
    const server =
      certificate === undefined
        ? http.createServer(onRequest)
        : https.createServer({ key: certificate.keyPem, cert: certificate.certPem }, onRequest);
    const listener = new Listener(server, await freePort(), certificate === undefined ? 'http' : 'https');
    await listener.up();
    return listener;
  }

  async up(): Promise<void> {
    if (this.#server.listening) return;
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Connections are refused, and those that were open are cut. */
  async down(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets.values()) socket.destroy();
    await closed;
  }

  /** RST, where the system lets us. */
  reset(request: http.IncomingMessage): void {
    const socket = this.#sockets.get(request.socket.remotePort ?? 0);
    request.socket.on('error', () => {});
    if (socket === undefined) request.socket.destroy();
    else socket.resetAndDestroy();
  }
}

// The operator's side: health for load balancers on a TCP port, and everything else on a Unix socket
// that only the gateway's own user and group can open.
import { chmod, unlink } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { GatehouseError } from '../base/errors.ts';
import { ensureFolder } from '../base/folder.ts';
import type { Config } from '../config/config.ts';
import type { Control } from './control.ts';

export class AdminServer {
  readonly #control: Control;
  readonly #servers: Server[] = [];
  /** Of the TCP endpoint, once it is open. */
  port: number | undefined;

  constructor(control: Control) {
    this.#control = control;
  }

  /** Opens what the config names. Fails with a GatehouseError, with nothing left open. */
  async open({ admin }: Pick<Config, 'admin'>): Promise<void> {
    try {
      if (admin.socket !== undefined) await this.#openSocket(admin.socket);
      if (admin.http !== undefined) {
        const { host, port } = admin.http;
        const place = `${host ?? '*'}:${port}`;
        const options = { port, ...(host === undefined ? {} : { host }) };
        const server = await this.#listen(options, place, (q, r) => this.#health(q, r));
        this.port = (server.address() as net.AddressInfo).port;
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    for (const server of this.#servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  }

  async #openSocket(file: string): Promise<void> {
    try {
      ensureFolder(path.dirname(file), 0o750);
    } catch (error) {
      throw cannotOpen(file, error as NodeJS.ErrnoException);
    }
    if (await isAnswering(file)) {
      const message = `admin.socket: another gateway is running on ${file}; stop it or set another path`;
      throw new GatehouseError('listen_failed', 'gateway', message);
    }
    // Left behind by a process that was killed.
    await unlink(file).catch(() => {});
    await this.#listen({ path: file }, file, (q, r) => this.#operator(q, r));
    await chmod(file, 0o660);
  }

  #listen(options: net.ListenOptions, place: string, listener: http.RequestListener): Promise<Server> {
    const server = http.createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, listener);
    const { promise, resolve, reject } = Promise.withResolvers<Server>();
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotOpen(place, error)));
    server.listen(options, () => {
      server.removeAllListeners('error');
      server.on('error', () => {});
      this.#servers.push(server);
      resolve(server);
    });
    return promise;
  }

  /** On TCP: nothing that tells more than alive or not. */
  #health(request: IncomingMessage, response: ServerResponse): void {
    const target = request.url?.split('?', 1)[0];
    const isKnown = target === '/healthz' || target === '/readyz';
    if (!isKnown) answer(response, 404, 'not found\n');
    else if (request.method !== 'GET' && request.method !== 'HEAD') answer(response, 405, 'GET only\n');
    else if (target === '/healthz') answer(response, 200, 'ok\n');
    else if (this.#control.isReady()) answer(response, 200, 'ready\n');
    else answer(response, 503, 'draining\n');
  }

  #operator(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'GET' && request.url === '/status') {
      const body = `${JSON.stringify(this.#control.status())}\n`;
      answer(response, 200, body, 'application/json');
    } else {
      this.#health(request, response);
    }
  }
}

function cannotOpen(place: string, error: NodeJS.ErrnoException): GatehouseError {
  const message = `cannot open the admin endpoint on ${place} (${error.code}); change it under \`admin\` or set it to false`;
  return new GatehouseError('listen_failed', 'gateway', message, { cause: error });
}

function answer(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  const headers = { 'content-type': type, 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' };
  response.writeHead(status, headers).end(body);
}

function isAnswering(file: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = net.connect(file);
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

// The operator's side: health and figures on a TCP port, and everything else on a Unix socket
// that only the gateway's own user and group can open.
import { chmod, unlink } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { GatehouseError } from '../base/errors.ts';
import { ensureFolder } from '../base/folder.ts';
import { http } from '../base/node-http.ts';
import type { Config } from '../config/config.ts';
import type { Control } from './control.ts';

const MAX_WISH_LENGTH = 64 * 1024;

type Answerer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

type Settings = Pick<Config, 'admin'>;
const ENDPOINTS = ['socket', 'http'] as const;
type Endpoint = (typeof ENDPOINTS)[number];

/** Endpoints of another configuration, open beside those in force. */
export interface PreparedEndpoints {
  /** They take the place of those that differ. Does not fail. */
  adopt(): void;
  discard(): void;
}

export class AdminServer {
  readonly #control: Control;
  readonly #servers = new Map<Endpoint, Server>();
  #admin: Config['admin'] = { socket: undefined, http: undefined };

  constructor(control: Control) {
    this.#control = control;
  }

  /** Of the TCP endpoint, once it is open. */
  get port(): number | undefined {
    return (this.#servers.get('http')?.address() as net.AddressInfo | null | undefined)?.port;
  }

  /** Opens what the config names. Fails with a GatehouseError, with nothing left open. */
  async open(config: Settings): Promise<void> {
    (await this.prepare(config)).adopt();
  }

  /** Opens what the config changes. Fails with a GatehouseError, with nothing new left open. */
  async prepare({ admin }: Settings): Promise<PreparedEndpoints> {
    const changed = ENDPOINTS.filter((endpoint) => !isDeepStrictEqual(admin[endpoint], this.#admin[endpoint]));
    const opened = new Map<Endpoint, Server>();
    const discard = (): void => opened.forEach(end);
    try {
      for (const endpoint of changed) {
        const server = await (endpoint === 'socket' ? this.#openSocket(admin.socket) : this.#openHttp(admin.http));
        if (server !== undefined) opened.set(endpoint, server);
      }
    } catch (error) {
      discard();
      throw error;
    }
    const adopt = (): void => {
      for (const endpoint of changed) {
        const before = this.#servers.get(endpoint);
        // What it is answering it may finish.
        before?.close();
        before?.closeIdleConnections();
        this.#servers.delete(endpoint);
      }
      for (const [endpoint, server] of opened) this.#servers.set(endpoint, server);
      this.#admin = admin;
    };
    return { adopt, discard };
  }

  close(): void {
    this.#servers.forEach(end);
    this.#servers.clear();
  }

  async #openHttp(address: Config['admin']['http']): Promise<Server | undefined> {
    if (address === undefined) return undefined;
    const { host, port } = address;
    const options = { port, ...(host === undefined ? {} : { host }) };
    return this.#listen(options, `${host ?? '*'}:${port}`, (q, r) => this.#public(q, r));
  }

  async #openSocket(file: Config['admin']['socket']): Promise<Server | undefined> {
    if (file === undefined) return undefined;
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
    const server = await this.#listen({ path: file }, file, (q, r) => this.#operator(q, r));
    await chmod(file, 0o660);
    return server;
  }

  #listen(options: net.ListenOptions, place: string, answerer: Answerer): Promise<Server> {
    const server = http.createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
      answerer(request, response).catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else
          answer(
            response,
            error instanceof GatehouseError ? error.status : 500,
            `${error instanceof Error ? error.message : String(error)}\n`,
          );
      });
    });
    const { promise, resolve, reject } = Promise.withResolvers<Server>();
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotOpen(place, error)));
    server.listen(options, () => {
      server.removeAllListeners('error');
      server.on('error', () => {});
      resolve(server);
    });
    return promise;
  }

  /** On TCP: what load balancers and monitoring read, and nothing that changes anything. */
  async #public(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.url?.split('?', 1)[0] ?? '';
    if (!PUBLIC.has(target)) return answer(response, 404, 'not found\n');
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'GET only\n');
    if (target === '/healthz') return answer(response, 200, 'ok\n');
    if (target === '/metrics') {
      const { text, contentType } = await this.#control.metrics();
      return answer(response, 200, text, contentType);
    }
    if (!this.#control.isReady()) return answer(response, 503, 'not ready\n');
    return answer(response, 200, ['ready', ...(await this.#control.remarks()), ''].join('\n'));
  }

  async #operator(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const act = OPERATOR[`${request.method} ${request.url}`];
    if (act === undefined) return this.#public(request, response);
    const wish = request.method === 'POST' ? await readWish(request) : {};
    if (wish === undefined) return answer(response, 400, 'not a JSON object\n');
    answer(response, 200, `${JSON.stringify(await act(this.#control, wish))}\n`, 'application/json');
  }
}

function end(server: Server): void {
  server.close();
  server.closeAllConnections();
}

const PUBLIC: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

type Wish = Readonly<Record<string, unknown>>;

/** What only the gateway's own user and group can ask. */
const OPERATOR: Readonly<Record<string, (control: Control, wish: Wish) => unknown>> = {
  'GET /status': (control) => control.status(),
  'POST /reload': (control) => control.reload(),
  'POST /certificates/renew': (control, { name }) =>
    control.renewCertificates(typeof name === 'string' ? name : undefined),
  'POST /certificates/look': (control) => control.lookForCertificates(),
  'GET /bans': (control) => control.bans.list(),
  'POST /bans/add': (control, wish) =>
    control.bans.add({ address: text(wish.address), site: site(wish), for: text(wish.for), reason: text(wish.reason) }),
  'POST /bans/remove': (control, wish) => control.bans.remove({ address: text(wish.address), site: site(wish) }),
  'POST /bans/why': (control, { address }) => control.bans.why(text(address)),
  'GET /cache': (control) => control.cache.status(),
  'POST /cache/purge': (control, wish) =>
    control.cache.purge({
      url: optional(wish.url),
      isPrefix: wish.isPrefix === true,
      tag: optional(wish.tag),
      all: wish.all === true,
      site: site(wish),
    }),
  'GET /rules/findings': async (control) => (await control.rules()).findings(),
  'GET /rules/shadows': async (control) => (await control.rules()).shadows(),
  'GET /rules/exceptions': async (control) => (await control.rules()).exceptions(),
  'POST /rules/explain': async (control, { requestId }) => (await control.rules()).explain(String(requestId)),
  'POST /rules/except': async (control, { requestId, proposal, reason, expires }) =>
    (await control.rules()).except({
      requestId: String(requestId),
      proposal: Number(proposal),
      reason: typeof reason === 'string' ? reason : undefined,
      expires: typeof expires === 'string' ? expires : undefined,
    }),
};

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function optional(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function site(wish: Wish): string | undefined {
  return wish.site === undefined || wish.site === null ? undefined : text(wish.site);
}

/** Undefined: it is not a JSON object, or too long. No body at all wishes nothing. */
async function readWish(request: IncomingMessage): Promise<Wish | undefined> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    if (text.length > MAX_WISH_LENGTH) return undefined;
  }
  try {
    const wish: unknown = text === '' ? {} : JSON.parse(text);
    return typeof wish === 'object' && wish !== null && !Array.isArray(wish) ? (wish as Wish) : undefined;
  } catch {
    return undefined;
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

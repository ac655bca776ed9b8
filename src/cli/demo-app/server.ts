// The sample app of `gatehouse demo`: an ordinary internal app on a port nobody knows, attackable on purpose and
// harmless to the machine. It knows nothing of the gateway in front of it and keeps everything in memory, bounded.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Accounts } from './accounts.ts';
import type { Answer } from './answer.ts';
import { Board } from './board.ts';
import { startClock } from './clock.ts';
import { refusal } from './page.ts';
import { findRoute } from './routes.ts';
import { Shelf } from './shelf.ts';
import { type App, BODY_LIMIT_BYTES, readText, type Visit } from './visit.ts';

export interface DemoApp {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  url: string;
  /** Ends every connection, open streams and WebSockets too. */
  close(): Promise<void>;
}

export interface DemoAppOptions {
  /** Between two events of `/events` and two times of `/clock`. */
  tickMs?: number;
}

/** What tells everybody which software answers; a gateway had better remove it. */
const BANNER: readonly [string, string][] = [
  ['Server', 'demo-app/1.0'],
  ['X-Powered-By', 'demo'],
];

/** Listens on a free port of 127.0.0.1 and resolves when it does. */
export async function startDemoApp(options: DemoAppOptions = {}): Promise<DemoApp> {
  const tickMs = options.tickMs ?? 1000;
  const app: App = { board: new Board(), accounts: new Accounts(), shelf: new Shelf(), tickMs, eventStreams: 0 };
  const server = createServer(
    { shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === 'websocket' },
    (request, response) => void serve(app, request, response),
  );
  const clock = startClock(
    server,
    tickMs,
    BANNER.map(([name, value]) => `${name}: ${value}`),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      clock.close();
      closed ??= end(server);
      return closed;
    },
  };
}

async function end(server: Server): Promise<void> {
  const ended = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await ended;
}

/** Never rejects: whatever goes wrong ends as an answer or as a closed connection. */
async function serve(app: App, request: IncomingMessage, response: ServerResponse): Promise<void> {
  for (const [name, value] of BANNER) response.setHeader(name, value);
  const visit = begin(app, request, response);
  try {
    const answer = await answerTo(visit).catch((error: unknown) => {
      if (visit.gone.aborted) throw error;
      return refusal(visit, 500, 'The app made a mistake.');
    });
    await send(answer, request, response);
  } catch {
    response.destroy();
  }
}

function begin(app: App, request: IncomingMessage, response: ServerResponse): Visit {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const url = request.url ?? '/';
  const at = url.indexOf('?');
  return {
    app,
    request,
    path: at < 0 ? url : url.slice(0, at),
    query: new URLSearchParams(at < 0 ? '' : url.slice(at + 1)),
    account: app.accounts.find(request),
    body: '',
    gone: gone.signal,
  };
}

async function answerTo(visit: Visit): Promise<Answer> {
  const { request } = visit;
  const match = findRoute(request.method ?? 'GET', visit.path);
  if (match === undefined) return refusal(visit, 404, 'There is no such page.');
  if ('allow' in match) {
    const answer = refusal(visit, 405, `This page takes ${match.allow}.`);
    answer.headers.allow = match.allow;
    return answer;
  }
  if (match.route.takesText) {
    const body = await readText(request);
    if (body === undefined) return refusal(visit, 413, `A body has at most ${BODY_LIMIT_BYTES} bytes here.`);
    visit.body = body;
  }
  return match.route.handle(visit);
}

async function send(answer: Answer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, headers, body } = answer;
  if (!(body instanceof Readable)) {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const length = status === 204 ? undefined : { 'content-length': bytes.length };
    response.writeHead(status, { ...headers, ...length }).end(bytes);
    return;
  }
  response.writeHead(status, headers);
  if (request.method === 'HEAD') {
    body.destroy();
    response.end();
    return;
  }
  await pipeline(body, response);
}

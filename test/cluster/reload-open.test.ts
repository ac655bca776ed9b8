// Reloads in a row under load, in one process and in several: no request fails, and all that is open goes on.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startStreamingBackend } from '../support/backend.ts';
import { dialSocket, messageOf, startEcho } from '../support/websocket.ts';
import { get, LOCAL, startWorkers, type Workers } from '../support/workers.ts';

/** `RELOADS=200 vitest run …` is the long form. */
const RELOADS = Number(process.env.RELOADS ?? 24);
const CLIENTS = 4;

test.for([0, 2])('with workers: %i', { timeout: 20_000 + RELOADS * 1000 }, async (workers) => {
  const open = new Map<string, { write(text: string): void; end(): void }>();
  const backend = await startStreamingBackend((request, response) => {
    if (request.url === '/') return void response.end('ok');
    response.write('begun');
    open.set(request.url ?? '', response);
  });
  const echo = await startEcho();
  const edited = (edit: number): string =>
    `, routes: [{ match: { path: /chat }, to: "${echo.url}" }${edit % 2 === 0 ? '' : ', { match: { path: /refused }, access: { deny: ["0.0.0.0/0"] } }'}]`;
  const world = await startWorkers({ workers, to: backend.url, site: edited(0) });
  const root = readFileSync(path.join(world.folder, 'certs/internal/root.pem'), 'utf8');
  const sockets = [];
  for (const over of ['h2', 'http/1.1'] as const) {
    const socket = await dialSocket(over, { port: world.port, ca: root });
    expect(await messageOf(socket)).toBe('welcome');
    sockets.push(socket);
  }
  const session = http2.connect(`https://localhost:${world.port}`, LOCAL);
  const streams = ['/events', '/download'].map((target) => session.request({ ':path': target }).setEncoding('utf8'));
  for (const stream of streams) await once(stream, 'response');

  const load = beginLoad(world);
  let sent = 'begun';
  for (let i = 1; i <= RELOADS; i++) {
    // What changes the bounds of connections replaces the servers that they came to.
    world.write(edited(i), `timeouts: { idle: ${70 + (i % 3)}s }`);
    expect(JSON.parse((await world.ask('POST', '/reload')).text)).toMatchObject({ ok: true });
    for (const response of open.values()) response.write(` ${i}`);
    sent += ` ${i}`;
    for (const socket of sockets) {
      const answer = messageOf(socket);
      socket.send(`message ${i}`);
      expect(await answer).toBe(`message ${i}`);
    }
  }
  expect(await load.end()).toEqual(['200']);
  for (const response of open.values()) response.end();
  for (const stream of streams) expect((await Array.fromAsync(stream)).join('')).toBe(sent);
  session.destroy();
});

/** Requests on new connections, and on one that is kept; `end` resolves to all that came of them. */
function beginLoad(world: Workers): { end(): Promise<string[]> } {
  const outcomes = new Set<string>();
  let isOver = false;
  const repeat = async (ask: () => Promise<string>): Promise<void> => {
    while (!isOver) outcomes.add(await ask().catch((error: Error) => error.message));
  };
  const kept = http2.connect(`https://localhost:${world.port}`, LOCAL);
  const askKept = async (): Promise<string> => {
    const stream = kept.request({ ':path': '/' });
    const [fields] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    stream.resume();
    await once(stream, 'end');
    return String(fields[':status']);
  };
  const all = [repeat(askKept), ...Array.from({ length: CLIENTS }, () => repeat(async () => String(await get(world))))];
  return {
    end: async () => {
      isOver = true;
      await Promise.all(all);
      kept.destroy();
      return [...outcomes];
    },
  };
}

// What clients that do nothing hold: memory of a system for an idle HTTP/2 connection, and for a stream whose client
// asks for an answer and never opens its window.
import { once } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import { connect } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { HOST } from '../rig/workspace.ts';

/** Few enough for the descriptors that a process has by default on either side. */
export const IDLE_CONNECTIONS = 400;
export const STALLED_CONNECTIONS = 20;
export const STALLED_STREAMS = 100;

/** For the answers to 2,000 requests, and for what is freed afterwards. */
const SETTLE_MS = 2_000;

export interface HeldMemory {
  /** For each, in bytes; what a heap grows by in its own steps is in it. */
  readonly perIdleConnection: number;
  readonly perStalledStream: number;
}

/** `rss` tells what the system holds at the moment. */
export async function measureHeld(port: number, rss: () => number): Promise<HeldMemory> {
  const sessions: ClientHttp2Session[] = [];
  try {
    const before = rss();
    for (let i = 0; i < IDLE_CONNECTIONS; i++) sessions.push(await open(port, {}));
    await sleep(SETTLE_MS);
    const idle = rss();
    for (let i = 0; i < STALLED_CONNECTIONS; i++) {
      const session = await open(port, { initialWindowSize: 0 });
      sessions.push(session);
      for (let stream = 0; stream < STALLED_STREAMS; stream++) ask(session);
    }
    await sleep(SETTLE_MS);
    return {
      perIdleConnection: (idle - before) / IDLE_CONNECTIONS,
      perStalledStream: (rss() - idle) / (STALLED_CONNECTIONS * STALLED_STREAMS),
    };
  } finally {
    for (const session of sessions) session.destroy();
  }
}

async function open(port: number, settings: { initialWindowSize?: number }): Promise<ClientHttp2Session> {
  const session = connect(`https://127.0.0.1:${port}`, { servername: HOST, rejectUnauthorized: false, settings });
  session.on('error', () => {});
  // The server has taken our settings once it has acknowledged them.
  await once(session, 'localSettings');
  return session;
}

function ask(session: ClientHttp2Session): void {
  session.request({ ':path': '/1k', ':authority': HOST }).on('error', () => {});
}

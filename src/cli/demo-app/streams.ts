// Answers that are large, late or endless: a download of any size, a slow answer, server-sent events.
import { Readable } from 'node:stream';
import { setInterval as ticks, setTimeout as wait } from 'node:timers/promises';
import { type Answer, bytes, plain } from './answer.ts';
import { refusal } from './page.ts';
import type { App, Visit } from './visit.ts';

const MIB = 1024 * 1024;
const MAX_DOWNLOAD_MIB = 4096;
const MAX_WAIT_MS = 120_000;
const MAX_EVENT_STREAMS = 256;
const BLOCK = Buffer.alloc(256 * 1024, 'All work and no play makes Jack a dull boy.\n');

export function download(visit: Visit): Answer {
  const mib = numberIn(visit, 'mib', MAX_DOWNLOAD_MIB);
  if (mib === undefined) return refusal(visit, 400, `mib is a whole number from 0 to ${MAX_DOWNLOAD_MIB}.`);
  return bytes(Readable.from(blocks(mib * MIB), { highWaterMark: 2 }), {
    'content-type': 'application/octet-stream',
    'content-length': String(mib * MIB),
    'content-disposition': `attachment; filename="${mib}-mib.bin"`,
  });
}

export async function slow(visit: Visit): Promise<Answer> {
  const ms = numberIn(visit, 'ms', MAX_WAIT_MS);
  if (ms === undefined) return refusal(visit, 400, `ms is a whole number from 0 to ${MAX_WAIT_MS}.`);
  await wait(ms, undefined, { signal: visit.gone });
  return plain(`That took ${ms} ms.\n`);
}

/** Numbered ticks without end; a client that reconnects goes on where it was (`Last-Event-ID`). */
export function events(visit: Visit): Answer {
  const { app, gone } = visit;
  if (app.eventStreams >= MAX_EVENT_STREAMS) return refusal(visit, 503, 'Too many event streams are open.');
  app.eventStreams++;
  gone.addEventListener('abort', () => app.eventStreams--, { once: true });
  const lastId = Number(visit.request.headers['last-event-id'] ?? 0);
  const first = Number.isSafeInteger(lastId) && lastId >= 0 ? lastId + 1 : 1;
  return bytes(Readable.from(eventLines(app, first, gone)), {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
  });
}

function* blocks(size: number): Generator<Buffer> {
  for (let left = size; left > 0; left -= BLOCK.length) yield left >= BLOCK.length ? BLOCK : BLOCK.subarray(0, left);
}

async function* eventLines({ tickMs }: App, first: number, gone: AbortSignal): AsyncGenerator<string> {
  let id = first;
  yield `retry: 2000\n\n${tick(id++)}`;
  for await (const _ of ticks(tickMs, undefined, { signal: gone })) yield tick(id++);
}

function tick(id: number): string {
  return `event: tick\nid: ${id}\ndata: ${JSON.stringify({ time: new Date().toISOString() })}\n\n`;
}

/** The whole number that the query gives; undefined when it is missing, something else, or over the bound. */
function numberIn(visit: Visit, name: string, max: number): number | undefined {
  const text = visit.query.get(name) ?? '';
  return /^\d{1,9}$/.test(text) && Number(text) <= max ? Number(text) : undefined;
}

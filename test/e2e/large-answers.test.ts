// The memory in which answers pass through is used again while others are still being read: each client gets its own bytes.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { startStreamingBackend } from '../support/backend.ts';
import { describeProtocols, type Over } from '../support/client.ts';
import { startGateway, type World } from '../support/world.ts';

const BYTES = 3 * 1024 * 1024;
const CLIENTS = 8;

/** Bytes that are like no others, by the name of the answer. */
function* pieces(name: string): Generator<Buffer> {
  let block = createHash('sha512').update(name).digest();
  for (let sent = 0; sent < BYTES; ) {
    const piece = Buffer.alloc(Math.min(100_000, BYTES - sent));
    for (let at = 0; at < piece.length; at += 8_192) {
      block = createHash('sha512').update(block).digest();
      piece.fill(block, at, Math.min(at + 8_192, piece.length));
    }
    yield piece;
    sent += piece.length;
  }
}

function digestOf(chunks: Iterable<Buffer>): string {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

/** `/counted/…` has a length, all others come in chunks. */
async function startSource(): Promise<string> {
  const { url } = await startStreamingBackend(async (request, response) => {
    const path = request.url ?? '/';
    response.on('error', () => {});
    if (path.startsWith('/counted')) response.writeHead(200, { 'content-length': BYTES });
    for (const piece of pieces(path)) {
      if (response.destroyed) return;
      if (!response.write(piece))
        await Promise.race(['drain', 'close'].map((event) => new Promise((go) => response.once(event, go))));
    }
    response.end();
  });
  return url;
}

async function open(over: Over, { port, ca }: World, path: string): Promise<Readable> {
  if (over === 'h2') {
    const session = http2.connect(`https://localhost:${port}`, { ca });
    onTestFinished(() => session.destroy());
    return session.request({ ':path': path });
  }
  return new Promise<IncomingMessage>((resolve, reject) => {
    https.get({ host: 'localhost', port, ca, path, agent: false }, resolve).on('error', reject);
  });
}

/** Reads in fits and starts; gives up behind `most` bytes. */
async function read(from: Readable, every: number, most = Number.POSITIVE_INFINITY): Promise<string | undefined> {
  const hash = createHash('sha256');
  let bytes = 0;
  let chunks = 0;
  for await (const chunk of from) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > most) return undefined;
    if (++chunks % every === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return hash.digest('hex');
}

describeProtocols('answers that pass at once', (over) => {
  test.for(['/counted', '/chunked'])('%s: each as the backend sent it, while others break off', async (kind) => {
    const url = await startSource();
    const world = await startGateway(`sites: { localhost: { to: "${url}", waf: false } }`);
    const answers = Array.from({ length: CLIENTS }, async (_, i) => {
      const path = `${kind}/${i}`;
      const leaves = i % 4 === 3;
      const got = await read(await open(over, world, path), 1 + (i % 3), leaves ? BYTES / 8 : undefined);
      expect(got).toBe(leaves ? undefined : digestOf(pieces(path)));
    });
    await Promise.all(answers);
  });
});

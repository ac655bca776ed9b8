// Nothing is buffered beyond the chunk in hand and the sockets' own buffers: the fast side waits for the slow one.
import http2 from 'node:http2';
import https from 'node:https';
import type { Readable, Writable } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startStreamingBackend } from '../support/backend.ts';
import { describeProtocols, type Over } from '../support/client.ts';
import { startGateway, type World } from '../support/world.ts';

const CHUNK = Buffer.alloc(256 * 1024);
const TOTAL = 96 * 1024 * 1024;
/** What the kernel and the streams on the way may hold; a third of the whole. */
const HELD_AT_MOST = 32 * 1024 * 1024;

interface Duplex {
  readonly upload: Writable;
  /** The answer, not read yet. */
  readonly download: Promise<Readable>;
}

function open(over: Over, { port, ca }: World, method: string): Duplex {
  const { promise, resolve } = Promise.withResolvers<Readable>();
  if (over === 'h2') {
    const session = http2.connect(`https://localhost:${port}`, { ca });
    onTestFinished(() => session.destroy());
    const stream = session.request({ ':method': method, ':path': '/' }, { endStream: method === 'GET' });
    stream.on('error', () => {});
    stream.once('response', () => resolve(stream));
    return { upload: stream, download: promise };
  }
  const call = https.request({ host: 'localhost', port, ca, method, agent: false });
  onTestFinished(() => void call.destroy());
  call.on('error', () => {});
  call.once('response', resolve);
  if (method === 'GET') call.end();
  return { upload: call, download: promise };
}

/** Writes all of it as fast as it is taken; `count` says how much has been. */
function pour(into: Writable): { count: number } {
  const poured = { count: 0 };
  const more = (): void => {
    while (poured.count < TOTAL && !into.destroyed) {
      poured.count += CHUNK.length;
      if (!into.write(CHUNK)) {
        into.once('drain', more);
        return;
      }
    }
    into.end();
  };
  more();
  return poured;
}

/** Waits until nothing moves any more, and says how far it came. */
async function standstill(poured: { count: number }): Promise<number> {
  let before = -1;
  await vi.waitFor(
    () => {
      const now = poured.count;
      const isStill = now === before;
      before = now;
      if (!isStill) throw new Error('still moving');
    },
    { interval: 250, timeout: 15_000 },
  );
  return poured.count;
}

describeProtocols('back-pressure', (over) => {
  test('a client that does not read stops the backend, and gets everything once it does', async () => {
    const pouring = Promise.withResolvers<{ count: number }>();
    const backend = await startStreamingBackend((_, response) => pouring.resolve(pour(response)));
    const world = await startGateway(`sites: { localhost: { to: "${backend.url}" } }`);
    const download = await open(over, world, 'GET').download;
    expect(await standstill(await pouring.promise)).toBeLessThan(HELD_AT_MOST);
    let received = 0;
    for await (const chunk of download) received += (chunk as Buffer).length;
    expect(received).toBe(TOTAL);
  });

  test('a backend that does not read stops the client, and gets everything once it does', async () => {
    const reading = Promise.withResolvers<() => void>();
    const backend = await startStreamingBackend((incoming, response) => {
      let received = 0;
      reading.resolve(() => {
        incoming.on('data', (chunk: Buffer) => {
          received += chunk.length;
        });
        incoming.on('end', () => response.end(String(received)));
      });
    });
    const world = await startGateway(`
requestLimits: { body: 1GiB }
sites: { localhost: { to: "${backend.url}" } }`);
    const { upload, download } = open(over, world, 'POST');
    const poured = pour(upload);
    const read = await reading.promise;
    expect(await standstill(poured)).toBeLessThan(HELD_AT_MOST);
    read();
    let body = '';
    for await (const chunk of await download) body += (chunk as Buffer).toString();
    expect(body).toBe(String(TOTAL));
  });
});

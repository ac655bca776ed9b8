// What the gateway writes to an HTTP/2 client, frame by frame: Node's own client is too kind to tell some ends apart.
import { expect, test } from 'vitest';
import { openTls } from '../support/client.ts';
import { KINDS, siteOf, startVisited } from '../support/visits.ts';
import { startGateway, type World } from '../support/world.ts';

const [DATA, HEADERS, RST_STREAM, SETTINGS] = [0, 1, 3, 4];
const END_STREAM = 1;
const END_HEADERS = 4;
const NAMES = new Map([
  [DATA, 'DATA'],
  [HEADERS, 'HEADERS'],
  [RST_STREAM, 'RST_STREAM'],
]);
/** From the static table of HPACK (RFC 7541, A). */
const METHODS = { GET: 0x82, POST: 0x83 } as const;

function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** The frames of one answer, up to its end. */
async function framesOf(world: World, method: keyof typeof METHODS): Promise<string[]> {
  const socket = await openTls(world, { ALPNProtocols: ['h2'] });
  const host = Buffer.from('localhost');
  const fields = Buffer.concat([Buffer.from([METHODS[method], 0x84, 0x87, 0x41, host.length]), host]);
  const request = frame(HEADERS, END_HEADERS | (method === 'GET' ? END_STREAM : 0), 1, fields);
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(SETTINGS, 0, 0), request]));
  if (method === 'POST') socket.write(frame(DATA, END_STREAM, 1, Buffer.from('hello')));
  const { promise, resolve } = Promise.withResolvers<string[]>();
  const frames: string[] = [];
  let waiting = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    waiting = Buffer.concat([waiting, bytes]);
    for (let length = 0; waiting.length >= 9; waiting = waiting.subarray(9 + length)) {
      length = waiting.readUIntBE(0, 3);
      if (waiting.length < 9 + length) return;
      const [type = 0, flags = 0] = waiting.subarray(3, 5);
      if (waiting.readUInt32BE(5) !== 1) continue;
      const isLast = type === RST_STREAM || (flags & END_STREAM) !== 0;
      frames.push(`${NAMES.get(type) ?? type}${isLast && type !== RST_STREAM ? ' END_STREAM' : ''}`);
      if (isLast) resolve(frames);
    }
  });
  return promise.finally(() => socket.destroy());
}

const CASES = KINDS.flatMap((kind) => (['GET', 'POST'] as const).map((method) => [kind, method] as const));

test.for(CASES)('an answer without a length (%s) to a %s ends with END_STREAM', async ([kind, method]) => {
  const backend = await startVisited(kind, ({ answer, body }) => {
    const out = answer();
    out.write('a');
    body.resume().once('end', () => setImmediate(() => out.end('b')));
  });
  const world = await startGateway(siteOf(kind, backend));
  const frames = await framesOf(world, method);
  expect(frames[0]).toBe('HEADERS');
  expect(frames.slice(1, -1).every((name) => name === 'DATA')).toBe(true);
  expect(frames.at(-1)).toBe('DATA END_STREAM');
});

test.for(KINDS)('an answer that breaks off (%s) ends with a reset', async (kind) => {
  const backend = await startVisited(kind, ({ answer }) => {
    const out = answer();
    out.write('a', () => setImmediate(() => out.destroy(new Error('broken'))));
  });
  const world = await startGateway(siteOf(kind, backend));
  expect((await framesOf(world, 'GET')).at(-1)).toBe('RST_STREAM');
});

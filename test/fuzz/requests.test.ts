// The gateway's reading of requests over sockets, against a backend that reads as strictly as it can be read: a crash, a
// hang, or anything at the backend that has two readings is a failure. FUZZ_RUNS runs of each property, or a few seconds.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openTls, request } from '../support/client.ts';
import { asking, FrameClient, fieldBlock, frame } from '../support/frames.ts';
import { type StrictBackend, startStrictBackend } from '../support/strict-backend.ts';
import { startGateway, type World } from '../support/world.ts';

const RUNS = process.env.FUZZ_RUNS;
/** A run over sockets takes as long as so many of a property in memory. */
const SLOWER = 100;
const bounds: fc.Parameters<unknown> =
  RUNS === undefined ? { numRuns: 1_000_000, interruptAfterTimeLimit: 4000 } : { numRuns: Number(RUNS) / SLOWER };
const TIMEOUT_MS = 3_600_000;
/** Nothing is silent for so long: every deadline of the gateway is far shorter. */
const HANG_MS = 10_000;

const LAST = 'GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

const method = fc.constantFrom(
  'GET',
  'POST',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'QUERY',
  'get',
  'CONNECT',
  'TRACE',
  'PRI',
);
const target = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('/', '/a', '/a?b=c', '/a//b', '/a/../b', '/%61', '/a%2fb', '*', 'https://localhost/a'),
  },
  fc.stringMatching(/^\/[!-~]{0,20}$/),
);
const version = fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/1.2');
const value = fc.constantFrom(
  '5',
  '0',
  '+5',
  '5, 5',
  '05',
  '0x5',
  'chunked',
  'Chunked',
  'chunked, chunked',
  'gzip, chunked',
  'identity',
  'localhost',
  'localhost:443',
  'evil.test',
  'close',
  'keep-alive',
  'upgrade',
  'websocket',
  'h2c',
  '100-continue',
  'x',
  '',
  ' ',
  '\t5',
  '5\t',
  'bytes=0-1,2-3',
  'a\x0bb',
  'transfer-encoding',
);
const name = fc.constantFrom(
  'Host',
  'Content-Length',
  'Transfer-Encoding',
  'Connection',
  'Upgrade',
  'Expect',
  'X',
  'X-Forwarded-For',
  'Cookie',
  'TE',
  'Trailer',
  'Content_Length',
  'Transfer_Encoding',
  'content-length ',
  ' Host',
  'transfer-encoding\t',
  'Range',
  'Content-Type',
  'Keep-Alive',
  'Proxy-Connection',
  'Transfer-Encoding:',
);
const fields = fc.array(
  fc
    .tuple(
      name,
      fc.constantFrom(': ', ':', ' : ', ':\t'),
      value,
      fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r', '\r\n '),
    )
    .map((parts) => parts.join('')),
  { maxLength: 5 },
);
const chunk = fc.constantFrom(
  '5\r\nhello\r\n',
  '0\r\n\r\n',
  '5;a=b\r\nhello\r\n',
  '5\nhello\n',
  '0\r\nX: y\r\n\r\n',
  'hello',
  '5',
  '\r\n',
  '-5\r\nhello\r\n',
  '00\r\n\r\n',
  '0\r\n',
  LAST,
);
const message = fc
  .tuple(method, target, version, fc.boolean(), fields, fc.array(chunk, { maxLength: 4 }))
  .map(([verb, path, spoken, hasHost, lines, body]) => {
    return `${verb} ${path} ${spoken}\r\n${hasHost ? 'Host: localhost\r\n' : ''}${lines.join('')}\r\n${body.join('')}`;
  });
/** Bytes put in, taken out or changed at some places. */
const scar = fc.record({
  at: fc.nat(400),
  cut: fc.nat(3),
  put: fc.constantFrom('', '\r', '\n', '\r\n', '\0', ' ', '\t', ':', ',', ';', '\x0b', '\xff', '/', '0'),
});
const bytes = fc
  .tuple(fc.array(message, { minLength: 1, maxLength: 3 }), fc.array(scar, { maxLength: 3 }))
  .map(([messages, scars]) =>
    scars.reduce((text, { at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut), messages.join('')),
  );

const settings =
  'timeouts: { handshake: 5s, headers: 500ms, body: 300ms, idle: 500ms, upstream: 2s }\nrequestLimits: { resetsPerIp: 10000000, connectionsPerIp: 10000 }';

async function start(): Promise<{ world: World; backend: StrictBackend }> {
  const backend = await startStrictBackend();
  return { world: await startGateway(`${settings}\nsites: { localhost: { to: "${backend.url}" } }`), backend };
}

test('HTTP/1.1: whatever the bytes, what reaches the backend is clean and the connection ends', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { world, backend } = await start();
  const property = fc.asyncProperty(bytes, fc.nat(200), async (text, cut) => {
    const socket = await openTls(world, { ALPNProtocols: ['http/1.1'] });
    let answer = '';
    socket.on('error', () => {});
    socket.on('data', (some: Buffer) => {
      answer += some.toString('latin1');
    });
    const ended = new Promise<boolean>((resolve) => {
      socket.once('close', () => resolve(true));
      setTimeout(() => resolve(false), HANG_MS).unref();
    });
    const whole = `${text}\r\n\r\n${LAST}`;
    socket.write(whole.slice(0, cut), 'latin1');
    socket.write(whole.slice(cut), 'latin1');
    const hasEnded = await ended;
    socket.destroy();
    const answered = answer.match(/HTTP\/1\.1 200 /g)?.length ?? 0;
    const seen = backend.requests.splice(0);
    if (!hasEnded) throw new Error(`the connection hangs: ${JSON.stringify(answer)}`);
    if (answered > seen.length) throw new Error(`${answered} answers to ${seen.length} requests`);
    if (seen.some(({ target: asked }) => asked.startsWith('/last') && asked !== '/last'))
      throw new Error('two targets in one');
    expect(backend.faults).toEqual([]);
  });
  await fc.assert(property, bounds);
});

const payload = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      fieldBlock(asking()),
      fieldBlock(asking('POST')),
      fieldBlock([['x', 'y']]),
      fieldBlock([...asking(), ['content-length', '5']]),
      Buffer.from('hello'),
      Buffer.alloc(0),
    ),
  },
  fc.uint8Array({ maxLength: 40 }).map((some) => Buffer.from(some)),
);
const anyFrame = fc
  .tuple(
    fc.oneof({ weight: 4, arbitrary: fc.constantFrom(1, 0, 9, 3, 8) }, fc.nat(12)),
    fc.constantFrom(0, 1, 4, 5, 5, 8, 0x20, 0xff),
    fc.constantFrom(0, 1, 1, 3, 3, 5, 7, 2),
    payload,
  )
  .map(([type, flags, stream, some]) => frame(type, flags, stream, some));

test('HTTP/2: whatever the frames, what reaches the backend is clean and others are served', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { world, backend } = await start();
  const property = fc.asyncProperty(
    fc.array(anyFrame, { minLength: 1, maxLength: 12 }),
    fc.array(scar, { maxLength: 2 }),
    async (frames, scars) => {
      const client = await FrameClient.open(world);
      const text = scars.reduce(
        (all, { at, cut, put }) => all.slice(0, at) + put + all.slice(at + cut),
        Buffer.concat(frames).toString('latin1'),
      );
      client.send(Buffer.from(text, 'latin1'));
      await client.ping();
      client.close();
      expect(backend.faults).toEqual([]);
    },
  );
  await fc.assert(property, bounds);
  expect((await request('h2', world)).status).toBe(200);
});

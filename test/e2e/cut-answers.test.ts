// A backend that breaks off: before its head the client gets an answer all the same, after it never one that looks whole.
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { startH2cBackend, startRawBackend } from '../support/backend.ts';
import { describeProtocols, openTls, request } from '../support/client.ts';
import { head, startFrameBackend } from '../support/frame-backend.ts';
import {
  DATA,
  END_HEADERS,
  END_STREAM,
  fieldBlock,
  frame,
  GOAWAY,
  HEADERS,
  PING,
  RST_STREAM,
  uint32,
} from '../support/frames.ts';
import { siteOf } from '../support/visits.ts';
import { startGateway, type World } from '../support/world.ts';

const DEATHS = {
  'its end': (socket: Socket) => void socket.end(),
  'a reset': (socket: Socket) => void socket.resetAndDestroy(),
} as const;
type Death = keyof typeof DEATHS;

/** What was sent of an answer, and the deaths that cut it. A body without a length ends with the connection: that is no cut. */
const ANSWERS: readonly (readonly [name: string, sent: string, deaths: readonly Death[]])[] = [
  ['counted, before its first byte', 'Content-Length: 100\r\n\r\n', ['its end', 'a reset']],
  ['counted, one byte before its last', 'Content-Length: 4\r\n\r\nabc', ['its end', 'a reset']],
  ['in chunks, within one', 'Transfer-Encoding: chunked\r\n\r\n5\r\nabc', ['its end', 'a reset']],
  ['in chunks, between two', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', ['its end', 'a reset']],
  ['in chunks, within the last', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n', ['its end', 'a reset']],
  ['in chunks, within its trailers', 'Transfer-Encoding: chunked\r\n\r\n0\r\nx-sum: 1\r\n', ['its end', 'a reset']],
  ['without a length', '\r\nabc', ['a reset']],
];
const CUTS = ANSWERS.flatMap(([name, sent, deaths]) => deaths.map((death) => [name, death, sent] as const));

/** Sends the head and what comes with it, and dies once the gateway has passed that on. */
async function cut(sent: string, death: Death): Promise<{ world: World; die: () => void }> {
  const sockets: Socket[] = [];
  const backend = await startRawBackend((socket) => {
    socket.once('data', () => {
      sockets.push(socket);
      socket.write(`HTTP/1.1 200 OK\r\n${sent}`);
    });
  });
  const world = await startGateway(siteOf('http1', backend));
  return { world, die: () => sockets.forEach(DEATHS[death]) };
}

/** All that an HTTP/1.0 client reads, and how its connection ended. */
async function readHttp10({ world, die }: { world: World; die: () => void }): Promise<string> {
  const socket = await openTls(world, { ALPNProtocols: ['http/1.1'] });
  const { promise, resolve } = Promise.withResolvers<string>();
  let received = '';
  socket.on('data', (bytes: Buffer) => {
    received += bytes.toString('latin1');
    if (received.includes('\r\n\r\n')) die();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => resolve(`${received}!${error.code}`));
  socket.on('end', () => resolve(received));
  socket.write('GET / HTTP/1.0\r\nHost: localhost\r\n\r\n');
  return promise;
}

describe('an answer that is cut', () => {
  test.for(CUTS)('%s by %s is reset over HTTP/2', async ([, death, sent]) => {
    const { world, die } = await cut(sent, death);
    const session = http2.connect(`https://localhost:${world.port}`, { ca: world.ca });
    const stream = session.request({ ':path': '/' });
    stream.once('response', die);
    stream.on('error', () => {});
    stream.resume();
    await new Promise((resolve) => stream.once('close', resolve));
    expect(stream.rstCode).toBe(http2.constants.NGHTTP2_INTERNAL_ERROR);
    session.destroy();
    expect((await world.accessRecords(1))[0]).toMatchObject({ status: 200, error: 'upstream_closed' });
  });

  test.for(CUTS)('%s by %s is cut over HTTP/1.1', async ([, death, sent]) => {
    const { world, die } = await cut(sent, death);
    const socket = await openTls(world, { ALPNProtocols: ['http/1.1'] });
    const over = Promise.withResolvers<void>();
    let received = '';
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1');
      if (received.includes('\r\n\r\n')) die();
    });
    socket.on('error', () => {});
    socket.on('close', () => over.resolve());
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await over.promise;
    const [head = '', body = ''] = received.split('\r\n\r\n');
    const declared = /content-length: (\d+)/i.exec(head)?.[1];
    if (declared === undefined)
      expect([head, body]).not.toEqual([expect.anything(), expect.stringMatching(/^0\r\n|\r\n0\r\n/)]);
    else expect(body.length).toBeLessThan(Number(declared));
  });

  test.for(CUTS)('%s by %s is reset for an HTTP/1.0 client, who knows no chunks', async ([, death, sent]) => {
    const received = await readHttp10(await cut(sent, death));
    if (sent.startsWith('Content-Length')) expect(received.length).toBeGreaterThan(0);
    else expect(received).toMatch(/!ECONNRESET$/);
  });
});

test('an answer that is cut while one before it goes out ends the connection behind that one', async () => {
  const begun = Promise.withResolvers<Socket>();
  const backend = await startRawBackend((socket) => {
    socket.on('error', () => {});
    socket.once('data', (bytes: Buffer) => {
      if (bytes.includes('GET /first')) begun.resolve(socket);
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsecond', () => socket.resetAndDestroy());
    });
  });
  const world = await startGateway(siteOf('http1', backend));
  const client = await openTls(world, { ALPNProtocols: ['http/1.1'] });
  client.write('GET /first HTTP/1.1\r\nHost: localhost\r\n\r\nGET /second HTTP/1.1\r\nHost: localhost\r\n\r\n');
  expect((await world.accessRecords(1))[0]).toMatchObject({ path: '/second', error: 'upstream_closed' });
  (await begun.promise).write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst');
  let text = '';
  client.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
  });
  await new Promise((resolve) => client.once('close', resolve).on('error', () => {}));
  expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\nfirst/);
  expect(text).not.toContain('second');
});

describeProtocols('an answer of an HTTP/2 backend', (over) => {
  test.for(['destroy', 'reset', 'goodbye'] as const)('that is cut by %s breaks off', async (death) => {
    const backend = await startH2cBackend((stream) => {
      stream.respond({ ':status': 200 });
      stream.write('abc', () => {
        if (death === 'destroy') stream.session?.destroy();
        else if (death === 'reset') stream.destroy(new Error('broken'));
        else stream.session?.destroy(undefined, http2.constants.NGHTTP2_INTERNAL_ERROR);
      });
    });
    const world = await startGateway(siteOf('h2', backend));
    await expect(request(over, world)).rejects.toThrow();
  });
});

const NO_ERROR = uint32(0);
const ABC = Buffer.from('abc');
const goAway = (last: number): Buffer => frame(GOAWAY, 0, 0, Buffer.concat([uint32(last), NO_ERROR]));

describeProtocols('an answer in frames', (over) => {
  test.for([
    ['GOAWAY and a reset', (stream: number) => [goAway(stream)], DEATHS['a reset']],
    ['GOAWAY and its end', (stream: number) => [goAway(stream)], DEATHS['its end']],
    ['RST_STREAM without an error', (stream: number) => [frame(RST_STREAM, 0, stream, NO_ERROR)], undefined],
  ] as const)('without END_STREAM breaks off at %s', async ([, cutBy, death]) => {
    const backend = await startFrameBackend(
      ({ stream, socket }) => {
        const sent = [head(stream), frame(DATA, 0, stream, ABC), ...cutBy(stream), frame(PING, 0, 0, Buffer.alloc(8))];
        socket.write(Buffer.concat(sent));
      },
      death === undefined ? {} : { onPong: death },
    );
    const world = await startGateway(siteOf('h2', backend));
    await expect(request(over, world)).rejects.toThrow();
    expect((await world.accessRecords(1))[0]).toMatchObject({ status: 200, error: 'upstream_closed' });
  });

  test.for([
    ['END_STREAM', (stream: number) => [head(stream), frame(DATA, END_STREAM, stream, ABC)]],
    [
      'an empty frame',
      (stream: number) => [head(stream), frame(DATA, 0, stream, ABC), frame(DATA, END_STREAM, stream)],
    ],
    [
      'trailers',
      (stream: number) => [
        head(stream),
        frame(DATA, 0, stream, ABC),
        frame(HEADERS, END_HEADERS | END_STREAM, stream, fieldBlock([['x-sum', '1']])),
      ],
    ],
  ] as const)('that ended with %s is whole, whatever becomes of its connection', async ([, whole]) => {
    const backend = await startFrameBackend(({ stream, socket }) => {
      const after = [frame(RST_STREAM, 0, stream, NO_ERROR), goAway(stream)];
      socket.end(Buffer.concat([...whole(stream), ...after]));
    });
    const world = await startGateway(siteOf('h2', backend));
    expect(await request(over, world)).toMatchObject({ status: 200, body: 'abc' });
  });

  test.for([
    [3, { status: 200, body: 'abc' }, undefined],
    [4, undefined, 'upstream_closed'],
  ] as const)(
    'that declared %i bytes and is reset without an error behind 3 of them is whole when it has them all',
    async ([declared, whole, error]) => {
      const backend = await startFrameBackend(({ stream, socket }) => {
        const fields = fieldBlock([['content-length', String(declared)]]);
        socket.write(
          Buffer.concat([head(stream, fields), frame(DATA, 0, stream, ABC), frame(RST_STREAM, 0, stream, NO_ERROR)]),
        );
      });
      const world = await startGateway(siteOf('h2', backend));
      const answer = request(over, world);
      await (whole === undefined ? expect(answer).rejects.toThrow() : expect(answer).resolves.toMatchObject(whole));
      expect((await world.accessRecords(1))[0]?.error).toBe(error);
    },
  );

  test.for([
    ['with its head', (stream: number) => [head(stream, fieldBlock([['content-length', '3']]), END_STREAM)]],
    [
      'behind its head',
      (stream: number) => [head(stream, fieldBlock([['content-length', '3']])), frame(DATA, END_STREAM, stream)],
    ],
  ] as const)('to HEAD is whole when it ends %s', async ([, whole]) => {
    const backend = await startFrameBackend(({ stream, socket }) => socket.end(Buffer.concat(whole(stream))));
    const world = await startGateway(siteOf('h2', backend));
    expect(await request(over, world, { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
    expect((await world.accessRecords(1))[0]).not.toHaveProperty('error');
  });
});

describeProtocols('a backend that dies before its head', (over) => {
  test.for(['', 'HTTP/1.1 200 OK\r\nContent-Le'])('is asked again, once it was "%s"', async (sent) => {
    const backend = await startRawBackend((socket) => {
      socket.once('data', () => {
        if (backend.connections.count === 1) socket.end(sent);
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nagain');
      });
    });
    const world = await startGateway(siteOf('http1', backend));
    expect(await request(over, world)).toMatchObject({ status: 200, body: 'again' });
  });

  test.for(Object.keys(DEATHS) as Death[])('by %s each time gives 502', async (death) => {
    const backend = await startRawBackend((socket) => socket.once('data', () => DEATHS[death](socket)));
    const world = await startGateway(siteOf('http1', backend));
    expect((await request(over, world)).status).toBe(502);
  });

  test('is asked once only for what may not be done twice', async () => {
    let asked = 0;
    const backend = await startRawBackend((socket) => {
      socket.once('data', () => {
        asked++;
        socket.end();
      });
    });
    const world = await startGateway(siteOf('http1', backend));
    expect((await request(over, world, { method: 'POST', body: 'order' })).status).toBe(502);
    expect(asked).toBe(1);
  });
});

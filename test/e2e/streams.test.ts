// What must not wait: early hints, events, and ranges of files that are passed through as they are.

import type { IncomingMessage, ServerResponse } from 'node:http';
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { startH2cBackend, startRawBackend, startStreamingBackend } from '../support/backend.ts';
import { describeProtocols, type Over, openTls, request } from '../support/client.ts';
import { startGuarded } from '../support/guarded.ts';
import { KINDS, siteOf, startVisited } from '../support/visits.ts';
import { startGateway, type World } from '../support/world.ts';

/** Everything that comes, as it comes. */
interface Reader {
  /** Resolves as soon as that text has come, in the body or (over HTTP/1.1) anywhere. */
  until(text: string): Promise<string>;
  /** Interim answers, as flat lists with the status in front. */
  readonly interim: string[][];
  close(): void;
}

async function read(over: Over, world: World): Promise<Reader> {
  let text = '';
  const waiting = new Set<() => void>();
  const take = (bytes: Buffer): void => {
    text += bytes.toString('latin1');
    for (const look of waiting) look();
  };
  const until = (wanted: string): Promise<string> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!text.includes(wanted)) return;
        waiting.delete(look);
        resolve(text);
      };
      waiting.add(look);
      look();
    });
  const interim: string[][] = [];
  if (over === 'h2') {
    const session = http2.connect(`https://localhost:${world.port}`, { ca: world.ca });
    const stream = session.request({ ':path': '/' });
    stream.on('headers', (_fields: unknown, _flags: number, raw: string[]) => interim.push(raw.slice(1)));
    stream.on('data', take);
    stream.on('error', () => {});
    return { until, interim, close: () => session.destroy() };
  }
  const socket = await openTls(world, { ALPNProtocols: ['http/1.1'] });
  socket.on('error', () => {});
  socket.on('data', take);
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  return { until, interim, close: () => void socket.destroy() };
}

/** Of an HTTP/1.1 connection's bytes, the interim answers in front. */
function interimOf(text: string): string[][] {
  return text
    .split('\r\n\r\n')
    .filter((head) => head.startsWith('HTTP/1.1 1'))
    .map((head) => {
      const [line = '', ...fields] = head.split('\r\n');
      return [line.split(' ')[1] as string, ...fields.flatMap((field) => field.split(': '))];
    });
}

const HINTS = '</a.css>; rel=preload; as=style; nopush, </b.js>; rel=preload';

describeProtocols('early hints', (over) => {
  test.for(KINDS)('of a backend over %s come before its answer, each of them, in any form', async (kind) => {
    const finish = Promise.withResolvers<void>();
    const backend =
      kind === 'h2'
        ? await startH2cBackend(async (stream) => {
            stream.additionalHeaders({
              ':status': 103,
              link: [HINTS, '<//cdn.test/c.js>; rel="preconnect"'],
              'x-late': '1',
            });
            stream.additionalHeaders({ ':status': 103, link: 'odd' });
            await finish.promise;
            stream.respond({ ':status': 200 });
            stream.end('the page');
          })
        : await startRawBackend(async (socket: Socket) => {
            await new Promise((resolve) => socket.once('data', resolve));
            const links = `link: ${HINTS}\r\nlink: <//cdn.test/c.js>; rel="preconnect"\r\n`;
            socket.write(`HTTP/1.1 103 Early Hints\r\n${links}x-late: 1\r\nConnection: x\r\nServer: secret\r\n\r\n`);
            socket.write('HTTP/1.1 103 Early Hints\r\nlink: odd\r\n\r\n');
            await finish.promise;
            socket.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nthe page');
          });
    const reader = await read(over, await startGateway(siteOf(kind, backend)));
    // The answer is not even there yet.
    if (over === 'h2') await expect.poll(() => reader.interim).toHaveLength(2);
    const early = over === 'h2' ? reader.interim : interimOf(await reader.until('odd\r\n\r\n'));
    expect(early).toEqual([
      ['103', 'link', HINTS, 'link', '<//cdn.test/c.js>; rel="preconnect"', 'x-late', '1'],
      ['103', 'link', 'odd'],
    ]);
    finish.resolve();
    await reader.until('the page');
    reader.close();
  });
});

describeProtocols('server-sent events', (over) => {
  test.for([...KINDS, 'inspected'] as const)('reach the client one by one (%s)', async (how) => {
    const said = Promise.withResolvers<(text: string) => void>();
    const type = { 'content-type': 'text/event-stream' };
    const backend = await startVisited(how === 'h2' ? 'h2' : 'http1', ({ answer }) => {
      const out = answer(200, type);
      said.resolve((text) => void out.write(text));
    });
    const world =
      how === 'inspected'
        ? await startGuarded({
            rules:
              'SecResponseBodyAccess On\nSecResponseBodyMimeType text/event-stream text/html\nSecRule RESPONSE_BODY "@contains attack" "id:1,phase:4,deny,log"',
            to: backend.url,
            waf: 'response: true',
          })
        : await startGateway(siteOf(how, backend));
    const reader = await read(over, world);
    const say = await said.promise;
    for (let i = 0; i < 20; i++) {
      say(`data: ${i}.\n\n`);
      await reader.until(`data: ${i}.`);
    }
    reader.close();
  });

  test('may be silent for longer than timeouts.upstream', async () => {
    const backend = await startVisited('http1', ({ answer }) => {
      const out = answer(200, { 'content-type': 'text/event-stream' });
      out.write('data: one\n\n');
      setTimeout(() => out.write('data: two\n\n'), 600);
    });
    const reader = await read(over, await startGateway(siteOf('http1', backend, 'timeouts: { upstream: 200ms }')));
    await reader.until('data: two');
    reader.close();
  });
});

const FILE = Buffer.from('0123456789');
const ETAG = '"v1"';

/** As static file servers do (RFC 9110, 14). */
function serveRanges({ headers }: IncomingMessage, response: ServerResponse): void {
  const { range } = headers;
  const isFresh = headers['if-range'] === undefined || headers['if-range'] === ETAG;
  const ranges = isFresh
    ? [...(range ?? '').matchAll(/(\d+)-(\d+)/g)].map(([, from, to]) => [Number(from), Number(to)] as const)
    : [];
  const fields = { etag: ETAG, 'accept-ranges': 'bytes' };
  const [first] = ranges;
  if (first === undefined) {
    response.writeHead(200, { ...fields, 'content-length': FILE.length }).end(FILE);
  } else if (first[0] >= FILE.length) {
    response.writeHead(416, { ...fields, 'content-range': `bytes */${FILE.length}` }).end();
  } else if (ranges.length === 1) {
    const part = FILE.subarray(first[0], first[1] + 1);
    const place = `bytes ${first[0]}-${first[1]}/${FILE.length}`;
    response.writeHead(206, { ...fields, 'content-range': place, 'content-length': part.length }).end(part);
  } else {
    const parts = ranges.map(
      ([from, to]) =>
        `--b\r\nContent-Range: bytes ${from}-${to}/10\r\n\r\n${FILE.toString('latin1', from, to + 1)}\r\n`,
    );
    response
      .writeHead(206, { ...fields, 'content-type': 'multipart/byteranges; boundary=b' })
      .end(`${parts.join('')}--b--`);
  }
}

describeProtocols('a range', (over) => {
  test.for([
    ['one part', { range: 'bytes=2-4' }, 206, '234', 'bytes 2-4/10'],
    ['several parts', { range: 'bytes=0-1,8-9' }, 206, /^--b.*\r\n01\r\n--b.*\r\n89\r\n--b--$/s, undefined],
    ['none that there is', { range: 'bytes=90-99' }, 416, '', 'bytes */10'],
    ['a part of what is still the same', { range: 'bytes=2-4', 'if-range': ETAG }, 206, '234', 'bytes 2-4/10'],
    ['a part of what has changed', { range: 'bytes=2-4', 'if-range': '"v0"' }, 200, '0123456789', undefined],
  ] as const)('asks for %s', async ([, headers, status, body, place]) => {
    const backend = await startStreamingBackend(serveRanges);
    const answer = await request(over, await startGateway(siteOf('http1', backend)), { headers: { ...headers } });
    expect(answer).toMatchObject({ status, headers: { etag: ETAG, 'accept-ranges': 'bytes' } });
    expect(answer.headers['content-range']).toBe(place);
    if (typeof body === 'string') expect(answer.body).toBe(body);
    else expect(answer.body).toMatch(body);
  });
});

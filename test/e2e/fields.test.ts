// Fields and trailers keep their order, their repetitions and their bytes, whatever the two protocols.
import { once } from 'node:events';
import http2 from 'node:http2';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startBackend, startH2cBackend, startRawBackend } from '../support/backend.ts';
import { describeProtocols, exchangeBytes, type Over, openTls } from '../support/client.ts';
import { siteOf } from '../support/visits.ts';
import { startGateway, type World } from '../support/world.ts';

/** Byte strings: one char, one byte. */
const UTF8 = Buffer.from('Grüße ☃').toString('latin1');
const LATIN1 = 'Gr\u00fc\u00dfe';
const ANSWERED = [
  ['set-cookie', 'a=1; Path=/'],
  ['x-first', UTF8],
  ['set-cookie', 'b=2, with a comma'],
  ['x-second', LATIN1],
  ['x-first', ''],
  ['set-cookie', 'a=3'],
  ['x-first', 'again\tand again'],
] as const;
const ASKED = [
  ['x-a', '1'],
  ['x-b', UTF8],
  ['x-a', '2, 3'],
  ['accept', 'text/html'],
  ['x-c', LATIN1],
  ['x-a', ''],
] as const;
const TRAILERS = [
  ['x-sum', '1'],
  ['x-sum', '2'],
  ['x-text', LATIN1],
] as const;

type Field = readonly [name: string, value: string];

const written = (fields: readonly Field[]): string => fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');

/** Of a flat list or lines of text: those that the test sent. */
function ours(flat: readonly string[], sent: readonly Field[]): Field[] {
  const names = new Set(sent.map(([name]) => name));
  return flat.flatMap((name, i) => (i % 2 === 0 && names.has(name) ? [[name, flat[i + 1] as string] as const] : []));
}

function flatOf(head: string): string[] {
  return head
    .split('\r\n')
    .filter((line) => /^[\w-]+:/.test(line))
    .flatMap((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]);
}

interface Seen {
  readonly head: string[];
  readonly trailers: string[];
}

/** What a client gets, in the bytes of the wire. */
async function get(over: Over, world: World): Promise<Seen> {
  if (over === 'http/1.1') {
    const text = await exchangeBytes(world, 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    const [head = '', body = ''] = text.split(/\r\n\r\n(.*)/s);
    return { head: flatOf(head), trailers: flatOf(body.slice(body.lastIndexOf('0\r\n') + 3)) };
  }
  const session = http2.connect(`https://localhost:${world.port}`, { ca: world.ca });
  const stream = session.request({ ':path': '/' });
  let head: string[] = [];
  let trailers: string[] = [];
  stream.once('response', (_fields, _flags, raw: string[]) => {
    head = raw;
  });
  stream.once('trailers', (_fields: unknown, _flags: number, raw: string[]) => {
    trailers = raw;
  });
  stream.resume();
  await new Promise((resolve) => stream.once('close', resolve));
  session.destroy();
  return { head, trailers };
}

describeProtocols('the fields of an answer', (over) => {
  test('of an HTTP/1.1 backend arrive as they were, its trailers too', async () => {
    const backend = await startRawBackend((socket) => {
      const head = `HTTP/1.1 200 OK\r\n${written(ANSWERED)}Transfer-Encoding: chunked\r\n\r\n`;
      socket.once('data', () => socket.write(`${head}1\r\na\r\n0\r\n${written(TRAILERS)}\r\n`, 'latin1'));
    });
    const seen = await get(over, await startGateway(siteOf('http1', backend)));
    expect(ours(seen.head, ANSWERED)).toEqual(ANSWERED);
    expect(ours(seen.trailers, TRAILERS)).toEqual(TRAILERS);
  });

  test('of an HTTP/2 backend arrive as they were, its trailers too', async () => {
    const backend = await startH2cBackend((stream) => {
      stream.respond([':status', '200', ...ANSWERED.flat()], { waitForTrailers: true });
      stream.once('wantTrailers', () => stream.sendTrailers({ 'x-sum': ['1', '2'], 'x-text': LATIN1 }));
      stream.end('a');
    });
    const seen = await get(over, await startGateway(siteOf('h2', backend)));
    expect(ours(seen.head, ANSWERED)).toEqual(ANSWERED);
    expect(ours(seen.trailers, TRAILERS)).toEqual(TRAILERS);
  });
});

/** Sends a request with these fields and trailers. */
async function post(over: Over, world: World): Promise<void> {
  if (over === 'http/1.1') {
    const head = `POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${written(ASKED)}Transfer-Encoding: chunked`;
    await exchangeBytes(world, `${head}\r\n\r\n1\r\na\r\n0\r\n${written(TRAILERS)}\r\n`);
    return;
  }
  const session = http2.connect(`https://localhost:${world.port}`, { ca: world.ca });
  const start = [':method', 'POST', ':path', '/', ':scheme', 'https', ':authority', 'localhost'];
  const stream = session.request([...start, ...ASKED.flat()], { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'x-sum': ['1', '2'], 'x-text': LATIN1 }));
  stream.end('a');
  stream.resume();
  await new Promise((resolve) => stream.once('close', resolve));
  session.destroy();
}

describeProtocols('the fields of a request', (over) => {
  test('arrive at an HTTP/1.1 backend as they were, its trailers too', async () => {
    const backend = await startBackend();
    await post(over, await startGateway(siteOf('http1', backend)));
    const [seen] = backend.seen;
    expect(ours(seen?.rawHeaders ?? [], ASKED)).toEqual(ASKED);
    expect(ours(seen?.rawTrailers ?? [], TRAILERS)).toEqual(TRAILERS);
  });

  test('arrive at an HTTP/2 backend as they were, its trailers too', async () => {
    let trailers: string[] = [];
    let head: readonly string[] = [];
    const backend = await startH2cBackend((stream, _, raw) => {
      head = raw;
      stream.once('trailers', (_fields: unknown, _flags: number, fields: string[]) => {
        trailers = fields;
      });
      stream.resume().once('end', () => stream.respond({ ':status': 200 }, { endStream: true }));
    });
    await post(over, await startGateway(siteOf('h2', backend)));
    expect(ours(head, ASKED)).toEqual(ASKED);
    expect(ours(trailers, TRAILERS)).toEqual(TRAILERS);
  });
});

describe('an HTTP/1.0 client', () => {
  test.for([
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\nx-sum: 1\r\n\r\n'],
    ['that is counted', 'Content-Length: 6\r\n\r\nabcdef'],
    ['without a length', 'Connection: close\r\n\r\nabcdef'],
  ] as const)('gets an answer %s as plain bytes, up to the end of the connection', async ([, rest]) => {
    const backend = await startRawBackend((socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\n${rest}`);
        if (rest.startsWith('Connection')) socket.end();
      });
    });
    const world = await startGateway(siteOf('http1', backend));
    const text = await exchangeBytes(world, 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(text).not.toMatch(/transfer-encoding|trailer/i);
    expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toBe('abcdef');
  });

  test('gets no interim answers, and is kept when it asks for that', async () => {
    const backend = await startBackend((_, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.end('hello');
    });
    const world = await startGateway(siteOf('http1', backend));
    const socket = await openTls(world, { ALPNProtocols: ['http/1.1'] });
    for (let i = 0; i < 2; i++) {
      socket.write('GET / HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n');
      const answer = await new Promise<string>((resolve) => {
        let text = '';
        const take = (bytes: Buffer): void => {
          text += bytes.toString();
          if (!text.endsWith('hello')) return;
          socket.off('data', take);
          resolve(text);
        };
        socket.on('data', take);
      });
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
      expect(answer).toMatch(/connection: keep-alive/i);
    }
    socket.destroy();
  });
});

/** Node tells of each field in which form it came: never indexed (RFC 7541, 6.2.3) is called sensitive. */
function sensitive(headers: unknown): unknown {
  return (headers as Record<symbol, unknown>)[http2.sensitiveHeaders];
}

test('what is another for every message stands in no table of HPACK, towards clients and backends', async () => {
  let asked: unknown;
  const backend = await startH2cBackend((stream, headers) => {
    asked = sensitive(headers);
    stream.respond({ ':status': 200, 'x-own': '1' });
    stream.end();
  });
  const world = await startGateway(`
upstreams: { app: { servers: ["${backend.url}"], protocol: h2 } }
sites: { localhost: { to: app } }`);
  const session = http2.connect(`https://localhost:${world.port}`, { ca: world.ca });
  onTestFinished(() => session.destroy());
  const [answer] = await once(session.request({ ':path': '/' }).resume(), 'response');
  expect(answer).toMatchObject({ 'x-own': '1', 'x-request-id': expect.any(String) });
  expect([sensitive(answer), asked]).toEqual([['x-request-id'], ['x-request-id']]);
});

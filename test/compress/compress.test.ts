// Compression as clients see it, through the whole gateway.

import type { ServerResponse } from 'node:http';
import http2 from 'node:http2';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { startBackend, startStreamingBackend } from '../support/backend.ts';
import { startGateway, type World } from '../support/world.ts';

const TEXT = 'a sentence that comes again and again; '.repeat(200);
const DECODERS = { zstd: zlib.zstdDecompress, br: zlib.brotliDecompress, gzip: zlib.gunzip } as const;

interface Got {
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders;
  readonly body: Buffer;
}

function get(world: World, accept: string | undefined, more: http2.OutgoingHttpHeaders = {}): Promise<Got> {
  const { promise, resolve, reject } = Promise.withResolvers<Got>();
  const session = http2.connect(`https://127.0.0.1:${world.port}`, { ca: world.ca, servername: 'localhost' });
  session.on('error', reject);
  const stream = session.request({
    ':path': '/a',
    ':authority': 'localhost',
    ...(accept === undefined ? {} : { 'accept-encoding': accept }),
    ...more,
  });
  let headers: http2.IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on('response', (fields) => {
    headers = fields;
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', reject);
  stream.on('end', () => resolve({ status: Number(headers[':status']), headers, body: Buffer.concat(chunks) }));
  return promise.finally(() => session.close());
}

async function decoded({ headers, body }: Got): Promise<string> {
  const coding = headers['content-encoding'] as keyof typeof DECODERS | undefined;
  return (coding === undefined ? body : await promisify(DECODERS[coding])(body)).toString();
}

async function startWorld(
  headers: Readonly<Record<string, string>> = {},
  site = 'compress: true',
  write: (response: ServerResponse) => void = (response) => response.end(TEXT),
): Promise<World> {
  const { url } = await startBackend((_, response) => {
    for (const [name, value] of Object.entries({ 'content-type': 'text/plain', ...headers }))
      response.setHeader(name, value);
    write(response);
  });
  return startGateway(`sites: { localhost: { to: "${url}", ${site} } }`);
}

describe('the client decides', () => {
  test.for([
    ['gzip', 'gzip'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['br;q=1, zstd;q=0.5', 'br'],
    ['zstd;q=0, *', 'br'],
    ['gzip;q=0.5, identity', undefined],
    ['identity', undefined],
    ['deflate', undefined],
    ['', undefined],
    ['*;q=0', undefined],
    [undefined, undefined],
  ] as const)('%s: %s', async ([accept, coding]) => {
    const got = await get(await startWorld({ etag: '"v1"', 'accept-ranges': 'bytes' }), accept);
    expect(got.headers['content-encoding']).toBe(coding);
    expect(got.headers.vary).toBe('accept-encoding');
    expect(got.headers.etag).toBe(coding === undefined ? '"v1"' : 'W/"v1"');
    expect(got.headers['accept-ranges']).toBe(coding === undefined ? 'bytes' : undefined);
    expect(await decoded(got)).toBe(TEXT);
    expect(got.body.length < 1000).toBe(coding !== undefined);
  });
});

describe('is sent as it is', () => {
  test.for([
    ['what is encoded already', { 'content-encoding': 'gzip' }],
    ['what may not be changed', { 'cache-control': 'max-age=1, no-transform' }],
    ['what has a digest', { 'repr-digest': 'sha-256=:AA==:' }],
    ['a type that is compressed by itself', { 'content-type': 'image/png' }],
    ['a type that nobody says', { 'content-type': '' }],
    ['a stream of events', { 'content-type': 'text/event-stream' }],
  ] as const)('%s', async ([, headers]) => {
    const got = await get(await startWorld(headers), 'gzip');
    expect([got.body.toString(), got.headers.vary]).toEqual([TEXT, undefined]);
  });

  test.for([
    ['what is small', 'compress: true', (response: ServerResponse) => response.end('small')],
    [
      'what is large',
      'compress: { maxSize: 2KiB }',
      (response: ServerResponse) => response.setHeader('content-length', TEXT.length).end(TEXT),
    ],
    [
      'a part',
      'compress: true',
      (response: ServerResponse) =>
        response.writeHead(206, { 'content-range': `bytes 0-${TEXT.length - 1}/9999` }).end(TEXT),
    ],
    [
      'what the route says nothing of',
      'compress: true, routes: [{ compress: false }]',
      (response: ServerResponse) => response.end(TEXT),
    ],
  ] as const)('%s', async ([, site, write]) => {
    const got = await get(await startWorld({}, site, write), 'gzip');
    expect(got.headers['content-encoding']).toBe(undefined);
  });
});

test.for([
  ['with a length', (response: ServerResponse) => response.setHeader('content-length', TEXT.length).end(TEXT)],
  ['with none', (response: ServerResponse) => response.end(TEXT)],
] as const)('HEAD is told what GET would be, %s', async ([, write]) => {
  const world = await startWorld({}, 'compress: true', write);
  const got = await get(world, 'br', { ':method': 'HEAD' });
  expect([got.headers['content-encoding'], got.headers['content-length'], got.body.length]).toEqual([
    'br',
    undefined,
    0,
  ]);
});

test('what comes bit by bit goes on bit by bit', async () => {
  const { promise, resolve } = Promise.withResolvers<ServerResponse>();
  const { url } = await startStreamingBackend((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"first":1}');
    resolve(response);
  });
  const world = await startGateway(`sites: { localhost: { to: "${url}", compress: { minSize: 0 } } }`);
  const session = http2.connect(`https://127.0.0.1:${world.port}`, { ca: world.ca, servername: 'localhost' });
  const stream = session.request({ ':path': '/', ':authority': 'localhost', 'accept-encoding': 'br' });
  const plain = stream.pipe(zlib.createBrotliDecompress());
  const read = plain.iterator() as AsyncIterator<Buffer>;
  expect((await read.next()).value?.toString()).toBe('{"first":1}');
  (await promise).end('{"second":2}');
  expect((await read.next()).value?.toString()).toBe('{"second":2}');
  session.close();
});

test.for(['gzip', 'br', 'zstd'])('what never rests goes on too: %s', async (coding) => {
  let written = 0;
  const { url } = await startStreamingBackend((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => response.write(`{"token":${++written}}\n`), 2);
    response.on('close', () => clearInterval(timer));
  });
  const world = await startGateway(`sites: { localhost: { to: "${url}", compress: true } }`);
  const session = http2.connect(`https://127.0.0.1:${world.port}`, { ca: world.ca, servername: 'localhost' });
  const stream = session.request({ ':path': '/', ':authority': 'localhost', 'accept-encoding': coding });
  const decoders = { gzip: zlib.createGunzip, br: zlib.createBrotliDecompress, zstd: zlib.createZstdDecompress };
  let read = '';
  for await (const chunk of stream.pipe(decoders[coding as keyof typeof decoders]())) {
    read += String(chunk);
    if (read.split('\n').length > 20) break;
  }
  expect(written).toBeLessThan(200);
  session.destroy();
});

test('a 304 says of the answer what a 200 would have said', async () => {
  for (const site of ['compress: true', 'compress: true, cache: true']) {
    const { url } = await startBackend(({ headers }, response) => {
      response
        .setHeader('content-type', 'text/plain')
        .setHeader('etag', '"v1"')
        .setHeader('cache-control', 'max-age=60');
      const isKnown = headers['if-none-match']?.includes('"v1"') === true;
      response.writeHead(isKnown ? 304 : 200).end(isKnown ? undefined : TEXT);
    });
    const world = await startGateway(`sites: { localhost: { to: "${url}", ${site} } }`);
    const whole = await get(world, 'br');
    expect(whole.headers).toMatchObject({ etag: 'W/"v1"', vary: 'accept-encoding' });
    for (const known of ['W/"v1"', '"x", W/"v1"']) {
      const same = await get(world, 'br', { 'if-none-match': known });
      expect([same.status, same.headers.etag, same.headers.vary]).toEqual([304, 'W/"v1"', 'accept-encoding']);
      expect(same.headers['content-encoding']).toBe(undefined);
    }
    const plain = await get(world, 'identity', { 'if-none-match': '"v1"' });
    expect([plain.status, plain.headers.etag, plain.headers.vary]).toEqual([304, '"v1"', 'accept-encoding']);
  }
});

test('an answer that breaks off breaks off', async () => {
  const { url } = await startStreamingBackend((_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '5000' }).write(TEXT.slice(0, 2000));
    setImmediate(() => response.destroy());
  });
  const world = await startGateway(`sites: { localhost: { to: "${url}", compress: true } }`);
  await expect(get(world, 'gzip')).rejects.toThrow();
});

test('a large body arrives whole, however slowly it is read', async () => {
  const large = Array.from({ length: 200_000 }, (_, i) => `line ${i * 7919}\n`).join('');
  const world = await startWorld({}, 'compress: true', (response) => response.end(large));
  expect((await decoded(await get(world, 'gzip'))) === large).toBe(true);
});

test('more at once than may be are sent as they are', async () => {
  const held: ServerResponse[] = [];
  const { url } = await startStreamingBackend((_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' }).write(TEXT);
    held.push(response);
    if (held.length === 3) for (const each of held) each.end();
  });
  const world = await startGateway(`sites: { localhost: { to: "${url}", compress: { concurrent: 2 } } }`);
  const codings = (await Promise.all([1, 2, 3].map(() => get(world, 'gzip')))).map(
    ({ headers }) => headers['content-encoding'],
  );
  expect(codings.filter((each) => each === 'gzip').length).toBe(2);
});

test('a stored answer is encoded once for each coding, and stays what it is for others', async () => {
  const world = await startWorld({ 'cache-control': 'max-age=600', etag: '"v1"' }, 'compress: true, cache: true');
  expect(await decoded(await get(world, 'br'))).toBe(TEXT);
  const { store } = world.gateway.runtime.caches.sites[0] ?? {};
  const before = store?.bytes ?? 0;
  const first = await get(world, 'br');
  const withOne = store?.bytes ?? 0;
  const second = await get(world, 'br');
  expect([first.headers['content-encoding'], await decoded(first), second.body.equals(first.body)]).toEqual([
    'br',
    TEXT,
    true,
  ]);
  expect(withOne).toBe(before + first.body.length);
  expect(store?.bytes).toBe(withOne);
  expect(second.headers['content-length']).toBe(String(second.body.length));
  expect(await decoded(await get(world, 'gzip'))).toBe(TEXT);
  expect((await get(world, undefined)).body.toString()).toBe(TEXT);
  expect((await get(world, 'br', { 'if-none-match': 'W/"v1"' })).status).toBe(304);
  expect((await get(world, 'br', { range: 'bytes=0-3' })).body.toString()).toBe('a se');
  await world.gateway.runtime.caches.purge({ kind: 'all', site: 'localhost' });
  expect(store?.bytes).toBe(0);
});

test('rules that inspect answers see them as they are', async () => {
  const world = await startWorld({}, 'compress: true, waf: { rules: [core], response: true }');
  const got = await get(world, 'zstd');
  expect([got.headers['content-encoding'], await decoded(got)]).toEqual(['zstd', TEXT]);
});

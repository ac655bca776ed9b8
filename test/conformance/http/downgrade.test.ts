// From HTTP/2 to HTTP/1.1: what the one can carry and the other cannot never becomes something else on the way.
import { expect, test } from 'vitest';
import {
  asking,
  DATA,
  END_HEADERS,
  END_STREAM,
  type Fields,
  FrameClient,
  fieldBlock,
  frame,
  HEADERS,
} from '../../support/frames.ts';
import { fieldsNamed, type StrictRequest } from '../../support/strict-backend.ts';
import type { Allowed } from './table.ts';
import { openScene, type Scene } from './table.ts';

interface Case {
  readonly name: string;
  readonly fields: Fields;
  readonly body?: string;
  readonly trailers?: Fields;
  /** `refused`: any 4xx, 501, a reset stream or a closed connection, and nothing at the backend. */
  readonly allowed: Allowed;
}

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n';
const INJECTED = 'a\r\nX-Injected: 1';

function like(changes: Readonly<Record<string, string | undefined>>, more: Fields = []): Fields {
  const base = asking().flatMap(([name, value]): [string, string][] => {
    if (!(name in changes)) return [[name, value]];
    const changed = changes[name];
    return changed === undefined ? [] : [[name, changed]];
  });
  return [...base, ...more];
}

const withField = (name: string, value: string): Fields => like({}, [[name, value]]);
const clean = (request: StrictRequest): boolean =>
  request.target === '/x' && request.method === 'GET' && !JSON.stringify(request.fields).match(/injected|evil/i);

/** Refused, or without the field: what nghttp2 takes out is gone in silence. */
const dropped: Allowed = clean;

const table: readonly Case[] = [
  { name: 'a plain request', fields: asking(), allowed: clean },
  // Pseudo-header fields (RFC 9113, 8.3).
  ...[':method', ':scheme', ':path', ':authority'].map(
    (name): Case => ({ name: `no ${name}`, fields: like({ [name]: undefined }), allowed: 'refused' }),
  ),
  ...[':method', ':scheme', ':path', ':authority'].map(
    (name): Case => ({ name: `an empty ${name}`, fields: like({ [name]: '' }), allowed: 'refused' }),
  ),
  ...[':method', ':scheme', ':path', ':authority'].map(
    (name): Case => ({ name: `${name} twice`, fields: [...asking(), [name, 'x']], allowed: 'refused' }),
  ),
  ...[':method', ':scheme', ':path', ':authority'].map(
    (name): Case => ({ name: `an injection in ${name}`, fields: like({ [name]: INJECTED }), allowed: 'refused' }),
  ),
  {
    name: 'one behind the fields',
    fields: [...like({ ':path': undefined }), ['x', 'y'], [':path', '/x']],
    allowed: 'refused',
  },
  { name: 'one that does not exist', fields: [...asking(), [':x', 'y']], allowed: 'refused' },
  { name: ':status', fields: [...asking(), [':status', '200']], allowed: 'refused' },
  { name: ':protocol without CONNECT', fields: [...asking(), [':protocol', 'websocket']], allowed: 'refused' },
  {
    name: ':protocol of somebody else',
    fields: [...asking('CONNECT'), [':protocol', 'connect-udp']],
    allowed: 'refused',
  },
  {
    name: 'CONNECT',
    fields: [
      [':method', 'CONNECT'],
      [':authority', 'localhost:443'],
    ],
    allowed: 'refused',
  },
  { name: 'TRACE', fields: asking('TRACE'), allowed: 405 },
  ...['GET /evil HTTP/1.1\r\n', 'post', 'Get', 'GE T', 'G\tET', 'GET\x00', 'G(T', 'G:T', '\xe9', 'x'.repeat(40)].map(
    (method): Case => ({ name: `the method ${JSON.stringify(method)}`, fields: asking(method), allowed: 'refused' }),
  ),
  ...[
    'x',
    '*',
    '?x',
    '//@',
    'https://evil.test/x',
    '/x y',
    '/x\ty',
    '/x HTTP/1.1\r\nX-Injected: 1\r\n\r\n',
    '/x\x00',
    '/x#y',
    '/\xe9',
    '/x\x7f',
    '/x\\y',
    '/%00',
    '/x/..%2fy',
    '/..',
    'x'.repeat(9000),
  ]
    .filter((path) => path !== '//@')
    .map(
      (path): Case => ({
        name: `the path ${JSON.stringify(path.slice(0, 40))}`,
        fields: asking('GET', path),
        allowed: 'refused',
      }),
    ),
  ...[
    'localhost,evil.test',
    'evil.test@localhost',
    'localhost@evil.test',
    'localhost:',
    'localhost:0',
    'localhost:99999',
    'localhost:x',
    'localhost/x',
    'localhost#',
    'localhost?',
    'local host',
    'localhost\x00',
    'l%6fcalhost',
    '[::1',
    'evil.test',
    '.',
    '-',
  ].map(
    (authority): Case => ({
      name: `the authority ${JSON.stringify(authority)}`,
      fields: asking('GET', '/x', authority),
      allowed: 'refused',
    }),
  ),
  { name: 'a port', fields: asking('GET', '/x', 'localhost:443'), allowed: clean },
  { name: 'the same host', fields: withField('host', 'localhost'), allowed: clean },
  { name: 'another host', fields: withField('host', 'evil.test'), allowed: 400 },
  {
    name: 'two hosts',
    fields: like({}, [
      ['host', 'localhost'],
      ['host', 'localhost'],
    ]),
    allowed: 'refused',
  },
  {
    name: 'a host and no authority',
    fields: like({ ':authority': undefined }, [['host', 'localhost']]),
    allowed: clean,
  },
  ...['ftp', 'javascript', 'https ', 'ht\r\ntps', 'https://evil.test/?'].map(
    (scheme): Case => ({
      name: `the scheme ${JSON.stringify(scheme)}`,
      fields: like({ ':scheme': scheme }),
      allowed: 'refused',
    }),
  ),
  // Fields of a connection (RFC 9113, 8.2.2).
  ...[
    ['connection', 'close'],
    ['connection', 'x-forwarded-for'],
    ['keep-alive', '1'],
    ['proxy-connection', 'close'],
    ['transfer-encoding', 'chunked'],
    ['transfer-encoding', 'identity'],
    ['upgrade', 'h2c'],
    ['te', 'gzip'],
    ['te', 'chunked'],
  ].map(
    ([name = '', value = '']): Case => ({
      name: `${name}: ${value}`,
      fields: withField(name, value),
      allowed: 'refused',
    }),
  ),
  { name: 'te: trailers', fields: withField('te', 'trailers'), allowed: clean },
  { name: 'http2-settings', fields: withField('http2-settings', 'evil'), allowed: clean },
  // Fields that HTTP/1.1 would read as something else.
  ...[
    'x-a\r\nx-injected',
    'x-a\nx-injected',
    'x a',
    'x:a',
    'x-a:',
    '',
    'x\x00',
    '(x)',
    'x\xe9',
    'x-a: 1\r\nx-injected',
    'transfer-encoding ',
    'transfer-encoding\t',
    ' transfer-encoding',
    'transfer-encoding:',
    'content-length ',
    'transfer-encoding\x00',
  ].map(
    (name): Case => ({
      name: `the name ${JSON.stringify(name)}`,
      fields: withField(name, name.startsWith('transfer') ? 'chunked' : '7'),
      allowed: dropped,
    }),
  ),
  ...['X-Capital', 'Transfer-Encoding', 'Content-Length'].map(
    (name): Case => ({ name: `the name ${name}`, fields: withField(name, 'evil'), allowed: dropped }),
  ),
  ...[INJECTED, 'a\nX-Injected: 1', 'a\rX-Injected: 1', 'a\x00injected', '\x0bevil', 'evil\x7f'].map(
    (value): Case => ({
      name: `the value ${JSON.stringify(value)}`,
      fields: withField('x-a', value),
      allowed: dropped,
    }),
  ),
  ...[
    'transfer_encoding',
    'content_length',
    'x_forwarded_for',
    'x-original-url',
    'x-rewrite-url',
    'proxy',
    'x-real-ip',
    'x-forwarded-host',
    'client-cert',
  ].map((name): Case => ({ name, fields: withField(name, 'evil'), allowed: clean })),
  { name: 'many ranges', fields: withField('range', `bytes=${'0-1,'.repeat(1300)}`), allowed: 416 },
  {
    name: 'two types',
    fields: like({}, [
      ['content-type', 'a/b'],
      ['content-type', 'a/c'],
    ]),
    allowed: 400,
  },
  {
    name: 'cookies in crumbs',
    fields: like({}, [
      ['cookie', 'a=1'],
      ['cookie', 'b=2'],
    ]),
    allowed: (request) => fieldsNamed(request, 'cookie').join() === 'a=1; b=2',
  },
  {
    name: 'too many fields',
    fields: like(
      {},
      Array.from({ length: 150 }, () => ['x', 'y'] as const),
    ),
    allowed: 'refused',
  },
  { name: 'too long fields', fields: withField('x', 'y'.repeat(60_000)), allowed: 'refused' },
  // Bodies and what is said of them (RFC 9113, 8.1.1).
  ...['GET', 'HEAD', 'DELETE', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND'].map(
    (method): Case => ({
      name: `${method} with a body that nobody announced`,
      fields: asking(method),
      body: SMUGGLED,
      allowed: { method, body: SMUGGLED },
    }),
  ),
  ...['GET', 'DELETE', 'OPTIONS', 'POST'].map(
    (method): Case => ({
      name: `${method} with an announced body`,
      fields: [...asking(method), ['content-length', String(SMUGGLED.length)]],
      body: SMUGGLED,
      allowed: { method, body: SMUGGLED },
    }),
  ),
  {
    name: 'more than announced',
    fields: [...asking('POST'), ['content-length', '3']],
    body: SMUGGLED,
    allowed: 'refused',
  },
  {
    name: 'less than announced',
    fields: [...asking('POST'), ['content-length', '300']],
    body: SMUGGLED,
    allowed: 'refused',
  },
  { name: 'announced and not sent', fields: [...asking('POST'), ['content-length', '5']], allowed: 'refused' },
  {
    name: 'a length of zero and a body',
    fields: [...asking('POST'), ['content-length', '0']],
    body: SMUGGLED,
    allowed: 'refused',
  },
  {
    name: 'two lengths',
    fields: [...asking('POST'), ['content-length', '5'], ['content-length', '6']],
    body: 'hello',
    allowed: 'refused',
  },
  {
    name: 'the same length twice',
    fields: [...asking('POST'), ['content-length', '5'], ['content-length', '5']],
    body: 'hello',
    allowed: 'refused',
  },
  ...['5,5', '+5', '-5', '0x5', '5 ', ' 5', '5\r\n', '', '5;', '99999999999999999999'].map(
    (length): Case => ({
      name: `the length ${JSON.stringify(length)}`,
      fields: [...asking('POST'), ['content-length', length]],
      body: 'hello',
      allowed: 'refused',
    }),
  ),
  {
    name: 'trailers',
    fields: asking('POST'),
    body: 'hello',
    trailers: [
      ['x-sum', '1'],
      ['x_sum', '1'],
      ['x-original-url', '/evil'],
      ['true-client-ip', 'evil'],
    ],
    allowed: { body: 'hello' },
  },
  {
    name: 'trailers that frame',
    fields: asking('POST'),
    body: 'hello',
    trailers: [
      ['content-length', '50'],
      ['host', 'evil.test'],
    ],
    allowed: 'refused',
  },
  {
    name: 'trailers with a pseudo-header field',
    fields: asking('POST'),
    body: 'hello',
    trailers: [[':path', '/evil']],
    allowed: 'refused',
  },
  {
    name: 'trailers with an injection',
    fields: asking('POST'),
    body: 'hello',
    trailers: [['x', INJECTED]],
    allowed: ({ body }) => body === 'hello',
  },
];

async function run({ world, backend }: Scene, { name, fields, body, trailers, allowed }: Case): Promise<void> {
  backend.requests.length = 0;
  const client = await FrameClient.open(world);
  const isBare = body === undefined && trailers === undefined;
  client.send(frame(HEADERS, END_HEADERS | (isBare ? END_STREAM : 0), 1, fieldBlock(fields)));
  if (body !== undefined) client.send(frame(DATA, trailers === undefined ? END_STREAM : 0, 1, Buffer.from(body)));
  if (trailers !== undefined) client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, fieldBlock(trailers)));
  await client.ended(1);
  const status = client.status(1);
  const shown = `${name}: ${status ?? `reset ${client.resetCode(1)}, goaway ${client.goAway}`}, ${JSON.stringify(backend.requests)}`;
  client.close();
  const isRefused = backend.requests.length === 0 && (status === undefined || (status >= 400 && status < 502));
  if (allowed === 'refused') expect.soft(isRefused, shown).toBe(true);
  else if (typeof allowed === 'number') expect.soft(isRefused && status === allowed, shown).toBe(true);
  else if (allowed === dropped)
    expect.soft(isRefused || (backend.requests.length === 1 && backend.requests.every(clean)), shown).toBe(true);
  else {
    expect.soft(backend.requests.length, shown).toBe(1);
    if (typeof allowed === 'function') expect.soft(backend.requests.every(allowed), shown).toBe(true);
    else expect.soft(backend.requests[0], shown).toMatchObject(allowed);
  }
}

test('a request over HTTP/2 becomes one clean request over HTTP/1.1, or is refused', async () => {
  const scene = await openScene();
  for (const each of table) await run(scene, each);
  expect(scene.backend.faults).toEqual([]);
});

// Whom a request is for, and by which way it came: one authority, read strictly, and no claim of the client's own.
import { expect, test } from 'vitest';
import { openTls } from '../../support/client.ts';
import { speak } from '../../support/speak.ts';
import { fieldsNamed, type StrictRequest } from '../../support/strict-backend.ts';
import { type Case, openScene, runTable } from './table.ts';

const get = (target: string, fields: string): string => `GET ${target} HTTP/1.1\r\n${fields}\r\n`;
const forLocalhost = (request: StrictRequest): boolean =>
  request.target === '/x' && /^localhost(?::\d+)?$/.test(fieldsNamed(request, 'host').join());

const BAD_HOSTS = [
  '',
  'localhost:',
  'localhost:0',
  'localhost:65536',
  'localhost:080808',
  'localhost:x',
  'localhost:443:443',
  'localhost, evil.test',
  'localhost,localhost',
  'localhost evil.test',
  'evil.test@localhost',
  'localhost@evil.test',
  'user:pass@localhost',
  'localhost/x',
  'localhost\\x',
  'localhost?x',
  'localhost#x',
  'local%68ost',
  'localhost%00',
  'localhost;x',
  '"localhost"',
  'http://localhost',
  '//localhost',
  '[localhost]',
  '[::1',
  '::1',
  '[::1]x',
  '[::g]',
  '[fe80::1%25eth0]',
  'localhost..',
  '.localhost',
  'a..b',
  '-',
  'löcalhost',
  'localhost\t',
  'localhost\x0b',
].filter((host) => host.trim() === host || host.endsWith('\x0b'));

const authorities: readonly Case[] = [
  { name: 'none', bytes: get('/x', ''), allowed: 400 },
  { name: 'none, HTTP/1.0', bytes: 'GET /x HTTP/1.0\r\n\r\n', allowed: 400 },
  { name: 'two', bytes: get('/x', 'Host: localhost\r\nHost: evil.test\r\n'), allowed: 400 },
  { name: 'two, the other first', bytes: get('/x', 'Host: evil.test\r\nHost: localhost\r\n'), allowed: 400 },
  { name: 'the same twice', bytes: get('/x', 'Host: localhost\r\nHost: localhost\r\n'), allowed: 400 },
  { name: 'two, one of them folded', bytes: get('/x', 'Host: localhost\r\n Host: evil.test\r\n'), allowed: 'refused' },
  ...BAD_HOSTS.map((host): Case => {
    const bytes = Buffer.from(host).toString('latin1');
    return { name: JSON.stringify(host), bytes: get('/x', `Host: ${bytes}\r\n`), allowed: 'refused' };
  }),
  { name: 'somebody else', bytes: get('/x', 'Host: evil.test\r\n'), allowed: 421 },
  { name: 'with a port', bytes: get('/x', 'Host: localhost:443\r\n'), allowed: forLocalhost },
  { name: 'with a dot behind it', bytes: get('/x', 'Host: localhost.\r\n'), allowed: forLocalhost },
  { name: 'in capitals', bytes: get('/x', 'HOST: LOCALHOST\r\n'), allowed: forLocalhost },
  { name: 'an absolute target', bytes: get('https://localhost/x', 'Host: localhost\r\n'), allowed: forLocalhost },
  {
    name: 'an absolute target over http',
    bytes: get('http://localhost/x', 'Host: localhost\r\n'),
    allowed: forLocalhost,
  },
  {
    name: 'an absolute target without a path',
    bytes: get('https://localhost', 'Host: localhost\r\n'),
    allowed: { target: '/' },
  },
  {
    name: 'an absolute target with a query only',
    bytes: get('https://localhost?a=/b', 'Host: localhost\r\n'),
    allowed: { target: '/?a=/b' },
  },
  {
    name: 'an absolute target for somebody else',
    bytes: get('https://evil.test/x', 'Host: localhost\r\n'),
    allowed: 'refused',
  },
  {
    name: 'an absolute target that Host denies',
    bytes: get('https://localhost/x', 'Host: evil.test\r\n'),
    allowed: 'refused',
  },
  { name: 'an absolute target without Host', bytes: get('https://localhost/x', ''), allowed: 'refused' },
  { name: 'userinfo in the target', bytes: get('https://a@localhost/x', 'Host: localhost\r\n'), allowed: 'refused' },
  { name: 'userinfo in both', bytes: get('https://a@localhost/x', 'Host: a@localhost\r\n'), allowed: 'refused' },
  ...[
    'ftp://localhost/x',
    'file:///x',
    'javascript://localhost/x',
    'https:/localhost/x',
    'https:localhost/x',
    'localhost/x',
    'x',
    '@localhost/x',
    ':80/x',
    '?x',
    '*',
    '**',
    '',
    '\\x',
    'https://localhost\\@evil.test/x',
    'https://localhost:443@evil.test/x',
  ].map(
    (target): Case => ({ name: `the target ${target}`, bytes: get(target, 'Host: localhost\r\n'), allowed: 'refused' }),
  ),
  { name: '//', bytes: get('//evil.test/x', 'Host: localhost\r\n'), allowed: { target: '/evil.test/x' } },
  {
    name: 'OPTIONS *',
    bytes: 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n',
    allowed: { method: 'OPTIONS', target: '*' },
  },
];

test('a request is for one host, or it is refused', async () => {
  await runTable(await openScene(), authorities);
});

const SPOOFED = [
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-Forwarded-Port',
  'X-Forwarded-Prefix',
  'X-Forwarded-Server',
  'X-Forwarded-Scheme',
  'X-Forwarded-Ssl',
  'X-Forwarded-Client-Cert',
  'X-Real-IP',
  'Forwarded',
  'Via',
  'X-Request-Id',
  'X-Original-URL',
  'X-Original-URI',
  'X-Rewrite-URL',
  'X-Override-URL',
  'X-Original-Host',
  'X-Host',
  'X-HTTP-Host-Override',
  'Proxy',
  'Client-IP',
  'X-Client-IP',
  'X-Cluster-Client-IP',
  'True-Client-IP',
  'CF-Connecting-IP',
  'Fastly-Client-IP',
  'Client-Cert',
  'X-Client-Cert-Subject',
  'X_Forwarded_For',
  'X_REAL_IP',
  'Content_Length',
  'Transfer_Encoding',
  'Keep-Alive',
  'Proxy-Connection',
  'Proxy-Authorization',
  'Proxy-Authenticate',
  'TE',
  'Trailer',
  'HTTP2-Settings',
  'Upgrade',
];

const LISTED = [
  'X-Forwarded-For',
  'X-Forwarded-Proto',
  'Host',
  'Authorization',
  'Cookie',
  'Content-Length',
  'Content-Type',
  'Forwarded',
  'X-Real-IP',
  'X-Request-Id',
];

const none =
  (name: string) =>
  (request: StrictRequest): boolean =>
    fieldsNamed(request, name).length === 0;

const ways: readonly Case[] = [
  ...SPOOFED.map(
    (name): Case => ({
      name,
      bytes: get('/x', `Host: localhost\r\n${name}: spoofed\r\n`),
      allowed: ({ fields }) => !fields.includes('spoofed') && !fields.some((text) => text.includes('spoofed')),
    }),
  ),
  ...LISTED.map(
    (name): Case => ({
      name: `Connection: ${name}`,
      bytes: get('/x', `Host: localhost\r\nConnection: keep-alive, ${name}\r\n`),
      allowed: 400,
    }),
  ),
  {
    name: 'a listed field',
    bytes: get('/x', 'Host: localhost\r\nConnection: X-Mine\r\nX-Mine: 1\r\n'),
    allowed: none('x-mine'),
  },
  {
    name: 'fields listed apart',
    bytes: get('/x', 'Host: localhost\r\nConnection: X-Mine\r\nConnection: x-yours\r\nX-Mine: 1\r\nX-Yours: 1\r\n'),
    allowed: (request) => none('x-mine')(request) && none('x-yours')(request),
  },
  {
    name: 'h2c',
    bytes: get(
      '/x',
      'Host: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n',
    ),
    allowed: none('upgrade'),
  },
  {
    name: 'h2c without Connection',
    bytes: get('/x', 'Host: localhost\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n'),
    allowed: none('upgrade'),
  },
  {
    name: 'h2c and WebSocket',
    bytes: get('/x', 'Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket, h2c\r\n'),
    allowed: none('upgrade'),
  },
  {
    name: 'a WebSocket handshake with a body',
    bytes: `GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nhello`,
    allowed: none('upgrade'),
  },
  ...[
    'X-Original-Path',
    'X-Rewrite-Uri',
    'X-Forwarded-Request-Uri',
    'X-MS-Original-Url',
    'X-Waws-Unencoded-Url',
    'X-Envoy-Original-Path',
    'X-Envoy-External-Address',
    'X-Original-Forwarded-For',
    'X-Azure-ClientIP',
    'CF-Connecting-IPv6',
    'X-Appengine-User-Ip',
    'X-Scheme',
    'X-Script-Name',
    'X-Accel-Mapping',
    'X-Sendfile-Type',
    'X-Middleware-Subrequest',
    'Request-Range',
  ].map(
    (name): Case => ({
      name,
      bytes: get('/x', `Host: localhost\r\n${name}: /evil\r\n`),
      allowed: none(name.toLowerCase()),
    }),
  ),
  { name: 'an expectation nobody knows', bytes: get('/x', 'Host: localhost\r\nExpect: wonders\r\n'), allowed: 417 },
  { name: 'the start of HTTP/2', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', allowed: 'refused' },
];

test('no client speaks for the gateway or for the connection', async () => {
  await runTable(await openScene(), ways);
});

const ranges = (count: number): string => Array.from({ length: count }, (_, i) => `${i}-${i}`).join(',');
const bounds: readonly Case[] = [
  {
    name: 'ranges',
    bytes: get('/x', `Host: localhost\r\nRange: bytes=${ranges(3)}\r\n`),
    allowed: (request) => fieldsNamed(request, 'range').length === 1,
  },
  { name: 'many ranges', bytes: get('/x', `Host: localhost\r\nRange: bytes=${ranges(1300)}\r\n`), allowed: 416 },
  {
    name: 'a repeated range',
    bytes: get('/x', 'Host: localhost\r\nRange: bytes=0-1\r\nRange: bytes=0-2\r\n'),
    allowed: 400,
  },
  {
    name: 'a repeated login',
    bytes: get('/x', 'Host: localhost\r\nAuthorization: Basic YTpi\r\nAuthorization: Basic Yzpk\r\n'),
    allowed: 400,
  },
  {
    name: 'a repeated type',
    bytes: get('/x', 'Host: localhost\r\nContent-Type: a/b\r\nContent-Type: a/c\r\n'),
    allowed: 400,
  },
  { name: 'a long target', bytes: get(`/${'x'.repeat(9000)}`, 'Host: localhost\r\n'), allowed: 414 },
  { name: 'a very long target', bytes: get(`/${'x'.repeat(70_000)}`, 'Host: localhost\r\n'), allowed: 431 },
  { name: 'a long field', bytes: get('/x', `Host: localhost\r\nX: ${'x'.repeat(17_000)}\r\n`), allowed: 431 },
  { name: 'a long name', bytes: get('/x', `Host: localhost\r\n${'x'.repeat(30_000)}: 1\r\n`), allowed: 431 },
  { name: 'many fields', bytes: get('/x', `Host: localhost\r\n${'x: y\r\n'.repeat(150)}`), allowed: 431 },
  { name: 'very many fields', bytes: get('/x', `Host: localhost\r\n${'x: y\r\n'.repeat(3000)}`), allowed: 431 },
  {
    name: 'a body that says it is too long',
    bytes: `POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000\r\n\r\n`,
    allowed: 413,
  },
  {
    name: 'a body that gets too long',
    bytes: `POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n${'x'.repeat(2000)}\r\n0\r\n\r\n`,
    allowed: 413,
  },
];

test('what is too much is refused with its status', async () => {
  const scene = await openScene('requestLimits: { body: 1000B }');
  await runTable(scene, bounds);
});

test('each refusal is in the records and in the figures, with its reason', async () => {
  const { world } = await openScene();
  await speak(world, get('/x', 'Host: localhost\r\nHost: evil.test\r\n'));
  await speak(world, get('/a%00', 'Host: localhost\r\n'));
  await speak(world, get('/a%00', 'Host: localhost\r\n'));
  await speak(world, get('/x', 'Host: localhost\r\nX : 1\r\n'));
  const records = await world.accessRecords(4);
  const reasons = records.map(({ status, reason }) => `${status} ${String(reason)}`);
  expect(reasons).toEqual(['400 host-repeated', '400 path-escape', '400 path-escape', '400 HPE_INVALID_HEADER_TOKEN']);
  expect([...world.gateway.records.refusals.entries()]).toEqual([
    ['host-repeated', 1],
    ['path-escape', 2],
    ['HPE_INVALID_HEADER_TOKEN', 1],
  ]);
});

test('requests that are pipelined without end reach the backend a bounded number at a time', async () => {
  const { world, backend } = await openScene('requestLimits: { streams: 10 }');
  const socket = await openTls(world, { ALPNProtocols: ['http/1.1'] });
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  socket.write(get('/x', 'Host: localhost\r\n').repeat(1000));
  await new Promise((resolve) => socket.once('close', resolve));
  expect(backend.requests.length).toBeLessThanOrEqual(10);
  expect(text.match(/HTTP\/1\.1 200 /g)).toHaveLength(backend.requests.length);
  expect(text.match(/HTTP\/1\.1 503 /g)).toHaveLength(1);
});

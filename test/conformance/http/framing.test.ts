// Where a request ends: whatever leaves that open to two readings never reaches a backend (request smuggling).
import { expect, test } from 'vitest';
import { type Case, openScene, runTable } from './table.ts';

const HOST = 'Host: localhost\r\n';
const post = (fields: string, body: string): string => `POST /x HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
const chunked = (body: string): string => post('Transfer-Encoding: chunked\r\n', body);
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n';

const CODINGS = [
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: identity, chunked',
  'Transfer-Encoding: gzip',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: chunked;q=1',
  'Transfer-Encoding: "chunked"',
  'Transfer-Encoding: \x0bchunked',
  'Transfer-Encoding: chunked\x0c',
  'Transfer-Encoding: chunked\x00',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding\t: chunked',
  ' Transfer-Encoding: chunked',
  'Transfer-Encoding\x00: chunked',
  'Transfer-Encoding:\r\n chunked',
  'Transfer-Encoding: chu\r\n nked',
  'X: y\rTransfer-Encoding: chunked',
  'X: y\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
  'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding:',
  'Transfer-Encoding: ,chunked',
  'Transfer-Encoding: chunked,',
];

const LENGTHS = [
  '+5',
  '-5',
  '5,5',
  '5, 5',
  '5 5',
  '0x5',
  '0_5',
  '5.0',
  '5e0',
  '٥',
  '',
  '"5"',
  '5;',
  '99999999999999999999',
  '18446744073709551621',
];

const CHUNK_SIZES = [
  '0x5',
  '+5',
  '-5',
  ' 5',
  '5 ',
  '5\t',
  '5g',
  'g',
  '',
  '5\x00',
  '_5',
  '100000000000000005',
  '5\r',
  '5;a\rb',
  '5;a\nb',
  '5;\x00',
  '5;"\n"',
];

const table: readonly Case[] = [
  {
    name: 'both framings',
    bytes: post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
    allowed: 'refused',
  },
  {
    name: 'both framings, the other way round',
    bytes: post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', `0\r\n\r\n${SMUGGLED}`),
    allowed: 'refused',
  },
  {
    name: 'a length of zero beside chunks',
    bytes: post('Content-Length: 0\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n`),
    allowed: 'refused',
  },
  ...CODINGS.map(
    (field): Case => ({
      name: JSON.stringify(field),
      bytes: post(`${field}\r\n`, `0\r\n\r\n${SMUGGLED}`),
      allowed: 'refused',
    }),
  ),
  ...CODINGS.map(
    (field): Case => ({
      name: `${JSON.stringify(field)} beside a length`,
      bytes: post(`${field}\r\nContent-Length: 5\r\n`, 'hello'),
      allowed: 'refused',
    }),
  ),
  {
    name: 'the name with an underscore',
    bytes: post('Transfer_Encoding: chunked\r\nContent-Length: 5\r\n', 'hello'),
    allowed: { body: 'hello' },
  },
  {
    name: 'a length with an underscore',
    bytes: post('Content_Length: 50\r\nContent-Length: 5\r\n', 'hello'),
    allowed: { body: 'hello' },
  },
  {
    name: 'chunks on HTTP/1.0',
    bytes: `POST /x HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    allowed: 'refused',
  },
  ...LENGTHS.map(
    (length): Case => ({
      name: `the length ${JSON.stringify(length)}`,
      bytes: post(`Content-Length: ${Buffer.from(length).toString('latin1')}\r\n`, 'hello'),
      allowed: 'refused',
    }),
  ),
  { name: 'two lengths', bytes: post('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello'), allowed: 'refused' },
  {
    name: 'the same length twice',
    bytes: post('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello'),
    allowed: 'refused',
  },
  { name: 'a length with zeros in front', bytes: post('Content-Length: 005\r\n', 'hello'), allowed: { body: 'hello' } },
  ...CHUNK_SIZES.map(
    (size): Case => ({
      name: `the chunk size ${JSON.stringify(size)}`,
      bytes: chunked(`${size}\r\nhello\r\n0\r\n\r\n`),
      allowed: 'refused',
    }),
  ),
  { name: 'a chunk that is longer than it says', bytes: chunked('3\r\nhello\r\n0\r\n\r\n'), allowed: 'refused' },
  { name: 'a chunk without its line end', bytes: chunked('5\r\nhello0\r\n\r\n'), allowed: 'refused' },
  { name: 'chunks with bare line feeds', bytes: chunked('5\nhello\n0\n\n'), allowed: 'refused' },
  { name: 'a last chunk with bare line feeds', bytes: chunked('5\r\nhello\r\n0\n\n'), allowed: 'refused' },
  { name: 'a chunk ended by CR alone', bytes: chunked('5\rhello\r0\r\r'), allowed: 'refused' },
  { name: 'an extension', bytes: chunked('5;a=b\r\nhello\r\n0\r\n\r\n'), allowed: { body: 'hello' } },
  { name: 'chunks', bytes: chunked('5\r\nhello\r\n0\r\n\r\n'), allowed: { body: 'hello' } },
  {
    name: 'chunks in capitals',
    bytes: post('TRANSFER-ENCODING: CHUNKED\r\n', 'A\r\n0123456789\r\n0\r\n\r\n'),
    allowed: { body: '0123456789' },
  },
  {
    name: 'a trailer that frames',
    bytes: chunked('5\r\nhello\r\n0\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\nHost: evil\r\n\r\n'),
    allowed: 'refused',
  },
  { name: 'a trailer with a NUL', bytes: chunked('5\r\nhello\r\n0\r\nx: \x00\r\n\r\n'), allowed: 'refused' },
  ...['GET', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND', 'QUERY'].flatMap((method): Case[] => [
    {
      name: `${method} with a counted body`,
      bytes: `${method} /x HTTP/1.1\r\n${HOST}Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
      allowed: { method, body: SMUGGLED },
    },
    {
      name: `${method} with chunks`,
      bytes: `${method} /x HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
      allowed: { method, body: SMUGGLED },
    },
  ]),
  { name: 'a POST without a length', bytes: post('', ''), allowed: { body: '' } },
  { name: 'TRACE', bytes: `TRACE /x HTTP/1.1\r\n${HOST}\r\n`, allowed: 405 },
  { name: 'CONNECT', bytes: `CONNECT localhost:443 HTTP/1.1\r\n${HOST}\r\n`, allowed: 'refused' },
  { name: 'a folded field', bytes: `GET /x HTTP/1.1\r\n${HOST}X: a\r\n b\r\n\r\n`, allowed: 'refused' },
  { name: 'a folded field in front', bytes: `GET /x HTTP/1.1\r\n X: a\r\n${HOST}\r\n`, allowed: 'refused' },
  { name: 'bare line feeds', bytes: `GET /x HTTP/1.1\nHost: localhost\n\n`, allowed: 'refused' },
  {
    name: 'a bare line feed behind a field',
    bytes: `GET /x HTTP/1.1\r\n${HOST}X: a\nY: b\r\n\r\n`,
    allowed: 'refused',
  },
  { name: 'a bare CR', bytes: `GET /x HTTP/1.1\r\n${HOST}X: a\rY: b\r\n\r\n`, allowed: 'refused' },
  { name: 'a NUL in a value', bytes: `GET /x HTTP/1.1\r\n${HOST}X: a\x00b\r\n\r\n`, allowed: 'refused' },
  { name: 'a control character in a value', bytes: `GET /x HTTP/1.1\r\n${HOST}X: a\x01b\r\n\r\n`, allowed: 'refused' },
  { name: 'DEL in a value', bytes: `GET /x HTTP/1.1\r\n${HOST}X: a\x7fb\r\n\r\n`, allowed: 'refused' },
  { name: 'a blank before the colon', bytes: `GET /x HTTP/1.1\r\n${HOST}X : a\r\n\r\n`, allowed: 'refused' },
  { name: 'an empty name', bytes: `GET /x HTTP/1.1\r\n${HOST}: a\r\n\r\n`, allowed: 'refused' },
  { name: 'a name with a blank', bytes: `GET /x HTTP/1.1\r\n${HOST}X Y: a\r\n\r\n`, allowed: 'refused' },
  { name: 'a line without a colon', bytes: `GET /x HTTP/1.1\r\n${HOST}X\r\n\r\n`, allowed: 'refused' },
  ...[
    'HTTP/0.9',
    'HTTP/1.2',
    'HTTP/2.0',
    'HTTP/3.0',
    'HTTP/9.9',
    'HTTP/1',
    'HTTP/11',
    'http/1.1',
    'HTTP/1.1 x',
    'HTTPS/1.1',
    'ICE/1.0',
  ].map((version): Case => ({ name: version, bytes: `GET /x ${version}\r\n${HOST}\r\n`, allowed: 'refused' })),
  { name: 'HTTP/0.9', bytes: 'GET /x\r\n\r\n', allowed: 'refused' },
  { name: 'tabs in the request line', bytes: `GET\t/x\tHTTP/1.1\r\n${HOST}\r\n`, allowed: 'refused' },
  // Node's parser is lenient with these; what the backend gets is a request line like any other.
  { name: 'two blanks', bytes: `GET  /x  HTTP/1.1\r\n${HOST}\r\n`, allowed: { target: '/x' } },
  { name: 'RTSP/1.0', bytes: `GET /x RTSP/1.0\r\n${HOST}\r\n`, allowed: { target: '/x' } },
  { name: 'a method with a parenthesis', bytes: `GE(T /x HTTP/1.1\r\n${HOST}\r\n`, allowed: 'refused' },
  { name: 'line ends ahead of a request', bytes: `\r\n\r\nGET /x HTTP/1.1\r\n${HOST}\r\n`, allowed: { target: '/x' } },
  {
    name: 'two requests at once',
    bytes: `${post('Content-Length: 5\r\n', 'hello')}${post('Content-Length: 5\r\n', 'world')}`,
    allowed: ({ body }) => body.length === 5,
    answers: 2,
  },
  {
    name: 'a body that is longer than it says',
    bytes: post('Content-Length: 5\r\n', 'hello!!!'),
    allowed: { body: 'hello' },
  },
];

test('every body ends in one place, or its request is refused', async () => {
  await runTable(await openScene(), table);
}, 60_000);

test('how the bytes are cut makes no difference', async () => {
  const scene = await openScene();
  const cut = table
    .filter(({ bytes, name }) => typeof bytes === 'string' && bytes.length < 200 && !name.startsWith('two requests'))
    .filter((_, i) => i % 4 === 0)
    .map((each): Case => ({ ...each, bytes: (each.bytes as string).split('') }));
  expect(cut.length).toBeGreaterThan(20);
  await runTable(scene, cut);
}, 60_000);

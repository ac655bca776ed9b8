// HTTP/2 frame by frame, by the sections of RFC 9113 and RFC 7541 that h2spec looks at. The frames are read by nghttp2 within
// Node; what it is known to be lenient with stands here as `lenient`, so that a change is noticed.
import { expect, test } from 'vitest';
import { startBackend } from '../../support/backend.ts';
import { openTls, request } from '../../support/client.ts';
import {
  ACK,
  asking,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  type Fields,
  FrameClient,
  fieldBlock,
  frame,
  GOAWAY,
  HEADERS,
  PADDED,
  PING,
  PREFACE,
  PRIORITY,
  RST_STREAM,
  SETTINGS,
  setting,
  uint32,
  WINDOW_UPDATE,
} from '../../support/frames.ts';
import { startGateway } from '../../support/world.ts';

/** `connection`: GOAWAY or the end. `stream`: a reset, or more. `served`: 200. `lenient`: nothing of it, and the next is served. */
type Outcome = 'connection' | 'stream' | 'served' | 'lenient';

const GET = fieldBlock(asking());
const POST = fieldBlock(asking('POST'));
const get = (id: number): Buffer => frame(HEADERS, END_HEADERS | END_STREAM, id, GET);
const post = (id: number): Buffer => frame(HEADERS, END_HEADERS, id, POST);
const asked = (fields: Fields): Buffer => frame(HEADERS, END_HEADERS | END_STREAM, 1, fieldBlock(fields));
const upload = (fields: Fields, ...bodies: string[]): Buffer[] => [
  frame(HEADERS, END_HEADERS, 1, fieldBlock(fields)),
  ...bodies.map((body, i) => frame(DATA, i === bodies.length - 1 ? END_STREAM : 0, 1, Buffer.from(body))),
];
const data = (id: number, text = 'x', flags = END_STREAM): Buffer => frame(DATA, flags, id, Buffer.from(text));
const priority = (id: number, on: number): Buffer =>
  frame(PRIORITY, 0, id, Buffer.concat([uint32(on), Buffer.from([16])]));
const EIGHT = Buffer.alloc(8);
const LARGE = Buffer.alloc(16_385);

const CASES: readonly (readonly [section: string, name: string, frames: readonly Buffer[], outcome: Outcome])[] = [
  ['4.1', 'an unknown type', [frame(0x42, 0, 0, EIGHT), get(1)], 'served'],
  ['4.1', 'unknown flags', [frame(PING, 0x16, 0, EIGHT), get(1)], 'served'],
  ['4.1', 'the reserved bit', [frame(PING, 0, 0x8000_0000, EIGHT), get(1)], 'served'],
  ['4.2', 'DATA of the largest size', [post(1), frame(DATA, END_STREAM, 1, LARGE.subarray(1))], 'served'],
  ['4.2', 'DATA that is too large', [post(1), frame(DATA, END_STREAM, 1, LARGE)], 'stream'],
  ['4.2', 'HEADERS that are too large', [frame(HEADERS, END_HEADERS | END_STREAM, 1, LARGE)], 'connection'],
  [
    '4.3',
    'a block that cannot be read',
    [frame(HEADERS, END_HEADERS | END_STREAM, 1, Buffer.from([0x40]))],
    'connection',
  ],
  ['4.3', 'PRIORITY within a block', [frame(HEADERS, END_STREAM, 1, GET), priority(1, 0)], 'connection'],
  ['4.3', 'HEADERS of another stream within a block', [frame(HEADERS, END_STREAM, 1, GET), get(3)], 'connection'],
  ['5.1', 'DATA on an idle stream', [data(1)], 'connection'],
  ['5.1', 'RST_STREAM on an idle stream', [frame(RST_STREAM, 0, 1, uint32(8))], 'connection'],
  ['5.1', 'WINDOW_UPDATE on an idle stream', [frame(WINDOW_UPDATE, 0, 1, uint32(100))], 'connection'],
  ['5.1', 'CONTINUATION on an idle stream', [frame(CONTINUATION, END_HEADERS, 1, GET)], 'connection'],
  ['5.1', 'HEADERS on a stream half closed', [get(1), get(1)], 'stream'],
  ['5.1', 'DATA on a stream half closed', [get(1), data(1)], 'stream'],
  ['5.1', 'CONTINUATION behind a whole block', [get(1), frame(CONTINUATION, END_HEADERS, 1, GET)], 'connection'],
  ['5.1', 'DATA behind RST_STREAM', [post(1), frame(RST_STREAM, 0, 1, uint32(8)), data(1)], 'lenient'],
  ['5.1.1', 'an even identifier', [get(2)], 'connection'],
  ['5.1.1', 'a lower identifier', [get(5), get(3)], 'lenient'],
  [
    '5.3.1',
    'a priority on itself, in HEADERS',
    [frame(HEADERS, END_HEADERS | END_STREAM | 0x20, 1, Buffer.concat([uint32(1), Buffer.from([16]), GET]))],
    'stream',
  ],
  ['5.3.1', 'a priority on itself', [priority(1, 1)], 'lenient'],
  ['5.4.1', 'a PING behind GOAWAY', [frame(GOAWAY, 0, 0, EIGHT), frame(PING, 0, 0, EIGHT)], 'lenient'],
  ['6.1', 'DATA on stream 0', [data(0)], 'connection'],
  [
    '6.1',
    'padding longer than the frame',
    [post(1), frame(DATA, PADDED | END_STREAM, 1, Buffer.from([9, 1, 2]))],
    'connection',
  ],
  ['6.2', 'HEADERS on stream 0', [frame(HEADERS, END_HEADERS | END_STREAM, 0, GET)], 'connection'],
  [
    '6.2',
    'padding longer than HEADERS',
    [frame(HEADERS, END_HEADERS | END_STREAM | PADDED, 1, Buffer.concat([Buffer.from([255]), GET]))],
    'connection',
  ],
  ['6.3', 'PRIORITY of a wrong length', [post(1), frame(PRIORITY, 0, 1, Buffer.alloc(4))], 'stream'],
  ['6.3', 'PRIORITY on stream 0', [priority(0, 1)], 'lenient'],
  ['6.4', 'RST_STREAM on stream 0', [frame(RST_STREAM, 0, 0, uint32(8))], 'connection'],
  ['6.4', 'RST_STREAM of a wrong length', [post(1), frame(RST_STREAM, 0, 1, Buffer.alloc(3))], 'connection'],
  ['6.5', 'an acknowledgement with a payload', [frame(SETTINGS, ACK, 0, setting(3, 1))], 'connection'],
  ['6.5', 'SETTINGS on a stream', [frame(SETTINGS, 0, 1)], 'connection'],
  ['6.5', 'SETTINGS of a wrong length', [frame(SETTINGS, 0, 0, Buffer.alloc(5))], 'connection'],
  ['6.5.2', 'ENABLE_PUSH of 2', [frame(SETTINGS, 0, 0, setting(2, 2))], 'connection'],
  ['6.5.2', 'a window above the most', [frame(SETTINGS, 0, 0, setting(4, 0x8000_0000))], 'connection'],
  ['6.5.2', 'frames below the least size', [frame(SETTINGS, 0, 0, setting(5, 16_383))], 'connection'],
  ['6.5.2', 'frames above the largest size', [frame(SETTINGS, 0, 0, setting(5, 16_777_216))], 'connection'],
  ['6.5.2', 'an unknown setting', [frame(SETTINGS, 0, 0, setting(0xff, 1)), get(1)], 'served'],
  [
    '6.6',
    'PUSH_PROMISE of a client',
    [get(1), frame(5, END_HEADERS, 1, Buffer.concat([uint32(2), GET]))],
    'connection',
  ],
  ['6.7', 'an acknowledged PING that nobody sent', [frame(PING, ACK, 0, EIGHT)], 'connection'],
  ['6.7', 'PING on a stream', [frame(PING, 0, 1, EIGHT)], 'connection'],
  ['6.7', 'PING of a wrong length', [frame(PING, 0, 0, Buffer.alloc(6))], 'connection'],
  ['6.8', 'GOAWAY on a stream', [frame(GOAWAY, 0, 1, EIGHT)], 'connection'],
  ['6.9', 'an increment of 0', [frame(WINDOW_UPDATE, 0, 0, uint32(0))], 'connection'],
  ['6.9', 'an increment of 0 on a stream', [post(1), frame(WINDOW_UPDATE, 0, 1, uint32(0))], 'stream'],
  ['6.9', 'WINDOW_UPDATE of a wrong length', [frame(WINDOW_UPDATE, 0, 0, Buffer.alloc(3))], 'connection'],
  [
    '6.9.1',
    'a window above the most',
    [frame(WINDOW_UPDATE, 0, 0, uint32(0x7fff_ffff)), frame(WINDOW_UPDATE, 0, 0, uint32(0x7fff_ffff))],
    'connection',
  ],
  [
    '6.9.1',
    'a window above the most, of a stream',
    [post(1), frame(WINDOW_UPDATE, 0, 1, uint32(0x7fff_ffff)), frame(WINDOW_UPDATE, 0, 1, uint32(0x7fff_ffff))],
    'stream',
  ],
  [
    '6.10',
    'CONTINUATION',
    [frame(HEADERS, END_STREAM, 1, GET.subarray(0, 9)), frame(CONTINUATION, END_HEADERS, 1, GET.subarray(9))],
    'served',
  ],
  ['6.10', 'DATA within a block', [frame(HEADERS, 0, 1, POST), data(1)], 'connection'],
  [
    '6.10',
    'CONTINUATION on stream 0',
    [frame(HEADERS, END_STREAM, 1, GET), frame(CONTINUATION, END_HEADERS, 0, GET)],
    'connection',
  ],
  [
    '8.1',
    'a second HEADERS without END_STREAM',
    [post(1), frame(HEADERS, END_HEADERS, 1, fieldBlock([['x', 'y']]))],
    'stream',
  ],
  ['8.2.1', 'a name in capitals', [asked([...asking(), ['X-Test', 'ok']])], 'stream'],
  ['8.3', 'an unknown pseudo-header field', [asked([...asking(), [':test', 'ok']])], 'stream'],
  ['8.3', ':status in a request', [asked([...asking(), [':status', '200']])], 'stream'],
  [
    '8.3',
    'a pseudo-header field among trailers',
    [
      ...upload(asking('POST'), 'x').slice(0, 1),
      data(1, 'x', 0),
      frame(HEADERS, END_HEADERS | END_STREAM, 1, fieldBlock([[':method', 'GET']])),
    ],
    'stream',
  ],
  ['8.3', 'a pseudo-header field behind others', [asked([['x', 'y'], ...asking()])], 'stream'],
  ['8.2.2', 'connection', [asked([...asking(), ['connection', 'keep-alive']])], 'stream'],
  ['8.2.2', 'te other than trailers', [asked([...asking(), ['te', 'trailers, deflate']])], 'stream'],
  ['8.3.1', 'an empty :path', [asked(asking('GET', ''))], 'stream'],
  ['8.3.1', 'no :method', [asked(asking().slice(1))], 'stream'],
  ['8.3.1', ':method twice', [asked([[':method', 'GET'], ...asking()])], 'stream'],
  [
    '8.1.1',
    'a length that is not that of the body',
    upload([...asking('POST'), ['content-length', '1']], 'test'),
    'stream',
  ],
  [
    '8.1.1',
    'a length that is not the sum of the body',
    upload([...asking('POST'), ['content-length', '1']], 'te', 'st'),
    'stream',
  ],
  [
    'RFC 7541, 2.3.3',
    'an index that is not there',
    [frame(HEADERS, END_HEADERS | END_STREAM, 1, Buffer.concat([GET, Buffer.from([0xff, 0x05])]))],
    'connection',
  ],
  [
    'RFC 7541, 4.2',
    'a change of the table at the end',
    [frame(HEADERS, END_HEADERS | END_STREAM, 1, Buffer.concat([GET, Buffer.from([0x20])]))],
    'connection',
  ],
  [
    'RFC 7541, 5.2',
    'Huffman padding that is too long',
    [
      frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        1,
        Buffer.concat([GET, Buffer.from([0, 1, 0x78, 0x86, 0xf2, 0xb2, 0x4a, 0x84, 0xff, 0xff])]),
      ),
    ],
    'connection',
  ],
  [
    'RFC 7541, 6.1',
    'index 0',
    [frame(HEADERS, END_HEADERS | END_STREAM, 1, Buffer.concat([GET, Buffer.from([0x80])]))],
    'connection',
  ],
  [
    'RFC 7541, 6.3',
    'a table above the limit',
    [frame(HEADERS, END_HEADERS | END_STREAM, 1, Buffer.concat([Buffer.from([0x3f, 0xe2, 0x3f]), GET]))],
    'connection',
  ],
];

test('a faulty frame ends its stream or its connection, and nobody else’s', async () => {
  const backend = await startBackend();
  const world = await startGateway(`sites: { localhost: { to: "${backend.url}" } }`);
  for (const [section, name, frames, outcome] of CASES) {
    const client = await FrameClient.open(world);
    client.send(...frames);
    const isAlive = await client.ping(9);
    if (outcome === 'served') await client.ended(1);
    const shown = `${section}, ${name}: alive ${isAlive}, goaway ${client.goAway}, reset ${client.resetCode(1)}, ${client.status(1)}`;
    if (outcome === 'connection') expect.soft(!isAlive || client.goAway !== undefined, shown).toBe(true);
    else if (outcome === 'stream') expect.soft(!isAlive || client.resetCode(1) !== undefined, shown).toBe(true);
    else if (outcome === 'served') expect.soft(client.status(1), shown).toBe(200);
    else expect.soft(isAlive, shown).toBe(true);
    client.close();
  }
  expect((await request('h2', world)).status).toBe(200);
});

test.for([
  ['HTTP/1.1 where HTTP/2 was agreed on', 'h2', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['HTTP/2 where HTTP/1.1 was agreed on', 'http/1.1', PREFACE.toString('latin1')],
  ['a preface that is none', 'h2', 'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n'],
  ['nonsense', 'http/1.1', '\x00\x01\x02\x03'],
] as const)('%s reaches nobody', async ([, protocol, bytes]) => {
  const backend = await startBackend();
  const world = await startGateway(`sites: { localhost: { to: "${backend.url}" } }`);
  const socket = await openTls(world, { ALPNProtocols: [protocol] });
  socket.on('error', () => {});
  socket.resume();
  socket.write(bytes, 'latin1');
  await new Promise((resolve) => socket.once('close', resolve));
  expect(backend.seen).toEqual([]);
});

test('a protocol that nobody speaks ends the handshake', async () => {
  const world = await startGateway('sites: { localhost: { to: "http://127.0.0.1:1" } }');
  await expect(openTls(world, { ALPNProtocols: ['spdy/3.1'] })).rejects.toThrow(/no application protocol/);
});

// Faulty and unusual frames by the sections of RFC 9113 and RFC 7541, and what becomes of each.
import {
  ACK,
  asking,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  type Fields,
  fieldBlock,
  frame,
  GOAWAY,
  HEADERS,
  PADDED,
  PING,
  PRIORITY,
  RST_STREAM,
  SETTINGS,
  setting,
  uint32,
  WINDOW_UPDATE,
} from '../../support/frames.ts';

/** `connection`: GOAWAY or the end. `stream`: a reset, or more. `served`: 200. `lenient`: nothing of it, and the next is served. */
export type Outcome = 'connection' | 'stream' | 'served' | 'lenient';

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
const reset = (id: number): Buffer => frame(RST_STREAM, 0, id, uint32(8));
/** A request whose block ends with these. */
const withBytes = (bytes: readonly number[]): Buffer =>
  frame(HEADERS, END_HEADERS | END_STREAM, 1, Buffer.concat([GET, Buffer.from(bytes)]));
const priority = (id: number, on: number): Buffer =>
  frame(PRIORITY, 0, id, Buffer.concat([uint32(on), Buffer.from([16])]));
const EIGHT = Buffer.alloc(8);
const LARGE = Buffer.alloc(16_385);

export const CASES: readonly (readonly [section: string, name: string, frames: readonly Buffer[], outcome: Outcome])[] =
  [
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
    ['5.1', 'HEADERS behind RST_STREAM', [post(1), reset(1), get(1)], 'lenient'],
    [
      '5.1',
      'CONTINUATION behind RST_STREAM',
      [post(1), reset(1), frame(CONTINUATION, END_HEADERS, 1, GET)],
      'connection',
    ],
    ['5.1.1', 'an even identifier', [get(2)], 'connection'],
    ['5.1.1', 'a lower identifier', [get(5), get(3)], 'lenient'],
    [
      '5.3.1',
      'a priority on itself, in HEADERS',
      [frame(HEADERS, END_HEADERS | END_STREAM | 0x20, 1, Buffer.concat([uint32(1), Buffer.from([16]), GET]))],
      'stream',
    ],
    ['5.3.1', 'a priority on itself', [priority(1, 1)], 'lenient'],
    [
      '5.5',
      'an unknown type within a block',
      [frame(HEADERS, END_STREAM, 1, GET), frame(0x42, 0, 0, EIGHT)],
      'connection',
    ],
    ['5.4.1', 'a PING behind GOAWAY', [frame(GOAWAY, 0, 0, EIGHT), frame(PING, 0, 0, EIGHT)], 'lenient'],
    ['6.1', 'DATA on stream 0', [data(0)], 'connection'],
    [
      '6.1',
      'padding longer than the frame',
      [post(1), frame(DATA, PADDED | END_STREAM, 1, Buffer.from([9, 1, 2]))],
      'connection',
    ],
    ['6.1', 'padded DATA', [post(1), frame(DATA, PADDED | END_STREAM, 1, Buffer.from([3, 0x78, 0, 0, 0]))], 'served'],
    [
      '6.2',
      'padded HEADERS with a priority',
      [
        frame(
          HEADERS,
          END_HEADERS | END_STREAM | PADDED | 0x20,
          1,
          Buffer.concat([Buffer.from([2]), uint32(0), Buffer.from([9]), GET, Buffer.alloc(2)]),
        ),
      ],
      'served',
    ],
    ['6.2', 'HEADERS on stream 0', [frame(HEADERS, END_HEADERS | END_STREAM, 0, GET)], 'connection'],
    [
      '6.2',
      'padding longer than HEADERS',
      [frame(HEADERS, END_HEADERS | END_STREAM | PADDED, 1, Buffer.concat([Buffer.from([255]), GET]))],
      'connection',
    ],
    ['6.3', 'PRIORITY of a wrong length', [post(1), frame(PRIORITY, 0, 1, Buffer.alloc(4))], 'stream'],
    ['6.3', 'PRIORITY of an idle stream', [priority(5, 3), priority(3, 0), get(1)], 'served'],
    ['6.3', 'PRIORITY on stream 0', [priority(0, 1)], 'lenient'],
    ['6.4', 'RST_STREAM with an unknown code', [post(3), frame(RST_STREAM, 0, 3, uint32(0xff)), get(5)], 'lenient'],
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
    [
      '6.8',
      'GOAWAY with an unknown code',
      [frame(GOAWAY, 0, 0, Buffer.concat([uint32(0), uint32(0xff)]))],
      'connection',
    ],
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
    [
      '6.10',
      'CONTINUATION in pieces',
      [
        frame(HEADERS, END_STREAM, 1, GET.subarray(0, 9)),
        frame(CONTINUATION, 0, 1, GET.subarray(9, 12)),
        frame(CONTINUATION, 0, 1),
        frame(CONTINUATION, END_HEADERS, 1, GET.subarray(12)),
      ],
      'served',
    ],
    [
      '6.10',
      'CONTINUATION behind one that was the last',
      [
        frame(HEADERS, END_STREAM, 1, GET.subarray(0, 9)),
        frame(CONTINUATION, END_HEADERS, 1, GET.subarray(9)),
        frame(CONTINUATION, END_HEADERS, 1, GET),
      ],
      'connection',
    ],
    [
      '6.10',
      'CONTINUATION behind DATA',
      [post(1), data(1, 'x', 0), frame(CONTINUATION, END_HEADERS, 1, GET)],
      'connection',
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
    ['8.3.1', 'no :scheme', [asked(asking().filter(([name]) => name !== ':scheme'))], 'stream'],
    ['8.3.1', 'no :path', [asked(asking().filter(([name]) => name !== ':path'))], 'stream'],
    ['8.3.1', ':scheme twice', [asked([[':scheme', 'https'], ...asking()])], 'stream'],
    ['8.3.1', ':path twice', [asked([[':path', '/y'], ...asking()])], 'stream'],
    ['8.3.1', ':authority twice', [asked([[':authority', 'localhost'], ...asking()])], 'stream'],
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
      'RFC 7541, 2.3.3',
      'a name whose index is not there',
      [frame(HEADERS, END_HEADERS | END_STREAM, 1, Buffer.concat([GET, Buffer.from([0x7f, 0x20, 1, 0x78])]))],
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
    ['RFC 7541, 5.1', 'a number without an end', [withBytes([0, 0x7f, ...Array<number>(8).fill(0xff)])], 'connection'],
    [
      'RFC 7541, 5.2',
      'Huffman padding of zeros',
      [withBytes([0, 1, 0x78, 0x85, 0xf2, 0xb2, 0x4a, 0x87, 0xf8])],
      'connection',
    ],
    [
      'RFC 7541, 5.2',
      'the end of a string within it',
      [withBytes([0, 1, 0x78, 0x84, 0xff, 0xff, 0xff, 0xff])],
      'connection',
    ],
    ['RFC 7541, 5.2', 'a string longer than its block', [withBytes([0, 1, 0x78, 0x7e, 0x78])], 'connection'],
    ['RFC 7541, 6.2.1', 'a field that is kept, and named', [withBytes([0x40, 1, 0x78, 1, 0x79, 0xbe])], 'served'],
    ['RFC 7541, 6.2.1', 'a kept field with a known name', [withBytes([0x53, 1, 0x79, 0xbe])], 'served'],
    ['RFC 7541, 6.2.2', 'a field that is not kept', [withBytes([0x0f, 0x04, 1, 0x79])], 'served'],
    ['RFC 7541, 6.2.3', 'a field that is never kept', [withBytes([0x10, 1, 0x78, 1, 0x79])], 'served'],
    ['RFC 7541, 5.2', 'Huffman codes', [withBytes([0, 1, 0x78, 0x85, 0xf2, 0xb2, 0x4a, 0x87, 0xff])], 'served'],
    [
      'RFC 7541, 6.3',
      'two changes of the table',
      [frame(HEADERS, END_HEADERS | END_STREAM, 1, Buffer.concat([Buffer.from([0x20, 0x3f, 0xe1, 0x1f]), GET]))],
      'served',
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

// Floods of HTTP/2 frames, each as a way to make the n-th message. What is known of them: CVE-2019-9511 to 9518, rapid reset
// (CVE-2023-44487), CONTINUATION (CVE-2024-27316), MadeYouReset (CVE-2025-8671).
import {
  ACK,
  asking,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
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

export interface Flood {
  readonly name: string;
  /** The n-th message, from 0 on. */
  readonly message: (n: number) => readonly Buffer[];
  readonly first?: readonly Buffer[];
  /** How many at most. */
  readonly messages: number;
  /** `closed`: the connection must not outlive it; else it may be absorbed too. */
  readonly ends?: 'closed';
}

const GET = fieldBlock(asking());
const POST = fieldBlock(asking('POST'));
const CANCEL = uint32(8);
const id = (n: number): number => 2 * n + 1;
const get = (n: number): Buffer => frame(HEADERS, END_HEADERS | END_STREAM, id(n), GET);
const post = (n: number): Buffer => frame(HEADERS, END_HEADERS, id(n), POST);
/** On itself: an error of the stream. */
const selfish = (n: number): Buffer => frame(PRIORITY, 0, id(n), Buffer.concat([uint32(id(n)), Buffer.from([16])]));

/** A field of 4,000 bytes that is kept, as entry 62 of the table, and then named again and again by one byte (RFC 7541). */
const BOMB_FIELD = Buffer.concat([
  Buffer.from([0x40, 1]),
  Buffer.from('x'),
  Buffer.from([0x7f, 0xa1, 0x1e]),
  Buffer.alloc(4000, 'y'),
]);
const BOMB = Buffer.concat([GET, BOMB_FIELD, Buffer.alloc(3000, 0xbe)]);
const TINY = Buffer.concat([GET, fieldBlock(Array.from({ length: 1500 }, () => ['x', ''] as const))]);
const CRUMBS = Buffer.concat([GET, fieldBlock(Array.from({ length: 500 }, () => ['cookie', 'a=b'] as const))]);

export const FLOODS: readonly Flood[] = [
  {
    name: 'rapid reset',
    message: (n) => [get(n), frame(RST_STREAM, 0, id(n), CANCEL)],
    messages: 3000,
    ends: 'closed',
  },
  {
    name: 'rapid reset of uploads',
    message: (n) => [post(n), frame(DATA, 0, id(n), Buffer.from('x')), frame(RST_STREAM, 0, id(n), CANCEL)],
    messages: 3000,
    ends: 'closed',
  },
  {
    name: 'resets provoked by a window of zero',
    message: (n) => [post(n), frame(WINDOW_UPDATE, 0, id(n), uint32(0))],
    messages: 3000,
    ends: 'closed',
  },
  {
    name: 'resets provoked by a window too large',
    message: (n) => [
      post(n),
      frame(WINDOW_UPDATE, 0, id(n), uint32(0x7fffffff)),
      frame(WINDOW_UPDATE, 0, id(n), uint32(0x7fffffff)),
    ],
    messages: 3000,
    ends: 'closed',
  },
  {
    name: 'resets provoked by DATA behind the end',
    message: (n) => [get(n), frame(DATA, END_STREAM, id(n), Buffer.from('x'))],
    messages: 3000,
    ends: 'closed',
  },
  {
    name: 'resets provoked by HEADERS behind the end',
    message: (n) => [get(n), get(n)],
    messages: 3000,
    ends: 'closed',
  },
  { name: 'resets provoked by a priority', message: (n) => [post(n), selfish(n)], messages: 3000, ends: 'closed' },
  {
    name: 'resets provoked by a short PRIORITY',
    message: (n) => [post(n), frame(PRIORITY, 0, id(n), Buffer.from([0]))],
    messages: 3000,
    ends: 'closed',
  },
  {
    name: 'resets provoked by a wrong length',
    message: (n) => [
      frame(HEADERS, END_HEADERS, id(n), fieldBlock([...asking('POST'), ['content-length', '1']])),
      frame(DATA, END_STREAM, id(n), Buffer.from('xx')),
    ],
    messages: 3000,
    ends: 'closed',
  },
  {
    name: 'malformed requests',
    message: (n) => [
      frame(HEADERS, END_HEADERS | END_STREAM, id(n), fieldBlock([...asking(), ['connection', 'close']])),
    ],
    messages: 3000,
    ends: 'closed',
  },
  {
    name: 'requests that are refused',
    message: (n) => [frame(HEADERS, END_HEADERS | END_STREAM, id(n), fieldBlock(asking('GET', '/%00')))],
    messages: 6000,
  },
  {
    name: 'CONTINUATION without end',
    first: [frame(HEADERS, END_STREAM, 1, GET)],
    message: () => [frame(CONTINUATION, 0, 1, fieldBlock([['x', 'y'.repeat(1000)]]))],
    messages: 2000,
    ends: 'closed',
  },
  {
    name: 'empty CONTINUATION',
    first: [frame(HEADERS, END_STREAM, 1, GET)],
    message: () => [frame(CONTINUATION, 0, 1)],
    messages: 5000,
    ends: 'closed',
  },
  { name: 'HPACK bombs', message: (n) => [frame(HEADERS, END_HEADERS | END_STREAM, id(n), BOMB)], messages: 600 },
  {
    name: 'HPACK with tiny fields',
    message: (n) => [frame(HEADERS, END_HEADERS | END_STREAM, id(n), TINY)],
    messages: 600,
  },
  {
    name: 'HPACK with crumbs of cookies',
    message: (n) => [frame(HEADERS, END_HEADERS | END_STREAM, id(n), CRUMBS)],
    messages: 600,
  },
  { name: 'SETTINGS', message: () => [frame(SETTINGS, 0, 0)], messages: 40_000 },
  {
    name: 'SETTINGS that move the windows',
    message: (n) => [frame(SETTINGS, 0, 0, setting(4, n % 2 === 0 ? 0 : 65_535))],
    messages: 40_000,
  },
  {
    name: 'SETTINGS that change the table of HPACK',
    message: (n) => [frame(SETTINGS, 0, 0, setting(1, n % 2 === 0 ? 0 : 4096))],
    messages: 40_000,
  },
  {
    name: 'SETTINGS with many entries',
    message: () => [frame(SETTINGS, 0, 0, Buffer.concat(Array.from({ length: 1000 }, () => setting(3, 100))))],
    messages: 500,
    ends: 'closed',
  },
  { name: 'acknowledgements of SETTINGS', message: () => [frame(SETTINGS, ACK, 0)], messages: 40_000, ends: 'closed' },
  { name: 'PING', message: () => [frame(PING, 0, 0, Buffer.alloc(8))], messages: 60_000 },
  { name: 'empty DATA', first: [post(0)], message: () => [frame(DATA, 0, 1)], messages: 40_000, ends: 'closed' },
  {
    name: 'DATA that is padding',
    first: [post(0)],
    message: () => [frame(DATA, PADDED, 1, Buffer.alloc(200, 199))],
    messages: 4000,
  },
  {
    name: 'PRIORITY',
    message: (n) => [frame(PRIORITY, 0, id(n), Buffer.concat([uint32(0), Buffer.from([16])]))],
    messages: 40_000,
    ends: 'closed',
  },
  { name: 'WINDOW_UPDATE', message: () => [frame(WINDOW_UPDATE, 0, 0, uint32(1))], messages: 60_000 },
  {
    name: 'frames of an unknown type',
    message: () => [frame(0x77, 0, 0, Buffer.alloc(16))],
    messages: 40_000,
    ends: 'closed',
  },
  {
    name: 'resets of streams that are over',
    first: [get(0)],
    message: () => [frame(RST_STREAM, 0, 1, CANCEL)],
    messages: 20_000,
    ends: 'closed',
  },
  { name: 'GOAWAY', message: (n) => [frame(GOAWAY, 0, 0, Buffer.concat([uint32(0), uint32(n)]))], messages: 20_000 },
  { name: 'more streams than allowed', message: (n) => [post(n)], messages: 3000, ends: 'closed' },
];

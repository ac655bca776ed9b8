// Responses for the properties: well-formed ones of every kind, odd ones, and both with a few bytes
// changed, cut out, doubled or put in.
import fc from 'fast-check';
import type { Exchange } from './oracle.ts';
import { bytes } from './support.ts';

/** What attacks on response framing are made of. */
const TOKENS = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '"',
  '\\',
  '=',
  '0',
  '1',
  'a',
  'F',
  '\x7f',
  '\xff',
  '\x0b',
  '\r\n\r\n',
  '0\r\n\r\n',
  '\r\n ',
  ' :',
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.0 ',
  'HTTP/2.0 ',
  '100',
  '101',
  '204',
  'Content-Length: 3\r\n',
  'Content-Length: 03\r\n',
  'content-length:5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip\r\n',
  'Connection: close\r\n',
  'Connection: upgrade\r\n',
  'Upgrade: x\r\n',
  'X-A: b\r\n',
  '3\r\nabc\r\n',
  ';a=b',
  ';a="b\\""',
  'ffffffffffffffff',
  '-',
  '+',
  '0x',
];

const name = fc.constantFrom('X-A', 'x-b', 'Server', 'ETag', 'Set-Cookie', 'Content-Type', 'Vary', "!#$%&'*+-.^_`|~");
const valueText = fc.string({
  unit: fc.constantFrom('a', 'Z', '0', ' ', '\t', ',', '=', '"', ';', '\xe9', '\x80', '~'),
  maxLength: 12,
});
const space = fc.constantFrom('', ' ', '\t', '  ');
const field = fc
  .tuple(name, space, valueText, space)
  .map(([n, before, value, after]) => `${n}:${before}${value}${after}\r\n`);
const connection = fc.constantFrom(
  '',
  '',
  '',
  'Connection: close\r\n',
  'Connection: keep-alive\r\n',
  'Connection: X-A, close\r\n',
  'Keep-Alive: timeout=5\r\n',
  'Upgrade: h2c\r\n',
);
const body = fc.string({ unit: fc.constantFrom('a', 'b', '\r', '\n', '0', '\xff'), maxLength: 40 });

const extension = fc.constantFrom('', '', '', ';a', ';a=b', ';a="b c\\"\xe9"', ';a;b=c');
const chunk = fc
  .tuple(body, extension, fc.boolean(), fc.integer({ min: 0, max: 3 }))
  .map(([data, ext, isUpper, zeros]) => {
    if (data === '') return '';
    const size = data.length.toString(16);
    return `${'0'.repeat(zeros)}${isUpper ? size.toUpperCase() : size}${ext}\r\n${data}\r\n`;
  });
const trailers = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  fc
    .array(fc.oneof(field, fc.constant('X-T: 1\r\n'), fc.constant('Content-Length: 3\r\n')), { maxLength: 3 })
    .map((lines) => lines.join('')),
);
const chunked = fc
  .tuple(fc.array(chunk, { maxLength: 4 }), extension, trailers)
  .map(([chunks, ext, lines]) => `${chunks.join('')}0${ext}\r\n${lines}\r\n`);

const framed = fc.oneof(
  body.map((data) => [`Content-Length: ${data.length}\r\n`, data] as const),
  chunked.map((data) => ['Transfer-Encoding: chunked\r\n', data] as const),
  body.map((data) => ['', data] as const),
  fc
    .tuple(chunked, fc.constantFrom('gzip, chunked', 'Chunked', 'identity', 'chunked, chunked'))
    .map(([data, coding]) => [`Transfer-Encoding: ${coding}\r\n`, data] as const),
  fc
    .tuple(body, fc.constantFrom('03', '1, 1', '9007199254740992', '0', '3'))
    .map(([data, length]) => [`Content-Length: ${length}\r\n`, data] as const),
);

const statusLine = fc
  .tuple(
    fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'),
    fc.constantFrom(200, 200, 200, 204, 304, 404, 500, 599, 600, 205),
    fc.constantFrom(' OK', '', ' ', ' Not Found\t\xe9'),
  )
  .map(([version, status, reason]) => `${version} ${status}${reason}\r\n`);

const interim = fc
  .array(fc.tuple(fc.constantFrom(100, 102, 103), fc.array(field, { maxLength: 2 })), { maxLength: 2 })
  .map((list) => list.map(([status, fields]) => `HTTP/1.1 ${status} Wait\r\n${fields.join('')}\r\n`).join(''));

const wellFormed = fc
  .tuple(
    interim,
    statusLine,
    fc.array(field, { maxLength: 5 }),
    connection,
    framed,
    fc.nat({ max: 5 }),
    fc.constantFrom('', '', '', 'HTTP/1.1 200 OK\r\n\r\n', 'x'),
  )
  .map(([before, line, fields, conn, [framing, data], place, after]) => {
    const lines = [...fields];
    lines.splice(place, 0, framing, conn);
    return `${before}${line}${lines.join('')}\r\n${data}${after}`;
  });

interface Change {
  at: number;
  cut: number;
  put: string;
  double: boolean;
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat({ max: 999 }),
  cut: fc.constantFrom(0, 0, 1, 1, 2, 9),
  put: fc.oneof(
    fc.constant(''),
    fc.constantFrom(...TOKENS),
    fc.nat({ max: 255 }).map((code) => String.fromCharCode(code)),
  ),
  double: fc.boolean(),
});

function apply(text: string, { at, cut, put, double }: Change): string {
  const place = Math.floor((at / 1000) * (text.length + 1));
  const rest = text.slice(place + cut);
  return text.slice(0, place) + (double ? text.slice(place, place + 8) : '') + put + rest;
}

/** Responses, half of them changed in one to three places. */
export const exchange: fc.Arbitrary<Exchange> = fc
  .tuple(
    fc.constantFrom('GET', 'GET', 'GET', 'HEAD') as fc.Arbitrary<Exchange['method']>,
    wellFormed,
    fc.oneof(fc.constant([]), fc.array(change, { minLength: 1, maxLength: 3 })),
  )
  .map(([method, text, changes]) => ({ method, input: bytes(changes.reduce(apply, text)) }));

/** Places to cut some bytes at, as parts of a thousand. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.nat({ max: 1000 }), { maxLength: 8 });

export function cutAt(input: Buffer, places: readonly number[]): Buffer[] {
  const at = places.map((place) => Math.floor((place / 1000) * input.length)).sort((a, b) => a - b);
  return [0, ...at].map((from, i) => input.subarray(from, at[i] ?? input.length));
}

/** Anything at all, mostly of what responses are made of. */
export const noise: fc.Arbitrary<Buffer> = fc.oneof(
  fc.array(fc.constantFrom(...TOKENS, 'HTTP/1.1 200 OK\r\n'), { maxLength: 40 }).map((parts) => bytes(parts.join(''))),
  fc.array(fc.constantFrom(...TOKENS), { maxLength: 40 }).map((parts) => bytes(`HTTP/1.1 200 OK\r\n${parts.join('')}`)),
  fc
    .array(fc.constantFrom(...TOKENS), { maxLength: 40 })
    .map((parts) => bytes(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${parts.join('')}`)),
  fc.uint8Array({ maxLength: 200 }).map((data) => Buffer.from(data)),
);

// Responses, byte for byte: what is read out of the well-formed ones, in one piece and cut at every
// place, and which are refused. Every refusal is a response that two readers may read differently.
import { describe, expect, test } from 'vitest';
import { type Outcome, type ParseOptions, parse, single } from './events.ts';
import { bytes } from './support.ts';

const OK = 'HTTP/1.1 200 OK\r\n';

type Case = [name: string, input: string, expected: Partial<Outcome>, options?: ParseOptions];

const ACCEPTED: Case[] = [
  [
    'a counted body',
    `${OK}Content-Length: 5\r\n\r\nhello`,
    { status: 200, body: 'hello', headers: ['content-length', '5'] },
  ],
  ['an empty body', `${OK}Content-Length: 0\r\n\r\n`, { body: '', isKeptAlive: true }],
  [
    'a length with zeros before it, told without them',
    `${OK}Content-Length: 005\r\n\r\nhello`,
    {
      body: 'hello',
      headers: ['content-length', '5'],
    },
  ],
  ['no reason phrase', 'HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n', { status: 200 }],
  ['no reason phrase and no space', 'HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n', { status: 404 }],
  ['a reason phrase of bytes above 0x7f', 'HTTP/1.1 200 \xe9t\xe9\tx\r\nContent-Length: 0\r\n\r\n', { status: 200 }],
  [
    'names in lower case, values trimmed, order and repeats kept',
    `${OK}X-A: 1\r\nSet-Cookie:a=1\r\nset-cookie:\t b=2 \t\r\nX-Empty:\r\nX-High: \xe9\r\nContent-Length: 0\r\n\r\n`,
    {
      headers: [
        'x-a',
        '1',
        'set-cookie',
        'a=1',
        'set-cookie',
        'b=2',
        'x-empty',
        '',
        'x-high',
        '\xe9',
        'content-length',
        '0',
      ],
    },
  ],
  [
    'whitespace within a value',
    `${OK}X-A:  a \t b  \r\nContent-Length: 0\r\n\r\n`,
    {
      headers: ['x-a', 'a \t b', 'content-length', '0'],
    },
  ],
  [
    'every tchar in a name',
    `${OK}!#$%&'*+-.^_\`|~09azAZ: x\r\nContent-Length: 0\r\n\r\n`,
    {
      headers: ["!#$%&'*+-.^_`|~09azaz", 'x', 'content-length', '0'],
    },
  ],
  [
    'a chunked body',
    `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n`,
    {
      body: 'abc0123456789',
      headers: [],
      isKeptAlive: true,
    },
  ],
  ['an empty chunked body', `${OK}Transfer-Encoding: Chunked\r\n\r\n000\r\n\r\n`, { body: '' }],
  [
    'chunk extensions',
    `${OK}Transfer-Encoding: chunked\r\n\r\n1;a;b=c;d="e \\" ;\t\xe9"\r\nx\r\n0;last\r\n\r\n`,
    { body: 'x' },
  ],
  [
    'trailers, without the fields that steer a message',
    `${OK}Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 1\r\nHost: h\r\nSet-Cookie: a\r\nConnection: x\r\nX-B:\r\n\r\n`,
    {
      body: 'x',
      trailers: ['x-sum', '1', 'x-b', ''],
      headers: ['trailer', 'X-Sum'],
    },
  ],
  [
    'a body up to the end of the connection',
    `${OK}X-A: 1\r\n\r\nall of\r\nit`,
    { body: 'all of\r\nit', isKeptAlive: false },
    { isClosed: true },
  ],
  [
    'HTTP/1.0 up to the end of the connection',
    'HTTP/1.0 200 OK\r\n\r\nold',
    { body: 'old', isKeptAlive: false },
    { isClosed: true },
  ],
  ['HTTP/1.0 with a length', 'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold', { body: 'old', isKeptAlive: false }],
  [
    'HTTP/1.0 kept alive',
    'HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: Keep-Alive\r\n\r\nold',
    { body: 'old', isKeptAlive: true },
  ],
  ['Connection: close', `${OK}Content-Length: 0\r\nConnection: foo, CLOSE\r\n\r\n`, { isKeptAlive: false }],
  [
    'close and keep-alive together: close',
    `${OK}Content-Length: 0\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n`,
    { isKeptAlive: false },
  ],
  [
    'the fields of the connection taken out',
    `${OK}Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nUpgrade: h2c\r\nX-End: 2\r\nContent-Length: 0\r\n\r\n`,
    {
      headers: ['x-end', '2', 'content-length', '0'],
    },
  ],
  [
    'an answer to HEAD, with a length',
    `${OK}Content-Length: 500\r\n\r\n`,
    { body: '', headers: ['content-length', '500'], isKeptAlive: true },
    { method: 'HEAD' },
  ],
  [
    'an answer to HEAD, chunked',
    `${OK}Transfer-Encoding: chunked\r\n\r\n`,
    { body: '', headers: [], isKeptAlive: true },
    { method: 'HEAD' },
  ],
  ['an answer to HEAD without framing', `${OK}\r\n`, { body: '', isKeptAlive: true }, { method: 'HEAD' }],
  ['204', 'HTTP/1.1 204 No Content\r\n\r\n', { status: 204, body: '', isKeptAlive: true }],
  [
    '204 with a length of 0',
    'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n',
    { headers: [], isKeptAlive: true },
  ],
  [
    '204 to HEAD, told without a length',
    'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n',
    { headers: [], isKeptAlive: false },
    { method: 'HEAD' },
  ],
  [
    '204 that may have a body: nothing after it is trusted',
    'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n',
    { headers: [], isKeptAlive: false },
  ],
  [
    '304 with the length of what it stands for',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n',
    { body: '', headers: ['content-length', '500'], isKeptAlive: true },
  ],
  [
    'interim answers',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 0\r\n\r\n${OK}Content-Length: 1\r\n\r\nx`,
    {
      interim: [
        { status: 100, headers: [] },
        { status: 103, headers: ['link', '</a>'] },
      ],
      status: 200,
      body: 'x',
    },
  ],
  [
    'an interim answer with a length, without it; nothing may follow its final answer',
    `HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\nLink: </a>\r\n\r\n${OK}Content-Length: 1\r\n\r\nx`,
    { interim: [{ status: 103, headers: ['link', '</a>'] }], status: 200, body: 'x', isKeptAlive: false },
  ],
  [
    'an interim answer with connection options, without them',
    `HTTP/1.1 103 Early Hints\r\nConnection: close, X-A\r\nX-A: 1\r\nX-B: 2\r\n\r\n${OK}Content-Length: 1\r\n\r\nx`,
    { interim: [{ status: 103, headers: ['x-b', '2'] }], status: 200, body: 'x', isKeptAlive: false },
  ],
  [
    '101 that was asked for',
    'HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-A: 1\r\n\r\nraw',
    { status: 101, headers: ['x-a', '1'], end: 'upgraded', rest: 'raw' },
    { mayUpgrade: true },
  ],
  [
    'bytes after the end, which no answer owns',
    `${OK}Content-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n\r\n`,
    { body: 'x', rest: 'HTTP/1.1 200 OK\r\n\r\n' },
  ],
  ['bytes after the last chunk', `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nmore`, { body: '', rest: 'more' }],
  ['bytes after an answer to HEAD', `${OK}Content-Length: 3\r\n\r\nabc`, { body: '', rest: 'abc' }, { method: 'HEAD' }],
];

const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const field = (line: string): string => `${OK}${line}\r\nContent-Length: 0\r\n\r\n`;

const REFUSED: [name: string, input: string, options?: ParseOptions][] = [
  // Status line (RFC 9112, 4).
  ['HTTP/1.2', 'HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['HTTP/2.0', 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['http in lower case', 'http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['another protocol', 'ICY 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['HTTP/0.9', '<html>hello</html>\r\n\r\n'],
  ['an empty line first', `\r\n${OK}Content-Length: 0\r\n\r\n`],
  ['two spaces before the status', 'HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a tab before the status', 'HTTP/1.1\t200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n'],
  ['status 099', 'HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n'],
  ['status 600', 'HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a signed status', 'HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n'],
  ['NUL in the reason phrase', 'HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n'],
  ['a status line alone', 'HTTP/1.1\r\n\r\n\r\n\r\n\r\n'],
  // Line ends (RFC 9112, 2.2).
  ['a bare LF after the status line', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
  ['a bare LF after a field', field('X-A: 1\nX-B: 2')],
  ['a bare LF as blank line', `${OK}Content-Length: 0\r\n\n`],
  ['only bare LF', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
  ['a bare CR within a value', field('X-A: 1\rX-B: 2')],
  ['a bare CR within a name', field('X\rA: 1')],
  ['two CR before LF', field('X-A: 1\r')],
  // Fields (RFC 9112, 5).
  ['a space before the colon', field('X-A : 1')],
  ['a tab before the colon', field('X-A\t: 1')],
  ['a space before the name', field(' X-A: 1')],
  ['a folded line', field('X-A: 1\r\n 2')],
  ['a folded first line', `${OK} X-A: 1\r\nContent-Length: 0\r\n\r\n`],
  ['an empty name', field(': 1')],
  ['no colon', field('X-A')],
  ['a name with a parenthesis', field('X(A): 1')],
  ['a name with a high byte', field('X\xe9: 1')],
  ['NUL in a value', field('X-A: 1\0')],
  ['DEL in a value', field('X-A: \x7f')],
  ['a control in a value', field('X-A: \x01')],
  // Framing (RFC 9112, 6).
  ['two different lengths', `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx`],
  ['two equal lengths', `${OK}Content-Length: 1\r\nContent-Length: 1\r\n\r\nx`],
  ['a list of equal lengths', `${OK}Content-Length: 1, 1\r\n\r\nx`],
  ['an empty length', `${OK}Content-Length:\r\n\r\n`],
  ['a signed length', `${OK}Content-Length: +1\r\n\r\nx`],
  ['a negative length', `${OK}Content-Length: -1\r\n\r\nx`],
  ['a hexadecimal length', `${OK}Content-Length: 0x1\r\n\r\nx`],
  ['a length with a space', `${OK}Content-Length: 1 1\r\n\r\nx`],
  ['a length beyond 2^53-1', `${OK}Content-Length: 9007199254740992\r\n\r\nx`],
  ['a length beyond 2^64', `${OK}Content-Length: 18446744073709551617\r\n\r\nx`],
  ['length and chunks together', `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['chunks and length together', `${OK}Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n`],
  [
    'length and chunks in an answer to HEAD',
    `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
    { method: 'HEAD' },
  ],
  ['two lengths in an answer to HEAD', `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, { method: 'HEAD' }],
  ...[
    'gzip, chunked',
    'chunked, chunked',
    'identity',
    'chunked, identity',
    'xchunked',
    'chunked;q=1',
    '',
    'chunked,',
    'chun ked',
    '"chunked"',
    '\x0bchunked',
  ].map((coding): [string, string] => [
    `Transfer-Encoding: ${JSON.stringify(coding)}`,
    `${OK}Transfer-Encoding: ${coding}\r\n\r\n0\r\n\r\n`,
  ]),
  ['two Transfer-Encoding fields', `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['Transfer-Encoding in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  // Chunks (RFC 9112, 7.1).
  ...[
    '0x5\r\nhello\r\n0\r\n\r\n',
    '5 \r\nhello\r\n0\r\n\r\n',
    ' 5\r\nhello\r\n0\r\n\r\n',
    '-5\r\nhello\r\n0\r\n\r\n',
    '+5\r\nhello\r\n0\r\n\r\n',
    'g\r\nhello\r\n0\r\n\r\n',
    '\r\nhello\r\n0\r\n\r\n',
    ';a\r\nhello\r\n0\r\n\r\n',
    '5\nhello\r\n0\r\n\r\n',
    '5\rhello\r\n0\r\n\r\n',
    '5\r\nhello0\r\n\r\n',
    '5\r\nhello\n0\r\n\r\n',
    '5\r\nhello\r0\r\n\r\n',
    '5\r\nhello!\r\n0\r\n\r\n',
    '5\r\nhello\r\n0\r\n\n',
    '5\r\nhello\r\n0\r\n\rX',
    '5;\r\nhello\r\n0\r\n\r\n',
    '5; a\r\nhello\r\n0\r\n\r\n',
    '5;a=\r\nhello\r\n0\r\n\r\n',
    '5;a="b\r\nhello\r\n0\r\n\r\n',
    '5;a="b"c\r\nhello\r\n0\r\n\r\n',
    '5;a\nb\r\nhello\r\n0\r\n\r\n',
    '5;a\rb\r\nhello\r\n0\r\n\r\n',
    '5;a=\0\r\nhello\r\n0\r\n\r\n',
    '5_0\r\nhello\r\n0\r\n\r\n',
    '20000000000000\r\nhello',
    'fffffffffffffffff\r\nhello',
    '00000000000000005\r\nhello\r\n0\r\n\r\n',
    '0\r\nContent-Length: 3\r\n\r\n',
    '0\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    '0\r\nX-A : 1\r\n\r\n',
    '0\r\nX-A: 1\n\r\n',
    '0\r\n X-A: 1\r\n\r\n',
    '0\r\nHTTP/1.1 200 OK\r\n\r\n',
  ].map((body): [string, string] => [`chunks ${JSON.stringify(body)}`, CHUNKED + body]),
  // Interim answers (RFC 9110, 15.2).
  ['101 that nobody asked for', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
  ['an interim answer with content', 'HTTP/1.1 103 Hints\r\nContent-Length: 5\r\n\r\nhello'],
  ['an interim answer with chunks', 'HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['an interim answer of HTTP/1.0', `HTTP/1.0 102 Wait\r\n\r\n${OK}Content-Length: 0\r\n\r\n`],
  // Bounds.
  ['interim answers without end', `${'HTTP/1.1 102 Wait\r\n\r\n'.repeat(17)}${OK}Content-Length: 0\r\n\r\n`],
  ['a head too long', `${OK}X: ${'x'.repeat(200)}\r\nContent-Length: 0\r\n\r\n`, { limits: { maxHeadBytes: 128 } }],
  ['a head too long that does not end', `${OK}X: ${'x'.repeat(200)}`, { limits: { maxHeadBytes: 128 } }],
  ['too many fields', `${OK}${'X: 1\r\n'.repeat(9)}\r\n`, { limits: { maxFields: 8 } }],
  ['too many trailers', `${CHUNKED}0\r\n${'X: 1\r\n'.repeat(9)}\r\n`, { limits: { maxFields: 8 } }],
  ['trailers too long', `${CHUNKED}0\r\nX: ${'x'.repeat(200)}\r\n\r\n`, { limits: { maxTrailerBytes: 128 } }],
  [
    'chunk extensions too long',
    `${CHUNKED}1;${'a'.repeat(60)}\r\nx\r\n1;${'a'.repeat(60)}\r\n`,
    { limits: { maxChunkExtensionBytes: 100 } },
  ],
];

describe('a well-formed response', () => {
  test.for(ACCEPTED)('%s', ([, input, expected, options]) => {
    expect(parse([bytes(input)], options)).toMatchObject({ end: 'complete', rest: '', ...expected });
  });

  test.for(ACCEPTED)('is read alike cut at any place: %s', ([, text, , options]) => {
    const input = bytes(text);
    const whole = parse([input], options);
    expect(parse(single(input), options)).toEqual(whole);
    for (let i = 1; i < input.length; i += 1) {
      expect(parse([input.subarray(0, i), input.subarray(i)], options)).toEqual(whole);
    }
  });

  test('exactly as long as allowed passes', () => {
    const input = `${OK}Content-Length: 0\r\n\r\n`;
    const limits = { maxHeadBytes: input.length, maxFields: 1 };
    expect(parse([bytes(input)], { limits }).end).toBe('complete');
    expect(parse(single(bytes(input)), { limits }).end).toBe('complete');
    expect(parse([bytes(input)], { limits: { maxHeadBytes: input.length - 1 } }).end).toBe('upstream_protocol');
    expect(parse(single(bytes(input)), { limits: { maxHeadBytes: input.length - 1 } }).end).toBe('upstream_protocol');
  });
});

describe('refused, and refused alike cut at any place', () => {
  test.for(REFUSED)('%s', ([, text, options]) => {
    const input = bytes(text);
    const whole = parse([input], options);
    expect(whole.end).toBe('upstream_protocol');
    expect(parse(single(input), options)).toEqual(whole);
    for (let i = 1; i < input.length; i += 1) {
      expect(parse([input.subarray(0, i), input.subarray(i)], options)).toEqual(whole);
    }
  });
});

describe('the end of the connection', () => {
  test.for([
    ['before anything', '', 'upstream_closed'],
    ['within the status line', 'HTTP/1.1 2', 'upstream_closed'],
    ['within the fields', `${OK}Content-Le`, 'upstream_closed'],
    ['after an interim answer', 'HTTP/1.1 100 Continue\r\n\r\n', 'upstream_closed'],
    ['within a counted body', `${OK}Content-Length: 5\r\n\r\nhell`, 'upstream_closed'],
    ['within a chunk', `${CHUNKED}5\r\nhell`, 'upstream_closed'],
    ['after a chunk', `${CHUNKED}5\r\nhello\r\n`, 'upstream_closed'],
    ['before the last blank line', `${CHUNKED}0\r\n`, 'upstream_closed'],
    ['within the trailers', `${CHUNKED}0\r\nX-A: 1\r\n`, 'upstream_closed'],
    ['after a whole answer', `${OK}Content-Length: 0\r\n\r\n`, 'complete'],
    ['as the end of the body', `${OK}\r\nhello`, 'complete'],
  ] as const)('%s', ([, input, end]) => {
    expect(parse([bytes(input)], { isClosed: true }).end).toBe(end);
    expect(parse(single(bytes(input)), { isClosed: true }).end).toBe(end);
  });
});

// Whatever fields a backend's answer has, its client gets an answer: what the client's protocol cannot say is left out.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startRawBackend } from '../support/backend.ts';
import { describeProtocols, exchangeBytes, type Over, request } from '../support/client.ts';
import { startGateway, type World } from '../support/world.ts';

/** Byte strings: one char, one byte. */
const UTF8 = Buffer.from('Grüße ☃').toString('latin1');
const LATIN1 = 'Gr\u00fc\u00dfe';

/** A gateway before a backend that answers with the bytes that stand in `answer`. */
async function startOdd(): Promise<World & { answer: string }> {
  const box = { answer: '' };
  const backend = await startRawBackend((socket) => {
    socket.on('data', () => void socket.end(box.answer, 'latin1'));
  });
  return Object.assign(box, await startGateway(`sites: { localhost: { to: "${backend.url}" } }`));
}

const ask = (version: string, method = 'GET'): string =>
  `${method} / HTTP/${version}\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
const CHUNKED = 'Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx-sum: 7\r\n\r\n';

describe('the field Trailer', () => {
  test.for([
    { what: 'a counted body', asked: ask('1.1'), status: 200, rest: 'Content-Length: 1\r\n\r\na', isSaid: false },
    { what: 'chunks', asked: ask('1.1'), status: 200, rest: CHUNKED, isSaid: true },
    { what: 'chunks for HTTP/1.0', asked: ask('1.0'), status: 200, rest: CHUNKED, isSaid: false },
    { what: 'an answer to HEAD', asked: ask('1.1', 'HEAD'), status: 200, rest: CHUNKED.slice(0, 30), isSaid: false },
    { what: 'no change', asked: ask('1.1'), status: 304, rest: '\r\n', isSaid: false },
    { what: 'no content', asked: ask('1.1'), status: 204, rest: '\r\n', isSaid: false },
  ])('with $what', async ({ asked, status, rest, isSaid }) => {
    const world = await startOdd();
    world.answer = `HTTP/1.1 ${status} X\r\nTrailer: x-sum\r\n${rest}`;
    const text = await exchangeBytes(world, asked);
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(/^trailer: x-sum\r$/m.test(text)).toBe(isSaid);
  });
});

test.for([UTF8, LATIN1])('a file name of the bytes %j behind a length keeps them', async (name) => {
  const world = await startOdd();
  const disposition = `attachment; filename="${name}"`;
  world.answer = `HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Disposition: ${disposition}\r\n\r\na`;
  const text = await exchangeBytes(world, ask('1.1'));
  expect(text).toContain(`content-disposition: ${disposition}\r\n`);
  expect(text).toMatch(/^content-length: 1\r$/m);
});

describeProtocols('an answer', (over) => {
  test('of 205 has no content', async () => {
    const world = await startOdd();
    world.answer = 'HTTP/1.1 205 Reset Content\r\nContent-Length: 3\r\n\r\nabc';
    expect(await request(over, world)).toMatchObject({ status: 205, body: '' });
  });

  test('as long as the gateway reads is passed on', async () => {
    const world = await startOdd();
    const fields = Array.from({ length: 250 }, (_, i) => `x-${i}: ${'~'.repeat(250)}\r\n`).join('');
    world.answer = `HTTP/1.1 200 OK\r\n${fields}Content-Length: 1\r\n\r\na`;
    const lavish = { maxHeaderSize: 100_000, maxHeaderListPairs: 300, settings: { maxHeaderListSize: 100_000 } };
    const answer = await request(over, world, { tls: lavish as object });
    expect(answer).toMatchObject({ status: 200, body: 'a' });
  });

  test('with any legal fields arrives', async () => {
    const world = await startOdd();
    await fc.assert(
      fc.asyncProperty(answers, async ({ status, fields, framing, method, version }) => {
        const head = fields.map(([name, value]) => `${name}: ${value}\r\n`);
        const length = framing === 'counted' && status !== 204 ? ['Content-Length: 1\r\n'] : [];
        const chunked = framing === 'chunked' && status !== 204 ? ['Transfer-Encoding: chunked\r\n'] : [];
        const body = framing === 'chunked' ? '1\r\na\r\n0\r\n\r\n' : 'a';
        const hasBody = method === 'GET' && status !== 204 && status !== 304;
        const lines = [...length, ...head, ...chunked].join('');
        world.answer = `HTTP/1.1 ${status} X\r\n${lines}\r\n${hasBody ? body : ''}`;
        expect(await statusOf(over, world, method, version)).toBe(status);
      }),
      { numRuns: 80 },
    );
  });
});

const NAMES =
  'trailer expect content-disposition date keep-alive te upgrade connection host age link etag content-type set-cookie ' +
  'http2-settings proxy-connection content-location location refresh server __proto__ constructor cookie vary warning ' +
  "x-!#$%&'*+.^_`|~ a x-odd retry-after proxy-authenticate content-encoding content-language status priority alt-svc";
const VALUES = [
  '',
  'x',
  'trailers',
  'close',
  'chunked',
  ',',
  ';=,',
  'a\tb',
  '//',
  '\\',
  'http://[',
  '\xff\xfe',
  UTF8,
  LATIN1,
];

/** Of these two with different values are none: the answer has two readings. */
const SINGLE = /^(?:content-(?:type|disposition|location|range)|location|refresh)$/;

const value = fc.oneof(
  fc.constantFrom(...VALUES),
  fc.string({ unit: fc.constantFrom(...'az09 ",;=:/\\%[]()<>@\t\x80\xff~'.split('')), maxLength: 40 }),
);
const answers = fc.record({
  status: fc.constantFrom(200, 204, 205, 206, 304, 307, 404, 416, 500, 599),
  fields: fc
    .array(fc.tuple(fc.constantFrom(...NAMES.split(' ')), value), { maxLength: 12 })
    .map((all) => all.filter(([name], i) => !SINGLE.test(name) || all.findIndex((each) => each[0] === name) === i)),
  framing: fc.constantFrom('counted', 'chunked', 'to the end'),
  method: fc.constantFrom('GET', 'HEAD'),
  version: fc.constantFrom('1.0', '1.1'),
});

async function statusOf(over: Over, world: World, method: string, version: string): Promise<number> {
  if (over === 'h2') return (await request(over, world, { method })).status;
  const text = await exchangeBytes(world, ask(version, method));
  return Number(/^HTTP\/1\.1 (\d\d\d) /.exec(text)?.[1]);
}

// What a backend answers with two readings never reaches a client as an answer: it is 502, or it breaks off.
import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/backend.ts';
import { describeProtocols, request } from '../../support/client.ts';
import { startGateway } from '../../support/world.ts';

const OK = 'HTTP/1.1 200 OK\r\n';
const counted = (fields: string, body = 'hello'): string => `${OK}${fields}\r\n${body}`;
const SECOND = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';

interface Case {
  readonly name: string;
  readonly bytes: string;
  /** `broken`: 502, or an answer that breaks off; a text: 200 with that body. */
  readonly allowed: 'broken' | { readonly body: string; readonly headers?: Readonly<Record<string, string>> };
}

const MALFORMED = [
  ['no status', 'HTTP/1.1\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a status of 600', 'HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a status of 000', 'HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n'],
  ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
  ['HTTP/2 settings', '\x00\x00\x00\x04\x00\x00\x00\x00\x00'],
  ['HTTP/0.9', '<html>hello</html>'],
  ['HTTP/2.0', 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['both framings', counted('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n')],
  ['two lengths', counted('Content-Length: 5\r\nContent-Length: 6\r\n')],
  ['the same length twice', counted('Content-Length: 5\r\nContent-Length: 5\r\n')],
  ['lengths in a list', counted('Content-Length: 5, 5\r\n')],
  ['a negative length', counted('Content-Length: -5\r\n')],
  ['a length with a sign', counted('Content-Length: +5\r\n')],
  ['a hexadecimal length', counted('Content-Length: 0x5\r\n')],
  ['a huge length', counted('Content-Length: 99999999999999999999\r\n')],
  ['an empty length', counted('Content-Length:\r\n')],
  ['another coding', counted('Transfer-Encoding: gzip\r\n')],
  ['two codings', counted('Transfer-Encoding: gzip, chunked\r\n', '5\r\nhello\r\n0\r\n\r\n')],
  ['chunks in an HTTP/1.0 answer', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
  ['a bare CR in a field', counted('X: a\rY: b\r\nContent-Length: 5\r\n')],
  ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello'],
  ['a NUL in a field', counted('X: a\x00b\r\nContent-Length: 5\r\n')],
  ['a folded field', counted('X: a\r\n b\r\nContent-Length: 5\r\n')],
  ['a blank before the colon', counted('X : a\r\nContent-Length: 5\r\n')],
  ['a name with a blank', counted('X Y: a\r\nContent-Length: 5\r\n')],
  ['no name', counted(': a\r\nContent-Length: 5\r\n')],
  ['a head without an end', `${OK}${'X: y\r\n'.repeat(50_000)}`],
  ['a field without an end', `${OK}X: ${'y'.repeat(300_000)}`],
  ['101 that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'],
  ['interim answers without end', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(10_000)],
  ['an interim answer with a body', `HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nhello${SECOND}`],
  ['a bad chunk size', counted('Transfer-Encoding: chunked\r\n', '0x5\r\nhello\r\n0\r\n\r\n')],
  ['a chunk longer than it says', counted('Transfer-Encoding: chunked\r\n', '3\r\nhello\r\n0\r\n\r\n')],
  ['a negative chunk', counted('Transfer-Encoding: chunked\r\n', '-5\r\nhello\r\n0\r\n\r\n')],
  ['a huge chunk', counted('Transfer-Encoding: chunked\r\n', 'fffffffffffffffff\r\nhello\r\n')],
  ['an early end of a counted body', counted('Content-Length: 50\r\n')],
  ['an early end of chunks', counted('Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n')],
  ['an early end of the head', 'HTTP/1.1 200 OK\r\nContent-Le'],
  ['nothing', ''],
  ['two types', counted('Content-Type: text/plain\r\nContent-Type: text/html\r\nContent-Length: 5\r\n')],
  ['two places', counted('Location: /a\r\nLocation: //evil.test\r\nContent-Length: 5\r\n')],
  [
    'two dispositions',
    counted('Content-Disposition: attachment\r\nContent-Disposition: inline\r\nContent-Length: 5\r\n'),
  ],
] as const;

const table: readonly Case[] = [
  ...MALFORMED.map(([name, bytes]): Case => ({ name, bytes, allowed: 'broken' })),
  { name: 'a whole answer', bytes: counted('Content-Length: 5\r\n'), allowed: { body: 'hello' } },
  {
    name: 'chunks',
    bytes: counted('Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'),
    allowed: { body: 'hello' },
  },
  {
    name: 'the same type twice',
    bytes: counted('Content-Type: text/plain\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n'),
    allowed: { body: 'hello', headers: { 'content-type': 'text/plain' } },
  },
  { name: 'an end by closing', bytes: counted(''), allowed: { body: 'hello' } },
  {
    name: 'a second answer behind the first',
    bytes: `${counted('Content-Length: 5\r\n')}${SECOND}`,
    allowed: { body: 'hello' },
  },
  { name: 'more than it says', bytes: counted('Content-Length: 5\r\n', 'hello, world'), allowed: { body: 'hello' } },
  {
    name: 'fields of the connection',
    bytes: counted(
      'Connection: close, X-Gone\r\nX-Gone: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: close\r\nUpgrade: h2c\r\nContent-Length: 5\r\n',
    ),
    allowed: { body: 'hello' },
  },
];

describeProtocols('an answer of a backend', (over) => {
  test('has one reading, or is none', async () => {
    let bytes = '';
    const backend = await startRawBackend((socket) => {
      socket.once('data', () => socket.end(bytes, 'latin1'));
    });
    const world = await startGateway(`
upstreams: { app: { servers: ["${backend.url}"], retries: false, ejection: false } }
sites: { localhost: { to: app } }`);
    for (const each of table) {
      bytes = each.bytes;
      const answer = await request(over, world).catch((error: Error) => error.message);
      const shown = `${each.name}: ${JSON.stringify(answer).slice(0, 300)}`;
      expect.soft(shown).not.toMatch(/poison/);
      if (each.allowed === 'broken') expect.soft(typeof answer === 'string' || answer.status === 502, shown).toBe(true);
      else expect.soft(answer, shown).toMatchObject({ status: 200, ...each.allowed });
      if (typeof answer !== 'string') {
        for (const name of ['keep-alive', 'proxy-connection', 'upgrade', 'x-gone']) {
          expect.soft(answer.headers, shown).not.toHaveProperty(name);
        }
      }
    }
    // None of it is left over for the next.
    bytes = counted('Content-Length: 5\r\n', 'clean');
    expect(await request(over, world)).toMatchObject({ status: 200, body: 'clean' });
  });
});

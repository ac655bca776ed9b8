import http2 from 'node:http2';
import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { describeProtocols, exchangeBytes, request } from '../support/client.ts';
import { startGuarded } from '../support/guarded.ts';

// A rule that logs what it is shown, so that each record says what the rules saw.
const RULES = `
SecRule REQUEST_LINE "@rx ." "id:1,phase:1,pass,log,msg:'%{REQUEST_METHOD} %{REQUEST_URI_RAW} %{REQUEST_PROTOCOL}',logdata:'%{REQUEST_LINE}'"
SecRule REQUEST_HEADERS:x-try "@contains attack" "id:2,phase:1,deny,log,msg:'Tried',setvar:tx.anomaly_score=+5"
SecRule RESPONSE_STATUS "@rx ." "id:3,phase:5,pass,log,msg:'got %{RESPONSE_STATUS}'"
`;

test.for([
  ['an unknown method', 'FROBNICATE /x HTTP/1.1\r\nHost: localhost', 400, 'FROBNICATE /x HTTP/1.1'],
  ['raw bytes in the target', 'GET /caf\xe9?a=\x01 HTTP/1.1\r\nHost: localhost', 400, 'GET /caf\xe9?a=\x01 HTTP/1.1'],
  ['blanks in the target', 'GET /a b HTTP/1.1\r\nHost: localhost', 400, 'GET /a b HTTP/1.1'],
  ['another protocol version', 'GET /x HTTP/4.0\r\nHost: localhost', 400, 'GET /x HTTP/4.0'],
  ['two hosts', 'GET /x HTTP/1.1\r\nHost: localhost\r\nHost: b.test', 400, 'GET /x HTTP/1.1'],
  ['no host', 'GET /x HTTP/1.1', 400, 'GET /x HTTP/1.1'],
  ['CONNECT', 'CONNECT localhost:443 HTTP/1.1\r\nHost: localhost', 501, 'CONNECT localhost:443 HTTP/1.1'],
  ['TRACE', 'TRACE /x HTTP/1.1\r\nHost: localhost', 405, 'TRACE /x HTTP/1.1'],
  [
    'both ways to say a length',
    'POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked',
    400,
    'POST /x HTTP/1.1',
  ],
] as const)('%s is answered as HTTP says, and the record shows what was sent', async ([, head, status, line]) => {
  const app = await startBackend();
  const world = await startGuarded({ rules: RULES, to: app.url });
  const bytes = `${head}\r\nX-Try: attack\r\nConnection: close\r\n\r\n`;
  expect(await exchangeBytes(world, bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  const [record] = await world.wafRecords(1);
  expect(record).toMatchObject({ status, verdict: 'block', score: { inbound: 5 } });
  expect(record?.rules).toMatchObject([
    { id: 1, msg: line, data: line },
    { id: 2, target: expect.stringMatching(/^REQUEST_HEADERS:x-try$/i) as string, value: 'attack' },
    { id: 3, msg: `got ${status}` },
  ]);
  const [access] = await world.accessRecords(1);
  expect(access).toMatchObject({ status, requestId: record?.requestId, waf: { verdict: 'block', score: 5 } });
  expect(access?.reason).not.toBe('waf');
  expect(await world.lines('waf.log')).toHaveLength(1);
  expect(app.seen).toEqual([]);
});

test('two requests in one packet of which the second is broken: the first gets its answer', async () => {
  const app = await startBackend();
  const world = await startGuarded({ rules: RULES, to: app.url });
  const first = 'GET /first HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const second = 'FROB /second HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const answer = await exchangeBytes(world, first + second);
  expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
  expect(answer).toContain('hello');
  expect(app.seen.map(({ url }) => url)).toEqual(['/first']);
});

describeProtocols('a request that is refused before it has a route', (over) => {
  test('is shown to the rules, whose verdict changes nothing', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url, top: 'requestLimits: { uri: 64B, body: 1KiB }' });
    const headers = { 'x-try': 'attack' };
    expect(await request(over, world, { path: `/${'a'.repeat(100)}`, headers })).toMatchObject({ status: 414 });
    expect(
      await request(over, world, {
        method: 'POST',
        body: 'x'.repeat(2000),
        headers: { ...headers, 'content-length': '2000' },
      }),
    ).toMatchObject({ status: 413 });
    expect(await world.wafRecords(2)).toMatchObject([
      { status: 414, verdict: 'block' },
      { status: 413, verdict: 'block' },
    ]);
    expect(app.seen).toEqual([]);
  });
});

test('CONNECT over h2 gets 501 and a record', async () => {
  const app = await startBackend();
  const world = await startGuarded({ rules: RULES, to: app.url });
  const session = http2.connect(`https://localhost:${world.port}`, { ca: world.ca });
  const stream = session.request({ ':method': 'CONNECT', ':authority': 'localhost', 'x-try': 'attack' });
  const status = await new Promise((resolve) => stream.once('response', (fields) => resolve(fields[':status'])));
  session.destroy();
  expect(status).toBe(501);
  expect((await world.wafRecords(1))[0]).toMatchObject({ status: 501, rules: [{ id: 1 }, { id: 2 }, { id: 3 }] });
});

test('what is no HTTP at all is closed, and the gateway goes on', async () => {
  const app = await startBackend();
  const world = await startGuarded({ rules: RULES, to: app.url });
  for (const bytes of [
    '\x16\x03\x01\x02\x00',
    '\0\0\0\0\r\n\r\n',
    '\r\n\r\n\r\n \r\n\r\n',
    'GET\r\n\r\n',
    `A${'b'.repeat(70_000)}`,
  ]) {
    await exchangeBytes(world, bytes.padEnd(30, '\n'));
  }
  expect(await request('h2', world)).toMatchObject({ status: 200 });
});

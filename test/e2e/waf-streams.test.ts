import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { startBackend, startH2cBackend } from '../support/backend.ts';
import { openTls } from '../support/client.ts';
import { startGuarded } from '../support/guarded.ts';

const RULES = `
SecRule REQUEST_HEADERS:x-bad "@streq 1" "id:1,phase:1,deny,log,msg:'Header'"
SecRule ARGS "@contains attack" "id:2,phase:2,deny,log,msg:'Argument'"
SecRule REQUEST_HEADERS:x-bad "@streq drop" "id:3,phase:1,drop,log,msg:'Drop'"
`;

async function startEcho(): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.for(['false', 'true'])(
  'a WebSocket handshake is inspected, and then frames flow (response: %s)',
  async (response) => {
    const world = await startGuarded({ rules: RULES, to: await startEcho(), waf: `response: ${response}` });
    const dial = (path: string, headers: Record<string, string> = {}): WebSocket =>
      new WebSocket(`wss://localhost:${world.port}${path}`, { ca: world.ca, headers });
    const refusals = [dial('/', { 'x-bad': '1' }), dial('/?id=attack')].map(
      (socket) => new Promise((resolve) => socket.once('error', (error) => resolve(error.message))),
    );
    expect(await Promise.all(refusals)).toEqual(Array(2).fill('Unexpected server response: 403'));
    const dropped = dial('/', { 'x-bad': 'drop' });
    expect(await new Promise((resolve) => dropped.once('error', (error) => resolve(error.message)))).toMatch(
      /hang up|reset/i,
    );
    expect(new Set((await world.wafRecords(3)).map(({ rules }) => rules[0]?.id))).toEqual(new Set([1, 2, 3]));
    const socket = dial('/?id=1');
    await new Promise((resolve) => socket.once('open', resolve));
    const echoed = new Promise((resolve) => socket.once('message', (data: Buffer) => resolve(data.toString())));
    socket.send('an attack, which nobody looks at');
    expect(await echoed).toBe('an attack, which nobody looks at');
    socket.close();
    const records = await world.accessRecords(4);
    expect(records.at(-1)).toMatchObject({ status: 101, waf: { verdict: 'pass' } });
  },
);

test('a gRPC call has its headers inspected, and its messages flow in both directions while it lasts', async () => {
  const app = await startH2cBackend((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.on('data', (chunk: Buffer) => stream.write(chunk));
    stream.on('end', () => stream.end());
  });
  const world = await startGuarded({
    rules: RULES,
    to: 'app',
    waf: 'response: true',
    top: `upstreams: { app: { servers: ["${app.url}"], protocol: h2 } }`,
  });
  const session = http2.connect(`https://localhost:${world.port}`, { ca: world.ca });
  const call = (headers: Record<string, string>): http2.ClientHttp2Stream =>
    session.request({
      ':method': 'POST',
      ':path': '/pkg.Service/Call',
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
  const refused = call({ 'x-bad': '1' });
  expect(await new Promise((resolve) => refused.once('response', (fields) => resolve(fields['grpc-status'])))).toBe(
    '7',
  );
  refused.on('error', () => {}).close();
  const stream = call({});
  for (const message of ['one', 'two']) {
    const echoed = new Promise((resolve) => stream.once('data', (chunk: Buffer) => resolve(chunk.toString())));
    stream.write(message);
    expect(await echoed).toBe(message);
  }
  const trailers = new Promise((resolve) => stream.once('trailers', resolve));
  stream.end();
  stream.resume();
  expect(await trailers).toMatchObject({ 'grpc-status': '0' });
  session.destroy();
});

test('many requests whose bodies come at the same time, a byte each in turn, are judged each for itself', async () => {
  const app = await startBackend((seen, response) => void response.end(seen.body));
  const rules = `
SecRule REQUEST_HEADERS:x-name "@rx ^(.*)$" "id:1,phase:1,pass,nolog,capture,setvar:'tx.name=%{TX.1}'"
SecRule ARGS:a "@rx ^attack-(\\d+)$" "id:2,phase:2,deny,log,capture,msg:'%{TX.name} %{TX.1}'"
SecRule ARGS:a "@rx ^odd-(\\d+)$" "id:3,phase:2,pass,log,capture,msg:'%{TX.name} %{TX.1}'"`;
  const world = await startGuarded({ rules, to: app.url });
  const kinds = ['attack', 'plain', 'odd'] as const;
  const clients = await Promise.all(
    Array.from({ length: 30 }, async (_, i) => {
      const socket = await openTls(world, { ALPNProtocols: ['http/1.1'] });
      const kind = kinds[i % 3] as (typeof kinds)[number];
      const body = `a=${kind}-${i}`;
      socket.write(
        `POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx-name: n${i}\r\ncontent-length: ${body.length}\r\ncontent-type: application/x-www-form-urlencoded\r\n\r\n`,
      );
      let received = '';
      socket.on('data', (chunk: Buffer) => {
        received += chunk.toString();
      });
      const answer = new Promise<string>((resolve) => socket.once('close', () => resolve(received)));
      return { socket, body, kind, i, answer };
    }),
  );
  for (let at = 0; at < 12; at++) {
    for (const { socket, body } of clients) if (at < body.length) socket.write(body.slice(at, at + 1));
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const { kind, body, answer } of clients) {
    expect(await answer).toMatch(kind === 'attack' ? /^HTTP\/1.1 403/ : new RegExp(`^HTTP/1.1 200[^]*${body}$`));
  }
  const found = (await world.wafRecords(20)).map(({ rules }) => rules.map(({ id, msg }) => `${id} ${msg}`).join());
  const expected = clients
    .filter(({ kind }) => kind !== 'plain')
    .map(({ kind, i }) => `${kind === 'attack' ? 2 : 3} n${i} ${i}`);
  expect(new Set(found)).toEqual(new Set(expected));
});

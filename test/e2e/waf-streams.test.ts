import type { AddressInfo } from 'node:net';
import http2 from 'node:http2';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { startH2cBackend } from '../support/backend.ts';
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

test.for(['false', 'true'])('a WebSocket handshake is inspected, and then frames flow (response: %s)', async (response) => {
  const world = await startGuarded({ rules: RULES, to: await startEcho(), waf: `response: ${response}` });
  const dial = (path: string, headers: Record<string, string> = {}): WebSocket =>
    new WebSocket(`wss://localhost:${world.port}${path}`, { ca: world.ca, headers });
  const refusals = [dial('/', { 'x-bad': '1' }), dial('/?id=attack')].map(
    (socket) => new Promise((resolve) => socket.once('error', (error) => resolve(error.message))),
  );
  expect(await Promise.all(refusals)).toEqual(Array(2).fill('Unexpected server response: 403'));
  const dropped = dial('/', { 'x-bad': 'drop' });
  expect(await new Promise((resolve) => dropped.once('error', (error) => resolve(error.message)))).toMatch(/hang up|reset/i);
  expect((await world.wafRecords(3)).map(({ rules }) => rules[0]?.id).sort()).toEqual([1, 2, 3]);
  const socket = dial('/?id=1');
  await new Promise((resolve) => socket.once('open', resolve));
  const echoed = new Promise((resolve) => socket.once('message', (data: Buffer) => resolve(data.toString())));
  socket.send('an attack, which nobody looks at');
  expect(await echoed).toBe('an attack, which nobody looks at');
  socket.close();
  const records = await world.accessRecords(4);
  expect(records.at(-1)).toMatchObject({ status: 101, waf: { verdict: 'pass' } });
});

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
    session.request({ ':method': 'POST', ':path': '/pkg.Service/Call', 'content-type': 'application/grpc', te: 'trailers', ...headers });
  const refused = call({ 'x-bad': '1' });
  expect(await new Promise((resolve) => refused.once('response', (fields) => resolve(fields[':status'])))).toBe(403);
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

// `protocol: auto` over TLS: what a server speaks is found out, also when another one has come in its place.
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../support/clock.ts';
import { makeLeaf } from '../tls/material.ts';
import { ask, groupOf } from './group.ts';

const { keyPem: key, certPem: cert } = makeLeaf(['app.internal']);
const pair = { key, cert };
const version: RequestListener = (request, response) => void response.end(request.httpVersion);

const kinds = {
  both: () => http2.createSecureServer({ ...pair, allowHTTP1: true }, version as never),
  h2: () => http2.createSecureServer(pair, version as never),
  http1: () => https.createServer({ ...pair, ALPNProtocols: ['http/1.1'] }, version),
  'no ALPN': () => https.createServer({ ...pair, ALPNProtocols: [] }, version),
} satisfies Record<string, () => Server>;

type Kind = keyof typeof kinds;

async function start(kind: Kind, wantedPort = 0, host = '127.0.0.1'): Promise<{ port: number; stop(): Promise<void> }> {
  const server: Server = kinds[kind]();
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.listen(wantedPort, host);
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  onTestFinished(() => stop().catch(() => {}));
  return { port: (server.address() as AddressInfo).port, stop };
}

const group = (port: number, more = ''): string =>
  `{ servers: ["https://127.0.0.1:${port}"], tls: { verify: false }, retries: false${more} }`;

test.for([
  ['both', 'http1', '2.0', '1.1'],
  ['h2', 'http1', '2.0', '1.1'],
  ['h2', 'no ALPN', '2.0', '1.1'],
  ['http1', 'h2', '1.1', '2.0'],
  ['no ALPN', 'both', '1.1', '2.0'],
] as const)('a server of %s that becomes one of %s loses no request', async ([before, after, first, then]) => {
  const old = await start(before);
  const upstream = groupOf(group(old.port));
  expect(await ask(upstream)).toBe(first);
  await old.stop();
  await start(after, old.port);
  for (const method of ['GET', 'POST']) {
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(upstream, { method })));
    expect(answers).toEqual(Array(8).fill(then));
  }
});

test('a server that speaks another protocol than before is found well', async () => {
  const clock = new ManualClock();
  const old = await start('h2');
  const upstream = groupOf(group(old.port, ', health: { path: /up, unhealthyAfter: 1 }'), { clock });
  upstream.start();
  await expect.poll(() => clock.pending).toBe(1);
  await old.stop();
  await start('http1', old.port);
  clock.advance(10_000);
  await expect.poll(() => clock.pending).toBe(1);
  expect(upstream.backends[0]?.condition.state).toBe('up');
});

test('machines of one name that speak different protocols serve side by side', async () => {
  const { port } = await start('h2');
  await start('http1', port, '127.0.0.2');
  const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }));
  const upstream = groupOf(group(port).replace('127.0.0.1', 'app.test'), { lookup: async () => addresses });
  const seen = new Set<string>();
  for (let i = 0; i < 6; i++) {
    for (const answer of await Promise.all(Array.from({ length: 8 }, () => ask(upstream)))) seen.add(answer);
    upstream.backends[0]?.dropIdle();
  }
  expect([...seen].every((spoken) => spoken === '2.0' || spoken === '1.1')).toBe(true);
});

test.for([
  ['h2', 'http1'],
  ['http1', 'h2'],
] as const)('with protocol: %s a server of %s only is none', async ([protocol, kind]) => {
  const { port } = await start(kind);
  await expect(ask(groupOf(group(port, `, protocol: ${protocol}`)))).rejects.toMatchObject({ status: 502 });
});

// Stalled clients, however many, never keep others from a backend: who holds a connection and neither sends nor takes
// gives way while somebody waits, and clients take turns.
import { once } from 'node:events';
import http2 from 'node:http2';
import { setTimeout as pass } from 'node:timers/promises';
import type tls from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { startH2cBackend, startStreamingBackend } from '../../support/backend.ts';
import { openTls, request } from '../../support/client.ts';
import {
  asking,
  DATA,
  END_HEADERS,
  END_STREAM,
  FrameClient,
  fieldBlock,
  frame,
  HEADERS,
  setting,
} from '../../support/frames.ts';
import { startGateway, type World } from '../../support/world.ts';

/** Another client of the same machine. */
const ELSEWHERE = { localAddress: '127.0.0.2' } as tls.ConnectionOptions;
/** As in upstream/relief.ts. */
const LONGEST_PATIENCE_MS = 2_000;
const LARGE = Buffer.alloc(4 * 1024 * 1024, 'x');

async function startApp(): Promise<string> {
  const { url } = await startStreamingBackend((incoming, response) => {
    if (incoming.url === '/large') response.end(LARGE);
    else incoming.resume().on('end', () => response.end('hello'));
  });
  return url;
}

async function startWorld(): Promise<World> {
  return startGateway(`
upstreams: { app: { servers: ["${await startApp()}"], maxConnections: 4, maxQueue: 80, queueTimeout: 15s } }
sites: { localhost: { to: app } }`);
}

type Stall = (to: World) => Promise<void>;

const STALLS: readonly (readonly [string, Stall])[] = [
  [
    'uploads over HTTP/1.1',
    async (to) => {
      for (let i = 0; i < 16; i++) {
        const socket = await openTls(to, { ALPNProtocols: ['http/1.1'], ...ELSEWHERE });
        onTestFinished(() => void socket.destroy());
        socket.on('error', () => {});
        socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nx');
      }
    },
  ],
  [
    'uploads over HTTP/2 that drip',
    async (to) => {
      const client = await FrameClient.open(to);
      onTestFinished(() => client.close());
      const ids = Array.from({ length: 16 }, (_, i) => 2 * i + 1);
      client.send(...ids.map((id) => frame(HEADERS, END_HEADERS, id, fieldBlock(asking('POST')))));
      const timer = setInterval(() => client.send(...ids.map((id) => frame(DATA, 0, id, Buffer.from('x')))), 100);
      onTestFinished(() => clearInterval(timer));
    },
  ],
  [
    'large answers behind a closed window',
    async (to) => {
      const client = await FrameClient.open(to, setting(4, 0));
      onTestFinished(() => client.close());
      const ids = Array.from({ length: 16 }, (_, i) => 2 * i + 1);
      client.send(
        ...ids.map((id) => frame(HEADERS, END_HEADERS | END_STREAM, id, fieldBlock(asking('GET', '/large')))),
      );
    },
  ],
];

test.for(STALLS)('%s', async ([, stall]) => {
  const world = await startWorld();
  await stall(world);
  for (const over of ['h2', 'http/1.1'] as const) {
    expect(await request(over, world, { method: 'POST', body: 'mine' })).toMatchObject({ status: 200, body: 'hello' });
  }
});

test('a client that takes nothing for a while keeps its answer while there is room', async () => {
  const world = await startGateway(`sites: { localhost: { to: "${await startApp()}" } }`);
  const session = http2.connect(`https://localhost:${world.port}`, { ca: world.ca });
  onTestFinished(() => session.destroy());
  const answer = session.request({ ':path': '/large' });
  await once(answer, 'response');
  // Longer than anybody is borne with where others wait for a connection.
  await pass(LONGEST_PATIENCE_MS + 500);
  const others = await Promise.all(Array.from({ length: 4 }, () => request('h2', world)));
  expect(others.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  let bytes = 0;
  for await (const chunk of answer) bytes += (chunk as Buffer).length;
  expect(bytes).toBe(LARGE.length);
});

test('a client with more calls than the queue may hold leaves room for others', async () => {
  const world = await startWorld();
  const many = await FrameClient.open(world);
  onTestFinished(() => many.close());
  const ids = Array.from({ length: 120 }, (_, i) => 2 * i + 1);
  many.send(...ids.map((id) => frame(HEADERS, END_HEADERS, id, fieldBlock(asking('POST')))));
  await many.until(() => ids.some((id) => many.status(id) === 503));
  const other = { method: 'POST', body: 'mine', tls: ELSEWHERE };
  expect(await request('http/1.1', world, other)).toMatchObject({ status: 200 });
});

test('a backend over HTTP/2 has room for others too', async () => {
  const app = await startH2cBackend((stream) => {
    stream.resume().on('end', () => {
      stream.respond({ ':status': 200 });
      stream.end('hello');
    });
  });
  const world = await startGateway(`
upstreams: { app: { servers: ["${app.url}"], protocol: h2, maxRequests: 4, queueTimeout: 15s } }
sites: { localhost: { to: app } }`);
  const client = await FrameClient.open(world);
  onTestFinished(() => client.close());
  const ids = Array.from({ length: 12 }, (_, i) => 2 * i + 1);
  client.send(...ids.map((id) => frame(HEADERS, END_HEADERS, id, fieldBlock(asking('POST')))));
  expect(await request('h2', world, { method: 'POST', body: 'mine' })).toMatchObject({ status: 200, body: 'hello' });
  await client.until(() => ids.some((id) => client.status(id) === 408));
});

const ADDRESSES = Array.from({ length: 12 }, (_, i) => `127.0.1.${i + 1}`);

/** What so many streams of each of these addresses do. */
const CROWDS: readonly (readonly [string, (client: FrameClient, ids: readonly number[]) => void])[] = [
  [
    'uploads that never go on',
    (client, ids) => {
      client.send(...ids.map((id) => frame(HEADERS, END_HEADERS, id, fieldBlock(asking('POST')))));
      client.send(...ids.map((id) => frame(DATA, 0, id, Buffer.from('x'))));
    },
  ],
  [
    'uploads that drip',
    (client, ids) => {
      client.send(...ids.map((id) => frame(HEADERS, END_HEADERS, id, fieldBlock(asking('POST')))));
      const timer = setInterval(() => client.send(...ids.map((id) => frame(DATA, 0, id, Buffer.from('x')))), 50);
      onTestFinished(() => clearInterval(timer));
    },
  ],
  [
    'answers that nobody takes',
    (client, ids) => {
      client.send(
        ...ids.map((id) => frame(HEADERS, END_HEADERS | END_STREAM, id, fieldBlock(asking('GET', '/large')))),
      );
    },
  ],
];

test.for(CROWDS)('a crowd with %s leaves few connections to whoever asks and takes', async ([, stall]) => {
  const world = await startGateway(`
upstreams: { app: { servers: ["${await startApp()}"], maxConnections: 8, maxQueue: 1024, queueTimeout: 2s } }
sites: { localhost: { to: app } }`);
  const clients = await Promise.all(
    ADDRESSES.map((localAddress) => FrameClient.open(world, setting(4, 0), { localAddress } as tls.ConnectionOptions)),
  );
  onTestFinished(() => {
    for (const client of clients) client.close();
  });
  for (const client of clients)
    stall(
      client,
      Array.from({ length: 30 }, (_, i) => 2 * i + 1),
    );
  await Promise.all(clients.map((client) => client.ping()));
  const inTheCrowd = { tls: { localAddress: ADDRESSES[0] } as tls.ConnectionOptions };
  for (let i = 0; i < 6; i++) {
    expect(await request('h2', world, i % 2 === 0 ? inTheCrowd : {})).toMatchObject({ status: 200, body: 'hello' });
  }
});

test('a crowd at one address, which takes nothing, leaves room for another client there', async () => {
  const world = await startGateway(`
upstreams: { app: { servers: ["${await startApp()}"], maxConnections: 8, maxQueue: 200, queueTimeout: 2s } }
sites: { localhost: { to: app } }`);
  const clients = await Promise.all(
    Array.from({ length: 20 }, () => FrameClient.open(world, setting(4, 0), ELSEWHERE)),
  );
  onTestFinished(() => {
    for (const client of clients) client.close();
  });
  const block = fieldBlock(asking('GET', '/large'));
  for (const client of clients)
    client.send(...Array.from({ length: 20 }, (_, i) => frame(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, block)));
  await Promise.all(clients.map((client) => client.ping()));
  for (let i = 0; i < 4; i++) {
    expect(await request('h2', world, { tls: ELSEWHERE })).toMatchObject({ status: 200, body: 'hello' });
  }
});

// Clients that hold on to a connection and give nothing: each has a deadline, whatever else it does to look alive.
import net from 'node:net';
import type { TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Backend, startBackend, startStreamingBackend } from '../../support/backend.ts';
import { openTls, request } from '../../support/client.ts';
import {
  ACK,
  asking,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  FrameClient,
  fieldBlock,
  frame,
  HEADERS,
  PING,
  PREFACE,
  SETTINGS,
  setting,
  uint32,
  WINDOW_UPDATE,
} from '../../support/frames.ts';
import { startGateway, type World } from '../../support/world.ts';

const DRIP_MS = 30;
const LARGE = Buffer.alloc(8 * 1024 * 1024, 'x');
const NO_WINDOW = setting(4, 0);
const INITIAL_WINDOW = setting(4, 65_535);

/** Something every few milliseconds, for as long as the test lasts. */
function drip(send: () => void): void {
  const timer = setInterval(send, DRIP_MS);
  onTestFinished(() => clearInterval(timer));
}

function closed(socket: net.Socket): Promise<unknown> {
  socket.on('error', () => {});
  socket.resume();
  return new Promise((resolve) => socket.once('close', resolve));
}

async function world(bounds: string, backend: Pick<Backend, 'url'>): Promise<World> {
  return startGateway(`${bounds}\nsites: { localhost: { to: "${backend.url}" } }`);
}

const hello = { url: 'http://127.0.0.1:1' };

function reasons({ gateway }: World): Record<string, number> {
  return Object.fromEntries(gateway.records.closures.entries());
}

describe('within a handshake', () => {
  test.for([
    ['a client that says nothing', () => {}],
    ['half a ClientHello', (socket: net.Socket): void => void socket.write(Buffer.from('160301020001000', 'hex'))],
    [
      'a ClientHello byte by byte',
      (socket: net.Socket) => {
        socket.write(Buffer.from('1603010200010001fc0303', 'hex'));
        drip(() => socket.write('x'));
      },
    ],
  ] as const)('%s', async ([, begin]) => {
    const { port } = await world('timeouts: { handshake: 200ms }', hello);
    const socket = net.connect(port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    begin(socket);
    await closed(socket);
  });
});

describe('before a request', () => {
  const bounds = 'timeouts: { headers: 200ms, idle: 10m }';
  const connect = (protocol: string, to: World): Promise<TLSSocket> => openTls(to, { ALPNProtocols: [protocol] });

  test.for([
    ['nothing over HTTP/1.1', 'http/1.1', () => {}],
    ['a request line byte by byte', 'http/1.1', (socket: net.Socket) => drip(() => socket.write('G'))],
    [
      'fields line by line',
      'http/1.1',
      (socket: net.Socket) => {
        socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n');
        drip(() => socket.write('x: y\r\n'));
      },
    ],
    ['nothing over HTTP/2', 'h2', () => {}],
  ] as const)('%s', async ([, protocol, begin]) => {
    const socket = await connect(protocol, await world(bounds, hello));
    begin(socket);
    await closed(socket);
  });

  test.for([
    ['nothing behind the preface', () => {}],
    ['PINGs', (client: FrameClient) => drip(() => client.send(frame(PING, 0, 0, Buffer.alloc(8))))],
    [
      'a head that is never whole',
      (client: FrameClient) => {
        client.send(frame(HEADERS, END_STREAM, 1, fieldBlock(asking())));
      },
    ],
    [
      'a head in endless small parts',
      (client: FrameClient) => {
        client.send(frame(HEADERS, END_STREAM, 1, fieldBlock(asking())));
        drip(() => client.send(frame(CONTINUATION, 0, 1, fieldBlock([['x', 'y']]))));
      },
    ],
  ] as const)('%s over HTTP/2', async ([, begin]) => {
    const client = await FrameClient.open(await world(bounds, hello));
    begin(client);
    await client.until(() => false);
  });
});

test.for(['PING', 'WINDOW_UPDATE'])(
  'an HTTP/2 session without requests is closed, whatever it says beside (%s)',
  async (what) => {
    const backend = await startBackend();
    const client = await FrameClient.open(await world('timeouts: { idle: 300ms }', backend));
    client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, fieldBlock(asking())));
    await client.ended(1);
    expect(client.status(1)).toBe(200);
    const beat = what === 'PING' ? frame(PING, 0, 0, Buffer.alloc(8)) : frame(WINDOW_UPDATE, 0, 0, uint32(1));
    drip(() => client.send(beat));
    await client.until(() => false);
    expect(client.goAway).toBe(0);
  },
);

describe('a request body', () => {
  const POST = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n`;

  test.for([
    ['that comes a byte at a time', '{ body: 200ms }', '{ bodyRate: 1KiB }', 'body-rate'],
    ['that never ends', '{ body: 200ms, bodyTotal: 500ms }', '{ bodyRate: 0B }', 'body-time'],
  ] as const)('%s is given up with 408', async ([, timeouts, limits, reason]) => {
    const backend = await startBackend();
    const to = await world(`timeouts: ${timeouts}\nrequestLimits: ${limits}`, backend);
    const socket = await openTls(to, { ALPNProtocols: ['http/1.1'] });
    socket.on('error', () => {});
    socket.write(POST);
    drip(() => socket.write('x'));
    const client = await FrameClient.open(to);
    client.send(frame(HEADERS, END_HEADERS, 1, fieldBlock(asking('POST'))));
    drip(() => client.send(frame(DATA, 0, 1, Buffer.from('x'))));
    await client.ended(1);
    expect(client.status(1)).toBe(408);
    const records = await to.accessRecords(2);
    expect(records.map((each) => `${each.status} ${String(each.reason)}`)).toEqual([`408 ${reason}`, `408 ${reason}`]);
    expect(backend.seen).toEqual([]);
  });
});

describe('an answer that its client does not take', () => {
  async function startLarge(): Promise<{ backend: Backend; freed: Promise<unknown> }> {
    const { promise: freed, resolve } = Promise.withResolvers<unknown>();
    const backend = await startStreamingBackend((_, response) => {
      response.once('close', resolve);
      response.end(LARGE);
    });
    return { backend, freed };
  }

  test('over HTTP/1.1 frees its backend after timeouts.write', async () => {
    const { backend, freed } = await startLarge();
    const to = await world('timeouts: { write: 300ms }', backend);
    const socket = await openTls(to, { ALPNProtocols: ['http/1.1'] });
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await freed;
    expect((await to.accessRecords(1))[0]).toMatchObject({ status: 499, reason: 'write-stall' });
    expect(reasons(to)).toEqual({ 'write-stall': 1 });
  });

  test.for([
    ['a closed window', () => {}],
    ['a closed window and PINGs', (client: FrameClient) => drip(() => client.send(frame(PING, 0, 0, Buffer.alloc(8))))],
    [
      'a window of a byte at a time',
      (client: FrameClient) => drip(() => client.send(frame(WINDOW_UPDATE, 0, 1, uint32(1)))),
    ],
  ] as const)('over HTTP/2 behind %s too', async ([, begin]) => {
    const { backend, freed } = await startLarge();
    const to = await world('timeouts: { write: 300ms }', backend);
    const client = await FrameClient.open(to, NO_WINDOW);
    client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, fieldBlock(asking())));
    begin(client);
    await freed;
    await client.ended(1);
    expect(client.resetCode(1)).toBeDefined();
    // The session goes on.
    client.send(frame(4, 0, 0, INITIAL_WINDOW), frame(4, ACK, 0));
    expect(await client.ping(7)).toBe(true);
  });

  test('a small one too', async () => {
    const to = await world('timeouts: { write: 300ms }', await startBackend());
    const client = await FrameClient.open(to, NO_WINDOW);
    client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, fieldBlock(asking())));
    await client.ended(1);
    expect(client.resetCode(1)).toBeDefined();
    expect((await to.accessRecords(1))[0]).toMatchObject({ reason: 'write-stall' });
  });

  test('ends the connection when too many streams wait', async () => {
    const to = await world('timeouts: { write: 1s }\nrequestLimits: { waitingStreams: 3 }', await startBackend());
    const client = await FrameClient.open(to, NO_WINDOW);
    for (const id of [1, 3, 5, 7]) client.send(frame(HEADERS, END_HEADERS | END_STREAM, id, fieldBlock(asking())));
    await client.until(() => false);
    expect(client.goAway).toBe(11);
    expect(reasons(to)).toEqual({ 'waiting-streams': 1 });
  });
});

describe('a connection that has been there for long', () => {
  test.for([
    'timeouts: { connection: 300ms }',
    'timeouts: { idle: 80ms }\nrequestLimits: { requestsPerConnection: 1 }',
  ])('over HTTP/2 is told to go, and its last request is answered (%s)', async (bounds) => {
    const held = Promise.withResolvers<() => void>();
    const backend = await startStreamingBackend((_, response) => held.resolve(() => response.end('late')));
    const client = await FrameClient.open(await world(bounds, backend));
    client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, fieldBlock(asking())));
    const answer = await held.promise;
    await client.until(() => client.goAway !== undefined);
    answer();
    await client.until(() => client.hasEnded(1));
    expect(client.status(1)).toBe(200);
    await client.until(() => false);
  });

  test('over HTTP/1.1 ends with the answer under way', async () => {
    const held = Promise.withResolvers<() => void>();
    const backend = await startStreamingBackend((_, response) => held.resolve(() => response.end('late')));
    const to = await world('timeouts: { connection: 200ms }', backend);
    const socket = await openTls(to, { ALPNProtocols: ['http/1.1'] });
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const answer = await held.promise;
    while (reasons(to).age === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    answer();
    await closed(socket);
    expect(text).toMatch(/^HTTP\/1\.1 200 .*late/s);
  });
});

test('an HTTP/2 client that is told to go and never hangs up is cut off, and nobody else notices', async () => {
  const backend = await startBackend();
  const short = await world('timeouts: { headers: 100ms, idle: 100ms, handshake: 100ms }', backend);
  const socket = await openTls(short, { ALPNProtocols: ['h2'] });
  // Neither read nor closed: what the gateway says is not heard, as on a phone that has lost its network.
  socket.pause();
  socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0)]));
  await vi.waitFor(() => expect(short.gateway.load.connections).toBe(0), { timeout: 10_000 });
  expect((await request('h2', short)).status).toBe(200);
  socket.destroy();
});

// A kept connection to a backend that has ended in the meantime: the client never learns of it.
import http2 from 'node:http2';
import https from 'node:https';
import type { Socket } from 'node:net';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { startH2cBackend, startRawBackend } from '../support/backend.ts';
import { describeProtocols, type Over, request } from '../support/client.ts';
import { siteOf } from '../support/visits.ts';
import { startGateway, type World } from '../support/world.ts';

const TRIES = 30;

interface Client {
  /** The status of the answer. */
  ask(method: string): Promise<number>;
}

/** On one connection that is kept, so that a request leaves at once. */
function dial(over: Over, world: World): Client {
  if (over === 'h2') {
    const session = http2.connect(`https://localhost:${world.port}`, { ca: world.ca });
    onTestFinished(() => session.destroy());
    return {
      ask(method) {
        const stream = session.request({ ':path': '/', ':method': method }, { endStream: method === 'GET' });
        if (method !== 'GET') stream.end('order');
        stream.resume();
        return new Promise((resolve, reject) => {
          stream.once('error', reject);
          stream.once('response', (fields) => stream.once('close', () => resolve(Number(fields[':status']))));
        });
      },
    };
  }
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca: world.ca });
  onTestFinished(() => agent.destroy());
  return {
    ask(method) {
      const call = https.request({ host: 'localhost', port: world.port, method, agent });
      call.end(method === 'GET' ? undefined : 'order');
      return new Promise((resolve, reject) => {
        call.once('error', reject);
        call.once('response', (response) => {
          response.resume().once('end', () => resolve(response.statusCode ?? 0));
        });
      });
    },
  };
}

const ENDS = {
  end: (socket: Socket) => void socket.end(),
  reset: (socket: Socket) => void socket.resetAndDestroy(),
};

describeProtocols('a kept connection', (over) => {
  test.for([
    ['GET', 'end'],
    ['GET', 'reset'],
    ['POST', 'end'],
    ['POST', 'reset'],
  ] as const)('that ends when a %s comes (by %s) costs nothing', async ([method, end]) => {
    const sockets: Socket[] = [];
    const backend = await startRawBackend((socket) => {
      sockets.push(socket);
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
    });
    const world = await startGateway(siteOf('http1', backend));
    const client = dial(over, world);
    for (let i = 0; i < TRIES; i++) {
      expect(await client.ask('GET')).toBe(200);
      for (const socket of sockets.splice(0)) ENDS[end](socket);
      expect(await client.ask(method)).toBe(200);
    }
    expect((await world.accessRecords(2 * TRIES)).every(({ status }) => status === 200)).toBe(true);
  });

  test('that took the request and ended without a word is asked again for a GET', async () => {
    let taken = 0;
    const backend = await startRawBackend((socket) => {
      let answered = 0;
      socket.on('data', () => {
        taken++;
        if (answered++ > 0) socket.end();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    });
    const world = await startGateway(siteOf('http1', backend));
    const client = dial(over, world);
    for (let i = 0; i < 2 * TRIES; i++) expect(await client.ask('GET')).toBe(200);
    expect(taken).toBeGreaterThan(2 * TRIES);
  });

  test.for(['GET', 'POST'])('over HTTP/2 whose backend says goodbye when a %s comes costs nothing', async (method) => {
    const sessions: http2.Http2Session[] = [];
    const backend = await startH2cBackend((stream) => {
      if (stream.session !== undefined && !sessions.includes(stream.session)) sessions.push(stream.session);
      stream.resume();
      stream.on('end', () => {
        stream.respond({ ':status': 200, 'content-length': 2 });
        stream.end('ok');
      });
    });
    const world = await startGateway(siteOf('h2', backend));
    const client = dial(over, world);
    for (let i = 0; i < TRIES; i++) {
      expect(await client.ask('GET')).toBe(200);
      for (const session of sessions.splice(0)) session.close();
      expect(await client.ask(method)).toBe(200);
    }
  });
});

afterEach(() => void vi.restoreAllMocks());

test.for([
  ['GET', 1500, 1],
  ['POST', 900, 1],
  ['POST', 1500, 2],
  ['GET', 4500, 2],
] as const)('a %s after %i ms of rest makes %i connections in all', async ([method, restMs, connections]) => {
  const backend = await startRawBackend((socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  });
  const world = await startGateway(siteOf('http1', backend));
  await request('http/1.1', world);
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() + restMs);
  expect((await request('http/1.1', world, { method, ...(method === 'POST' ? { body: 'x' } : {}) })).status).toBe(200);
  expect(backend.connections.count).toBe(connections);
});

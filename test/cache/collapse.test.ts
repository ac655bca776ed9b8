// Many clients who want the same at once: one request to the backend where the answer is for all, and nobody waits or shares
// where it is not.
import { type EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import http2 from 'node:http2';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startStreamingBackend } from '../support/backend.ts';
import { startGateway, type World } from '../support/world.ts';

interface Held {
  readonly world: World;
  /** Requests that the backend holds, in order. */
  readonly held: ServerResponse[];
  /** Until the backend holds so many. */
  readonly reached: (count: number) => Promise<void>;
}

async function startHeld(site = 'cache: { wait: 20s }', file = ''): Promise<Held> {
  const held: ServerResponse[] = [];
  const backend = await startStreamingBackend((_, response) => held.push(response));
  // Clients of one address that come all at once are to come all at once.
  const limits = 'requestLimits: { unprovenPerIp: 1000 }';
  const world = await startGateway(`${file}\n${limits}\nsites: { localhost: { to: "${backend.url}", ${site} } }`);
  const reached = (count: number): Promise<void> =>
    vi.waitFor(() => expect(held.length).toBe(count), { timeout: 5000, interval: 5 });
  return { world, held, reached };
}

interface Client {
  readonly stream: http2.ClientHttp2Stream;
  readonly answer: Promise<{ status: number; headers: http2.IncomingHttpHeaders; body: string }>;
}

/** So many requests on one connection. */
function ask(world: World, count: number, headers: http2.OutgoingHttpHeaders = {}): Client[] {
  const session = http2.connect(`https://localhost:${world.port}`, {
    ca: world.ca,
    lookup: (_h, _o, done) => done(null, [{ address: '127.0.0.1', family: 4 }] as never),
  });
  session.on('error', () => {});
  const clients = Array.from({ length: count }, () => one(session.request({ ':path': '/a', ...headers })));
  void Promise.allSettled(clients.map(({ answer }) => answer)).then(() => session.close());
  return clients;
}

function one(stream: http2.ClientHttp2Stream): Client {
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<Client['answer']>>();
  let headers: http2.IncomingHttpHeaders = {};
  let body = '';
  stream.setEncoding('utf8');
  stream.on('response', (fields) => {
    headers = fields;
  });
  stream.on('data', (chunk: string) => {
    body += chunk;
  });
  stream.on('error', reject);
  stream.on('end', () => resolve({ status: Number(headers[':status']), headers, body }));
  promise.catch(() => {});
  return { stream, answer: promise };
}

async function allBodies(clients: readonly Client[]): Promise<string[]> {
  return (await Promise.all(clients.map(({ answer }) => answer))).map(({ body }) => body);
}

/** What is counted before the answers have come. */
function waiting(world: World, count: number): Promise<void> {
  return vi.waitFor(() => expect(world.gateway.load.requests).toBe(count), { timeout: 5000, interval: 5 });
}

const LONG = { 'cache-control': 'max-age=600' };

test.for([
  ['a length', { ...LONG, 'content-length': '5' }],
  ['chunks', LONG],
] as const)('fifty cold clients are one request, with %s', async ([, headers]) => {
  const { world, held, reached } = await startHeld();
  const clients = ask(world, 50);
  await reached(1);
  await waiting(world, 50);
  held[0]?.writeHead(200, headers).end('hello');
  expect(new Set(await allBodies(clients))).toEqual(new Set(['hello']));
  expect(held.length).toBe(1);
  const words = (await world.accessRecords(50)).map(({ cache }) => cache);
  expect([words.filter((each) => each === 'collapsed').length, words.filter((each) => each === 'miss').length]).toEqual(
    [49, 1],
  );
});

test.for([
  ['no-store and a cookie', { 'cache-control': 'no-store', 'set-cookie': 'session=1' }],
  ['a cookie', { ...LONG, 'set-cookie': 'session=1' }],
  ['private', { 'cache-control': 'private' }],
  ['no-cache', { 'cache-control': 'no-cache', etag: '"1"' }],
] as const)('an answer with %s is shared with nobody, and all go on at once', async ([, headers]) => {
  const { world, held, reached } = await startHeld();
  const clients = ask(world, 20);
  await reached(1);
  await waiting(world, 20);
  held[0]?.writeHead(200, headers).end('0');
  await reached(20);
  for (const [number, response] of held.entries()) if (number > 0) response.writeHead(200, headers).end(String(number));
  expect(new Set(await allBodies(clients)).size).toBe(20);
});

test('where that has happened nobody waits', async () => {
  const { world, held, reached } = await startHeld();
  const [first] = ask(world, 1);
  await reached(1);
  held[0]?.writeHead(200, { 'cache-control': 'no-store' }).end();
  await first?.answer;
  ask(world, 20);
  await reached(21);
});

test('the first client leaves and the others are answered', async () => {
  const { world, held, reached } = await startHeld();
  const [leader] = ask(world, 1);
  await reached(1);
  const others = ask(world, 10);
  await waiting(world, 11);
  leader?.stream.close(http2.constants.NGHTTP2_CANCEL);
  await waiting(world, 10);
  held[0]?.writeHead(200, LONG).end('hello');
  expect(await allBodies(others)).toEqual(Array.from({ length: 10 }, () => 'hello'));
  expect(held.length).toBe(1);
});

test('the first client leaves within the body and the others are answered', async () => {
  const { world, held, reached } = await startHeld();
  const [leader] = ask(world, 1);
  await reached(1);
  held[0]?.writeHead(200, { ...LONG, 'content-length': '10' }).write('hello');
  await vi.waitFor(() => expect(leader?.stream.sentHeaders).toBeDefined());
  const others = ask(world, 5);
  await waiting(world, 6);
  leader?.stream.close(http2.constants.NGHTTP2_CANCEL);
  await waiting(world, 5);
  held[0]?.end('world');
  expect(await allBodies(others)).toEqual(Array.from({ length: 5 }, () => 'helloworld'));
});

test('everybody leaves and the backend is told', async () => {
  const { world, held, reached } = await startHeld();
  const clients = ask(world, 3);
  await reached(1);
  await waiting(world, 3);
  const closed = new Promise((resolve) => held[0]?.once('close', resolve));
  for (const { stream } of clients) stream.close(http2.constants.NGHTTP2_CANCEL);
  await closed;
});

test('a failure is one failure, not one after the other', async () => {
  const { world, held, reached } = await startHeld('cache: { wait: 20s }', '');
  const clients = ask(world, 10);
  await reached(1);
  await waiting(world, 10);
  held[0]?.writeHead(503).end();
  await reached(10);
  for (const response of held.slice(1)) response.writeHead(503).end();
  expect((await Promise.all(clients.map(({ answer }) => answer))).map(({ status }) => status)).toEqual(
    Array.from({ length: 10 }, () => 503),
  );
});

test('what fails for one, by whatever it asked, fails for nobody else', async () => {
  const { world, held, reached } = await startHeld();
  const [leader] = ask(world, 1, { 'x-poison': 'breaks the backend' });
  await reached(1);
  const others = ask(world, 3);
  await waiting(world, 4);
  const fallen = new Set<ServerResponse>();
  const timer = setInterval(() => {
    for (const response of held) {
      if (fallen.has(response) || response.headersSent) continue;
      if (response.req.headers['x-poison'] === undefined) response.writeHead(200, LONG).end('hello');
      else fallen.add(response.destroy());
    }
  }, 5);
  onTestFinished(() => clearInterval(timer));
  expect(await allBodies(others)).toEqual(['hello', 'hello', 'hello']);
  expect((await leader?.answer)?.status).toBe(502);
});

test('who waits too long goes by himself', async () => {
  const { world, held, reached } = await startHeld('cache: { wait: 50ms }');
  const clients = ask(world, 2);
  await reached(2);
  held[1]?.writeHead(200, LONG).end('second');
  held[0]?.writeHead(200, LONG).end('first');
  expect((await allBodies(clients)).sort()).toEqual(['first', 'second']);
});

test('nobody waits for the end of a stream of events, whatever life the site gives it', async () => {
  const { world, held, reached } = await startHeld('cache: { wait: 20s, ttl: 1m }');
  for (const count of [1, 2, 3]) {
    const [client] = ask(world, 1);
    await reached(count);
    held.at(-1)?.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    await once(client?.stream as EventEmitter, 'data');
  }
});

test('an answer that goes on for longer than somebody waits is waited for by nobody else', async () => {
  const { world, held, reached } = await startHeld('cache: { wait: 50ms }');
  const [first] = ask(world, 1);
  await reached(1);
  held[0]?.writeHead(200, LONG).write('begin');
  await once(first?.stream as EventEmitter, 'data');
  ask(world, 1);
  await reached(2);
  expect(world.gateway.runtime.caches.find('localhost')?.isPassed('localhost/a', Date.now())).toBe(true);
});

test('variants are fetched beside each other', async () => {
  const { world, held, reached } = await startHeld();
  const clients = [...ask(world, 2, { 'accept-language': 'de' }), ...ask(world, 2, { 'accept-language': 'en' })];
  await reached(1);
  await waiting(world, 4);
  held[0]?.writeHead(200, { ...LONG, vary: 'accept-language' }).end('one');
  await vi.waitFor(() => expect(held.length).toBeGreaterThan(1));
  await vi.waitFor(() => {
    for (const response of held.slice(1))
      if (!response.headersSent) response.writeHead(200, { ...LONG, vary: 'accept-language' }).end('other');
    expect(world.gateway.load.requests).toBe(0);
  });
  const words = await allBodies(clients);
  expect([words[0] === words[1], new Set(words).size]).toEqual([true, 2]);
});

test('revalidations are one too', async () => {
  const { world, held, reached } = await startHeld();
  const [first] = ask(world, 1);
  await reached(1);
  held[0]?.writeHead(200, { ...LONG, etag: '"1"' }).end('hello');
  await first?.answer;
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 });
  onTestFinished(() => void vi.useRealTimers());
  const clients = ask(world, 30);
  await reached(2);
  await waiting(world, 30);
  // Node writes the second that it has kept.
  held[1]?.writeHead(304, { ...LONG, etag: '"1"', date: new Date().toUTCString() }).end();
  expect(new Set(await allBodies(clients))).toEqual(new Set(['hello']));
  expect(held.length).toBe(2);
});

test('what was changed while it was fetched is not stored', async () => {
  const { world, held, reached } = await startHeld();
  const [old] = ask(world, 1);
  await reached(1);
  const [change] = ask(world, 1, { ':method': 'DELETE' });
  await reached(2);
  held[1]?.writeHead(204).end();
  await change?.answer;
  held[0]?.writeHead(200, LONG).end('old');
  await old?.answer;
  const [next] = ask(world, 1);
  await reached(3);
  held[2]?.writeHead(200, LONG).end('new');
  expect((await next?.answer)?.body).toBe('new');
});

test.for([
  ['with a head that has come', true],
  ['with nothing yet', false],
] as const)('who asks behind a change gets nothing that was asked for before it: %s', async ([, hasCome]) => {
  const { world, held, reached } = await startHeld();
  const [old] = ask(world, 1);
  await reached(1);
  if (hasCome) {
    held[0]?.writeHead(200, { ...LONG, 'content-length': '3' }).write('o');
    await once(old?.stream as EventEmitter, 'response');
  }
  const [change] = ask(world, 1, { ':method': 'DELETE' });
  await reached(2);
  held[1]?.writeHead(204).end();
  await change?.answer;
  const [next, besides] = ask(world, 2);
  await reached(3);
  await waiting(world, 3);
  held[2]?.writeHead(200, LONG).end('new');
  expect(await allBodies([next, besides] as Client[])).toEqual(['new', 'new']);
  if (!hasCome) held[0]?.writeHead(200, LONG);
  held[0]?.end(hasCome ? 'ld' : 'old');
  expect((await old?.answer)?.body).toBe('old');
  expect((await ask(world, 1)[0]?.answer)?.body).toBe('new');
});

test('who asks for less than the whole answer keeps nobody from waiting for it', async () => {
  const { world, held, reached } = await startHeld();
  for (const headers of [{ 'if-none-match': '"x"' }, { range: 'bytes=0-1' }, { ':method': 'HEAD' }]) {
    const [less] = ask(world, 1, headers);
    await reached(1);
    held
      .pop()
      ?.writeHead(less === undefined || 'if-none-match' in headers ? 304 : 200)
      .end();
    await less?.answer;
  }
  const clients = ask(world, 5);
  await reached(1);
  held[0]?.writeHead(200, { 'cache-control': 'max-age=60' }).end('one');
  const answers = await Promise.all(clients.map(({ answer }) => answer));
  expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(['one']));
  expect(held.length).toBe(1);
});

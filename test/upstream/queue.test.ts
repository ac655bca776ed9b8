import { describe, expect, test } from 'vitest';
import type { GatehouseError } from '../../src/base/errors.ts';
import { Call } from '../../src/upstream/call.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';
import { startH2cBackend, startStreamingBackend } from '../support/backend.ts';
import { ManualClock } from '../support/clock.ts';
import { ask, groupOf } from './group.ts';

/** A server that answers when the test says so, in the order of arrival. */
async function holding(): Promise<{ url: string; paths: string[]; answer(): void }> {
  const held: (() => void)[] = [];
  const paths: string[] = [];
  const { url } = await startStreamingBackend((request, response) => {
    paths.push(request.url ?? '');
    held.push(() => response.end(request.url));
  });
  return { url, paths, answer: () => held.shift()?.() };
}

function get(upstream: Upstream, path: string, client = ''): Promise<number> {
  const makeCall = (): Call => Object.assign(new Call('GET', path, 'a.test', [], undefined), { client });
  return upstream.send(makeCall, { key: 0, backend: undefined, client }).then(({ status }) => status);
}

const codeOf = (answer: Promise<number>): Promise<number | string> =>
  answer.catch(({ code, message }: GatehouseError) => `${code} ${message.replace(/^\S+ /, '')}`);

describe('calls for which there is no connection', () => {
  test('wait in order of arrival, and are refused at once when too many wait', async () => {
    const app = await holding();
    const upstream = groupOf(`{ servers: ["${app.url}"], maxConnections: 1, maxQueue: 2 }`);
    const first = get(upstream, '/1');
    await expect.poll(() => app.paths).toEqual(['/1']);
    const [second, third] = [get(upstream, '/2'), get(upstream, '/3')];
    await expect(get(upstream, '/4')).rejects.toMatchObject({ code: 'upstream_busy', status: 503 });
    expect([upstream.backends[0]?.waiting, upstream.backends[0]?.load]).toEqual([2, 3]);
    for (const [answer, path] of [
      [first, '/1'],
      [second, '/2'],
      [third, '/3'],
    ] as const) {
      await expect.poll(() => app.paths.at(-1)).toBe(path);
      app.answer();
      expect(await answer).toBe(200);
    }
    expect(app.paths).toEqual(['/1', '/2', '/3']);
  });

  test('of one client may take every place, and the newest gives way to a client with fewer', async () => {
    const app = await holding();
    const upstream = groupOf(`{ servers: ["${app.url}"], maxConnections: 2, maxQueue: 3, retries: false }`);
    const many = [get(upstream, '/1', 'a'), get(upstream, '/2', 'a')];
    await expect.poll(() => app.paths.length).toBe(2);
    many.push(...[3, 4, 5].map((i) => get(upstream, `/${i}`, 'a')));
    expect(upstream.backends[0]?.waiting).toBe(3);
    const codes = many.map(codeOf);
    expect(await codeOf(get(upstream, '/6', 'a'))).toBe(
      'upstream_busy server of app is busy, and as many requests wait as may',
    );
    const other = get(upstream, '/7', 'b');
    expect(await codes[4]).toBe(
      'upstream_busy 2 requests under way and 3 waiting, as many as may; the place went to a client with fewer',
    );
    // One more would only change places.
    expect(await codeOf(get(upstream, '/8', 'b'))).toMatch(/^upstream_busy/);
    for (let answered = 0; answered < 5; answered++) {
      await expect.poll(() => app.paths.length).toBeGreaterThan(answered);
      app.answer();
    }
    expect(await Promise.all([...codes.slice(0, 4), other])).toEqual([200, 200, 200, 200, 200]);
    expect(app.paths).toEqual(['/1', '/2', '/3', '/7', '/4']);
  });

  test('never wait where nobody may', async () => {
    const app = await holding();
    const upstream = groupOf(`{ servers: ["${app.url}"], maxConnections: 2, maxQueue: 0 }`);
    const answers = [get(upstream, '/1'), get(upstream, '/2')];
    await expect(get(upstream, '/3')).rejects.toMatchObject({ code: 'upstream_busy' });
    await expect.poll(() => app.paths.length).toBe(2);
    app.answer();
    app.answer();
    expect(await Promise.all(answers)).toEqual([200, 200]);
  });

  test('wait no longer than they may', async () => {
    const app = await holding();
    const upstream = groupOf(`{ servers: ["${app.url}"], maxConnections: 1, queueTimeout: 500ms }`);
    void get(upstream, '/1');
    await expect.poll(() => app.paths.length).toBe(1);
    await expect(get(upstream, '/2')).rejects.toMatchObject({ code: 'upstream_busy', status: 503 });
    app.answer();
  });

  test('go to another server where that has room', async () => {
    const [full, free] = [await holding(), await holding()];
    const upstream = groupOf(
      `{ balance: round-robin, servers: ["${full.url}", "${free.url}"], maxConnections: 1, maxQueue: 0 }`,
    );
    const held = [get(upstream, '/1'), get(upstream, '/2')];
    await expect.poll(() => full.paths.length + free.paths.length).toBe(2);
    free.answer();
    expect(await held[1]).toBe(200);
    const third = get(upstream, '/3');
    await expect.poll(() => free.paths.at(-1)).toBe('/3');
    free.answer();
    full.answer();
    expect(await Promise.all([held[0], third])).toEqual([200, 200]);
  });

  test('go to another server when theirs is taken out while they wait', async () => {
    let requests = 0;
    const failing = await startStreamingBackend((_request, response) => {
      requests++;
      response.writeHead(503).end();
    });
    const good = await startStreamingBackend((_request, response) => void response.end('good'));
    const upstream = groupOf(
      `{ balance: hash, servers: ["${failing.url}", "${good.url}"], maxConnections: 1, ejection: { failures: 1 } }`,
      { clock: new ManualClock() },
    );
    const [first] = upstream.backends;
    const wish = { key: 0, backend: first, client: '' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask(upstream, { wish })));
    expect(new Set(answers)).toEqual(new Set(['good']));
    expect(requests).toBeLessThan(4);
  });
});

test('requests under way at one server are bounded over all its connections', async () => {
  let most = 0;
  let now = 0;
  const app = await startH2cBackend((stream) => {
    most = Math.max(most, ++now);
    setImmediate(() => {
      now--;
      stream.respond({ ':status': 200 });
      stream.end('x');
    });
  });
  const upstream = groupOf(`{ protocol: h2, servers: ["${app.url}"], maxRequests: 5 }`);
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask(upstream)));
  expect(answers).toEqual(Array(40).fill('x'));
  expect(most).toBeLessThanOrEqual(5);
  expect(app.connections.count).toBe(1);
});

test('one dead handshake that all wait for is not waited for by each in turn', async () => {
  const upstream = groupOf('{ protocol: h2, servers: ["http://127.0.0.1:1"], retries: false, queueTimeout: 1h }');
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => ask(upstream)));
  expect(results.every(({ status }) => status === 'rejected')).toBe(true);
});

test('a call that cannot be sent, or is given up before it is, leaves its connection to the others', async () => {
  const app = await startStreamingBackend((_request, response) => void response.end('x'));
  const upstream = groupOf(`{ servers: ["${app.url}"], maxConnections: 1 }`);
  for (let i = 0; i < 3; i++) {
    const malformed = new Call('GET', '/a b', 'a.test', [], undefined);
    await expect(upstream.send(() => malformed)).rejects.toMatchObject({ code: 'bad_request' });
    const late = new Call('GET', '/', 'a.test', [], undefined);
    const answer = upstream.send(() => late).catch((error: { code: string }) => error.code);
    late.cancel();
    expect(await answer).toBe('client_closed');
    expect(await ask(upstream)).toBe('x');
  }
  // The first of those given up was sent already; the others waited for what still rested from the call before.
  expect([app.connections.count, upstream.backends[0]?.load]).toEqual([2, 0]);
});

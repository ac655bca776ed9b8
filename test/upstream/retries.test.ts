import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { Call } from '../../src/upstream/call.ts';
import { Retries } from '../../src/upstream/retries.ts';
import type { Backend } from '../support/backend.ts';
import { startBackend, startH2cBackend, startStreamingBackend } from '../support/backend.ts';
import { ManualClock } from '../support/clock.ts';
import { ask, bodyOf, groupConfig, groupOf, send } from './group.ts';

const answering = (status: number): Promise<Backend> =>
  startBackend((_, response) => void response.writeHead(status).end(String(status)));
const resetting = (): Promise<Backend> => startStreamingBackend((request) => void request.socket.destroy());
const list = (servers: readonly { url: string }[]): string => servers.map(({ url }) => `"${url}"`).join(', ');

describe('a request goes to another server', () => {
  test.for([502, 503, 504])('when the first answers %i', async (status) => {
    const bad = await answering(status);
    const good = await answering(200);
    const upstream = groupOf(`{ balance: round-robin, servers: [${list([bad, good])}] }`);
    for (let i = 0; i < 4; i++) expect(await ask(upstream)).toBe('200');
    expect(bad.seen.length).toBeGreaterThan(0);
  });

  test('when the connection breaks before the answer', async () => {
    const [bad, good] = [await resetting(), await answering(200)];
    const upstream = groupOf(`{ balance: round-robin, servers: [${list([bad, good])}] }`);
    for (let i = 0; i < 4; i++) expect(await ask(upstream)).toBe('200');
    expect(bad.connections.count).toBeGreaterThan(0);
  });

  test('each time to one that it has not been to, and no further than attempts say', async () => {
    const bad = await Promise.all([503, 503, 503, 503].map(answering));
    const upstream = groupOf(
      `{ balance: round-robin, servers: [${list(bad)}], retries: { attempts: 2 }, ejection: false }`,
    );
    const { reply, servers } = await send(upstream);
    expect(reply.status).toBe(503);
    expect(servers).toHaveLength(3);
    expect(new Set(servers).size).toBe(3);
  });

  test('with a method that must not be repeated only when no server has begun with it', async () => {
    const good = await answering(200);
    const refused = groupOf(`{ balance: round-robin, servers: ["http://127.0.0.1:1", "${good.url}"] }`);
    for (let i = 0; i < 4; i++) expect(await ask(refused, { method: 'POST' })).toBe('200');
    const busy = await answering(503);
    const begun = groupOf(`{ balance: round-robin, servers: [${list([busy, good])}] }`);
    const answers = [await ask(begun, { method: 'POST' }), await ask(begun, { method: 'POST' })];
    expect(answers.sort()).toEqual(['200', '503']);
  });

  test('with its body only when nothing of that has been read', async () => {
    const good = await answering(200);
    const refused = groupOf(`{ balance: round-robin, servers: ["http://127.0.0.1:1", "${good.url}"] }`);
    for (let i = 0; i < 2; i++) expect(await ask(refused, { method: 'PUT', body: bodyOf('abc') })).toBe('200');
    expect(good.seen.map(({ body }) => body.toString())).toEqual(['abc', 'abc']);
    const busy = await answering(503);
    const begun = groupOf(`{ balance: round-robin, servers: [${list([busy, good])}] }`);
    const bodies = [bodyOf('abc'), bodyOf('def')];
    for (const body of bodies) await ask(begun, { method: 'PUT', body });
    expect(bodies.map(({ starts }) => starts)).toEqual([1, 1]);
    expect(busy.seen).toHaveLength(1);
  });
});

describe('a request stays where it is', () => {
  test.for([
    ['retries: false', 503],
    ['retries: { on: [connect, 502] }', 503],
    ['retries: {}', 500],
  ] as const)('with %s when the answer is %i', async ([settings, status]) => {
    const bad = await Promise.all([answering(status), answering(status)]);
    const { servers } = await send(groupOf(`{ servers: [${list(bad)}], ${settings} }`));
    expect(servers).toHaveLength(1);
  });

  test('when there is no other server: an answer is not asked for twice', async () => {
    const only = await answering(503);
    const { reply, servers } = await send(groupOf(`{ servers: ["${only.url}"] }`));
    expect([reply.status, servers.length]).toEqual([503, 1]);
  });

  test('on a new connection, when there is no other server and the first one broke', async () => {
    let requests = 0;
    const flaky = await startStreamingBackend((request, response) => {
      if (++requests === 1) request.socket.destroy();
      else response.end('ok');
    });
    expect(await ask(groupOf(`{ servers: ["${flaky.url}"] }`))).toBe('ok');
    expect(flaky.connections.count).toBe(2);
  });
});

describe('over HTTP/2', () => {
  test('what a server refuses goes to another one, whatever the method', async () => {
    const refusing = await startH2cBackend((stream) => stream.close(7));
    const good = await startH2cBackend((stream) => {
      stream.respond({ ':status': 200 });
      stream.end('good');
    });
    const upstream = groupOf(`{ balance: round-robin, protocol: h2, servers: [${list([refusing, good])}] }`);
    for (let i = 0; i < 4; i++) expect(await ask(upstream, { method: 'POST' })).toBe('good');
  });

  test('what comes after the last stream of a GOAWAY was not begun with', async () => {
    let streams = 0;
    const leaving = await startH2cBackend((stream) => {
      streams++;
      if (streams === 1) return;
      if (streams === 2) {
        // Says that it has worked on the first one only, and goes.
        stream.session?.goaway(2, 1);
        stream.session?.destroy();
        return;
      }
      stream.respond({ ':status': 200 });
      stream.end('again');
    });
    const upstream = groupOf(`{ protocol: h2, servers: ["${leaving.url}"] }`);
    const answers = await Promise.allSettled([ask(upstream, { method: 'POST' }), ask(upstream, { method: 'POST' })]);
    expect(answers).toMatchObject([
      { status: 'rejected', reason: { code: 'upstream_closed' } },
      { status: 'fulfilled', value: 'again' },
    ]);
  });

  test('a server that dies costs no idempotent request of the many on its connection', async () => {
    const held: (() => void)[] = [];
    const dying = await startH2cBackend((stream) => void held.push(() => stream.session?.destroy()));
    const good = await startH2cBackend((stream) => {
      stream.respond({ ':status': 200 });
      stream.end('good');
    });
    const upstream = groupOf(
      `{ balance: round-robin, protocol: h2, retries: { minimum: 100 }, servers: [${list([dying, good])}] }`,
    );
    const answers = Promise.all(Array.from({ length: 20 }, () => ask(upstream)));
    await expect.poll(() => held.length).toBe(10);
    held[0]?.();
    await dying.close();
    expect(new Set(await answers)).toEqual(new Set(['good']));
  });
});

describe('the budget', () => {
  const get = new Call('GET', '/', 'a.test', [], undefined);
  const retriesOf = (yaml: string, clock: ManualClock): Retries =>
    new Retries(groupConfig(`{ servers: "http://a", retries: ${yaml} }`).retries, clock);
  const takeAll = (retries: Retries): number => {
    let taken = 0;
    while (taken < 100_000 && retries.take()) taken++;
    return taken;
  };

  test('allows its share of the requests', () => {
    const retries = retriesOf('{ budget: 20%, minimum: 0 }', new ManualClock());
    for (let i = 0; i < 1000; i++) retries.count();
    expect(takeAll(retries)).toBe(200);
  });

  test('allows some when there is hardly a request', () => {
    const retries = retriesOf('{ budget: 20%, minimum: 3 }', new ManualClock());
    retries.count();
    expect(takeAll(retries)).toBe(3);
  });

  test('forgets what is long past: requests, and what was sent again', () => {
    const clock = new ManualClock();
    const retries = retriesOf('{ budget: 10%, minimum: 5 }', clock);
    for (let i = 0; i < 1000; i++) retries.count();
    expect(takeAll(retries)).toBe(100);
    clock.advance(100_000);
    expect(takeAll(retries)).toBe(5);
  });

  test('follows an even stream', () => {
    const clock = new ManualClock();
    const retries = retriesOf('{ budget: 20%, minimum: 0 }', clock);
    let taken = 0;
    for (let second = 0; second < 200; second++) {
      clock.advance(1000);
      for (let i = 0; i < 100; i++) retries.count();
      taken += takeAll(retries);
    }
    expect(taken / (200 * 100)).toBeGreaterThan(0.15);
    expect(taken / (200 * 100)).toBeLessThan(0.25);
  });

  test('is asked last: when it is used up the answer is passed on as it is', async () => {
    const bad = await Promise.all([answering(503), answering(503)]);
    const clock = new ManualClock();
    const settings = 'retries: { budget: 0%, minimum: 2 }, ejection: false';
    const upstream = groupOf(`{ servers: [${list(bad)}], ${settings} }`, { clock });
    const attempts: number[] = [];
    for (let i = 0; i < 4; i++) attempts.push((await send(upstream)).servers.length);
    expect(attempts).toEqual([2, 2, 1, 1]);
  });

  test('does not count what no server has begun with', async () => {
    const good = await answering(200);
    const upstream = groupOf(
      `{ balance: round-robin, servers: ["http://127.0.0.1:1", "${good.url}"], retries: { budget: 0%, minimum: 0 }, ejection: false }`,
    );
    for (let i = 0; i < 6; i++) expect(await ask(upstream)).toBe('200');
  });

  test('is not for what a server was working on when it died, once in a while', () => {
    const clock = new ManualClock();
    const retries = retriesOf('{ budget: 0%, minimum: 0 }', clock);
    const [one, other] = [{}, {}];
    const die = (server: object): boolean[] => [1, 2, 3].map(() => retries.takeAfterDeath(server));
    expect(die(one)).toEqual([true, true, true]);
    clock.advance(2000);
    expect(die(one)).toEqual([false, false, false]);
    expect(die(other)).toEqual([true, true, true]);
    clock.advance(60_000);
    expect(die(one)).toEqual([true, true, true]);
  });

  test('however small, loses nothing of many requests that one server had under way', async () => {
    const { promise: all, resolve } = Promise.withResolvers<void>();
    let held = 0;
    const dying = await startBackend(() => {
      if (++held === 40) resolve();
    });
    const good = await answering(200);
    const upstream = groupOf(
      `{ balance: round-robin, servers: [${list([dying, good])}], retries: { budget: 0%, minimum: 0 } }`,
    );
    const answers = Promise.all(Array.from({ length: 80 }, () => ask(upstream)));
    await all;
    await dying.close();
    expect(new Set(await answers)).toEqual(new Set(['200']));
  });

  test('attempts are a bound of their own', () => {
    const retries = retriesOf('{ attempts: 2 }', new ManualClock());
    expect([0, 1, 2].map((made) => retries.allowsStatus(503, get, made))).toEqual([true, true, false]);
  });
});

test('the answer that is given up is not read on: its connection is free again or gone', async () => {
  const big = 'x'.repeat(4 * 1024 * 1024);
  let closed = 0;
  const bad = await startStreamingBackend((request, response: ServerResponse) => {
    request.socket.once('close', () => closed++);
    response.writeHead(503).end(big);
  });
  const good = await answering(200);
  const upstream = groupOf(`{ balance: round-robin, servers: [${list([bad, good])}] }`);
  await Promise.all([ask(upstream), ask(upstream)]);
  await expect.poll(() => closed).toBe(bad.connections.count);
});

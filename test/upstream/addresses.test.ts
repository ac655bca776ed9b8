import type { LookupAddress } from 'node:dns';
import net from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Lookup } from '../../src/upstream/addresses.ts';
import { startBackend, startH2cBackend, startStreamingBackend } from '../support/backend.ts';
import { ManualClock } from '../support/clock.ts';
import { ask, groupOf } from './group.ts';

const v4 = (address: string): LookupAddress => ({ address, family: 4 });

/** A resolver whose answers the test decides. */
class Names {
  answer: readonly LookupAddress[] | Error = [];
  asked = 0;
  readonly lookup: Lookup = async () => {
    this.asked++;
    if (this.answer instanceof Error) throw this.answer;
    return this.answer;
  };
}

/** The same port on an address of the loopback network. */
async function listenOn(
  host: string,
  port: number,
): Promise<{ port: number; connections: () => number; close(): void }> {
  let connections = 0;
  const server = net.createServer((socket) => {
    connections++;
    socket.on('error', () => {});
    socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${host.length}\r\n\r\n${host}`));
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    connections: () => connections,
    close: () => server.close(),
  };
}

async function twoHosts(): Promise<[Awaited<ReturnType<typeof listenOn>>, Awaited<ReturnType<typeof listenOn>>]> {
  const one = await listenOn('127.0.0.1', 0);
  return [one, await listenOn('127.0.0.2', one.port)];
}

describe('a server with a host name', () => {
  test('is looked up beside the traffic, and requests go where the name leads now', async () => {
    const [one, two] = await twoHosts();
    const [names, clock] = [new Names(), new ManualClock()];
    names.answer = [v4('127.0.0.1')];
    const upstream = groupOf(`{ servers: ["http://app.test:${one.port}"], resolveEvery: 10s }`, {
      clock,
      lookup: names.lookup,
    });
    upstream.start();
    expect(await ask(upstream)).toBe('127.0.0.1');
    expect(await ask(upstream)).toBe('127.0.0.1');
    expect([names.asked, one.connections()]).toEqual([1, 1]);
    names.answer = [v4('127.0.0.2')];
    await expect.poll(() => clock.pending).toBe(1);
    clock.advance(11_000);
    await expect.poll(() => clock.pending).toBe(1);
    expect(await ask(upstream)).toBe('127.0.0.2');
    expect([names.asked, one.connections(), two.connections()]).toEqual([2, 1, 1]);
    one.close();
    two.close();
  });

  test('keeps its last addresses when it is not found', async () => {
    const app = await startBackend();
    const [names, clock] = [new Names(), new ManualClock()];
    names.answer = [v4('127.0.0.1')];
    const upstream = groupOf(`{ servers: ["http://app.test:${app.port}"] }`, { clock, lookup: names.lookup });
    upstream.start();
    expect(await ask(upstream)).toBe('hello');
    for (const answer of [new Error('SERVFAIL'), []]) {
      names.answer = answer;
      await expect.poll(() => clock.pending).toBe(1);
      clock.advance(40_000);
      await expect.poll(() => clock.pending).toBe(1);
      upstream.backends[0]?.dropIdle();
      expect(await ask(upstream)).toBe('hello');
    }
    expect([names.asked, app.connections.count]).toEqual([3, 3]);
  });

  test('with several addresses spreads its connections over them, and passes over a dead one', async () => {
    const [one, two] = await twoHosts();
    const names = new Names();
    names.answer = [v4('127.0.0.1'), v4('127.0.0.2'), v4('127.0.0.3')];
    const upstream = groupOf(`{ servers: ["http://app.test:${one.port}"], retries: false }`, { lookup: names.lookup });
    upstream.start();
    for (let i = 0; i < 9; i++) {
      await ask(upstream);
      upstream.backends[0]?.dropIdle();
    }
    expect(one.connections() + two.connections()).toBe(9);
    expect(Math.min(one.connections(), two.connections())).toBeGreaterThanOrEqual(3);
    one.close();
    two.close();
  });

  test('gives an address that comes up its share, although there are connections enough to the others', async () => {
    const [one, two] = await twoHosts();
    const [names, clock] = [new Names(), new ManualClock()];
    names.answer = [v4('127.0.0.1')];
    const upstream = groupOf(`{ servers: ["http://app.test:${one.port}"], resolveEvery: 10s }`, {
      clock,
      lookup: names.lookup,
    });
    upstream.start();
    const askFour = (): Promise<unknown[]> => Promise.all([1, 2, 3, 4].map(() => ask(upstream)));
    expect(await askFour()).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.1']);
    names.answer = [v4('127.0.0.1'), v4('127.0.0.2')];
    await expect.poll(() => clock.pending).toBe(1);
    clock.advance(11_000);
    await expect.poll(askFour).toContain('127.0.0.2');
    expect([one.connections() < 6, two.connections() > 0]).toEqual([true, true]);
    upstream.close();
    one.close();
    two.close();
  });

  test('whose name cannot be found at first is asked for again with the next request', async () => {
    const app = await startBackend();
    const names = new Names();
    names.answer = Object.assign(new Error('getaddrinfo ENOTFOUND app.test'), { code: 'ENOTFOUND' });
    const upstream = groupOf(`{ servers: ["http://app.test:${app.port}"] }`, {
      clock: new ManualClock(),
      lookup: names.lookup,
    });
    upstream.start();
    await expect(ask(upstream)).rejects.toMatchObject({ code: 'upstream_connect' });
    names.answer = [v4('127.0.0.1')];
    expect(await ask(upstream)).toBe('hello');
  });

  test('lets a shared connection to an address that it no longer has finish, and opens another', async () => {
    const held: (() => void)[] = [];
    const app = await startH2cBackend((stream, headers) => {
      const answer = (): void => {
        stream.respond({ ':status': 200 });
        stream.end(String(headers[':path']));
      };
      if (held.length === 0) held.push(answer);
      else answer();
    });
    const [names, clock] = [new Names(), new ManualClock()];
    names.answer = [v4('127.0.0.1')];
    const upstream = groupOf(`{ protocol: h2, servers: ["http://app.test:${app.port}"] }`, {
      clock,
      lookup: names.lookup,
    });
    upstream.start();
    const first = ask(upstream);
    await expect.poll(() => held.length).toBe(1);
    names.answer = [{ address: '::ffff:127.0.0.1', family: 6 }];
    await expect.poll(() => clock.pending).toBe(1);
    clock.advance(40_000);
    await expect.poll(() => clock.pending).toBe(1);
    expect(await ask(upstream)).toBe('/');
    expect(app.connections.count).toBe(2);
    held[0]?.();
    expect(await first).toBe('/');
  });

  test('is not looked up any more once the group is closed', async () => {
    const [names, clock] = [new Names(), new ManualClock()];
    names.answer = [v4('127.0.0.1')];
    const upstream = groupOf('{ servers: ["http://app.test:1"] }', { clock, lookup: names.lookup });
    upstream.start();
    await expect.poll(() => clock.pending).toBe(1);
    upstream.close();
    expect(clock.pending).toBe(0);
  });
});

test('a server with an address, or whose name is for each connection, is never looked up here', async () => {
  const names = new Names();
  const app = await startBackend();
  for (const server of [app.url, `http://[::1]:${app.port}`]) {
    const upstream = groupOf(`{ servers: ["${server}"] }`, { lookup: names.lookup });
    upstream.start();
  }
  const each = groupOf(`{ servers: ["http://localhost:${app.port}"], resolveEvery: false }`, { lookup: names.lookup });
  each.start();
  expect(await ask(each)).toBe('hello');
  expect(names.asked).toBe(0);
});

test('a request under way to an address that is gone is answered, and its connection is not used again', async () => {
  const held: (() => void)[] = [];
  const app = await startStreamingBackend((_request, response) => {
    if (held.length === 0) held.push(() => response.end('late'));
    else response.end('soon');
  });
  const [names, clock] = [new Names(), new ManualClock()];
  names.answer = [v4('127.0.0.1')];
  const upstream = groupOf(`{ servers: ["http://app.test:${app.port}"] }`, { clock, lookup: names.lookup });
  upstream.start();
  const late = ask(upstream);
  await expect.poll(() => held.length).toBe(1);
  names.answer = [{ address: '::ffff:127.0.0.1', family: 6 }];
  await expect.poll(() => clock.pending).toBe(1);
  clock.advance(40_000);
  await expect.poll(() => clock.pending).toBe(1);
  held[0]?.();
  expect(await late).toBe('late');
  expect(await ask(upstream)).toBe('soon');
  expect(app.connections.count).toBe(2);
});

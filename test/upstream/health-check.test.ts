import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { ServerChange } from '../../src/upstream/roster.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';
import type { Backend } from '../support/backend.ts';
import { startBackend, startH2cBackend, startRawBackend, startStreamingBackend } from '../support/backend.ts';
import { ManualClock } from '../support/clock.ts';
import { ask, groupOf } from './group.ts';

interface Scene {
  readonly upstream: Upstream;
  readonly clock: ManualClock;
  readonly changes: string[];
}

/** Started: the first checks are on their way. */
function scene(servers: readonly Pick<Backend, 'url'>[], health: string, more = ''): Scene {
  const clock = new ManualClock();
  const list = servers.map(({ url }) => `"${url}"`).join(', ');
  const upstream = groupOf(`{ servers: [${list}], balance: round-robin, slowStart: 0, health: ${health}, ${more} }`, {
    clock,
  });
  const changes: string[] = [];
  upstream.start(({ backend, to }: ServerChange) => changes.push(`${upstream.backends.indexOf(backend)} ${to}`));
  return { upstream, clock, changes };
}

/** The round of checks under way has ended: each server's next one is set. */
const settled = ({ clock }: Scene, servers: number): Promise<void> => expect.poll(() => clock.pending).toBe(servers);

async function rounds(here: Scene, servers: number, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    here.clock.advance(6000);
    await settled(here, servers);
  }
}

test('the first check comes at once and decides by itself; later ones have to agree', async () => {
  let isWell = false;
  const app = await startBackend((_, response) => void response.writeHead(isWell ? 200 : 500).end());
  const other = await startBackend();
  const here = scene([app, other], '{ path: /up }');
  await settled(here, 2);
  expect(app.seen[0]).toMatchObject({ method: 'GET', url: '/up', headers: { 'user-agent': 'Gatehouse-Health' } });
  expect(here.changes).toEqual(['0 down']);
  expect(here.upstream.backends[0]?.condition.reason).toBe('health check: answered 500');
  isWell = true;
  await rounds(here, 2, 1);
  expect(here.changes).toEqual(['0 down']);
  await rounds(here, 2, 1);
  expect(here.changes).toEqual(['0 down', '0 up']);
  isWell = false;
  await rounds(here, 2, 2);
  expect(here.changes).toEqual(['0 down', '0 up']);
  await rounds(here, 2, 1);
  expect(here.changes).toEqual(['0 down', '0 up', '0 down']);
});

test('a server that is down gets nothing, unless all are', async () => {
  let isWell = false;
  const first = await startBackend(
    (request, response) => void response.writeHead(request.url === '/up' && !isWell ? 503 : 200).end('first'),
  );
  let isOtherWell = true;
  const other = await startBackend(
    (request, response) => void response.writeHead(request.url === '/up' && !isOtherWell ? 503 : 200).end('other'),
  );
  const here = scene([first, other], '{ path: /up, unhealthyAfter: 1, healthyAfter: 1 }');
  await settled(here, 2);
  const answers = async (): Promise<Set<string>> => {
    const seen = new Set<string>();
    for (let i = 0; i < 6; i++) seen.add(await ask(here.upstream));
    return seen;
  };
  expect(await answers()).toEqual(new Set(['other']));
  isOtherWell = false;
  await rounds(here, 2, 1);
  expect(await answers()).toEqual(new Set(['first', 'other']));
  isWell = true;
  await rounds(here, 2, 1);
  expect(await answers()).toEqual(new Set(['first']));
});

describe('beside ejection', () => {
  async function ejected(): Promise<Scene & { set(check: number, other: number): void }> {
    let [check, other] = [200, 503];
    const bad = await startBackend(
      (request, response) => void response.writeHead(request.url === '/up' ? check : other).end(),
    );
    const good = await startBackend();
    const health = '{ path: /up, unhealthyAfter: 1, healthyAfter: 1, interval: 1s }';
    const here = scene([bad, good], health, 'ejection: { failures: 1, for: 1h, longest: 1h }');
    await settled(here, 2);
    for (let i = 0; i < 2; i++) await ask(here.upstream);
    expect(here.changes).toEqual(['0 ejected']);
    const set = (nextCheck: number, nextOther: number): void => {
      check = nextCheck;
      other = nextOther;
    };
    return { ...here, set };
  }

  test('a server that only answers its checks stays out', async () => {
    const here = await ejected();
    await rounds(here, 3, 3);
    expect(here.changes).toEqual(['0 ejected']);
  });

  test('a server that was dead is used again as soon as checks find it well', async () => {
    const here = await ejected();
    here.set(500, 503);
    await rounds(here, 3, 1);
    here.set(200, 200);
    await rounds(here, 2, 1);
    expect(here.changes).toEqual(['0 ejected', '0 down', '0 up']);
    expect(here.upstream.backends[0]?.condition.reason).toBeUndefined();
  });
});

describe('a check fails', () => {
  test.for([
    ['when nobody listens', 'http://127.0.0.1:1', /health check: cannot connect to http:\/\/127\.0\.0\.1:1/],
  ] as const)('%s', async ([, url, reason]) => {
    const here = scene([{ url }], '{ path: /up }');
    await settled(here, 1);
    expect(here.upstream.backends[0]?.condition.reason).toMatch(reason);
  });

  test('when the answer does not come in time', async () => {
    const app = await startStreamingBackend(() => {});
    const here = scene([app], '{ path: /up, timeout: 50ms }');
    await settled(here, 1);
    expect(here.upstream.backends[0]?.condition.reason).toMatch(/no answer's head within \d+(\.\d+)? ms/);
  });

  test('when the head of the answer trickles in', async () => {
    const app = await startRawBackend((socket) => {
      const trickle = setInterval(() => socket.write('H'), 5);
      socket.once('close', () => clearInterval(trickle));
      socket.resume().write('HTTP/1.1 200 OK\r\nx-trickle: ');
    });
    const here = scene([app], '{ path: /up, timeout: 50ms }');
    await settled(here, 1);
    expect(here.upstream.backends[0]?.condition.reason).toMatch(/no answer's head within \d+(\.\d+)? ms/);
  });

  test('when the status is not one that is expected', async () => {
    const app = await startBackend((_, response) => void response.writeHead(204).end());
    const here = scene([app], '{ path: /up, expect: "200, 300-399" }');
    await settled(here, 1);
    expect(here.upstream.backends[0]?.condition.reason).toBe('health check: answered 204');
  });
});

test('a check speaks HTTP/2 where the server does, below its base path and to the host that is named', async () => {
  const asked: string[] = [];
  const app = await startH2cBackend((stream, headers) => {
    asked.push(`${headers[':authority']} ${headers[':path']}`);
    stream.respond({ ':status': 200 });
    stream.end('well');
  });
  const here = scene([{ url: `${app.url}/base` }], '{ path: /up, host: app.test }', 'protocol: h2');
  await settled(here, 1);
  expect(asked).toEqual([`app.test:${app.port} /base/up`]);
  expect(here.upstream.backends[0]?.condition.state).toBe('up');
});

test('the long body of an answer is not read', async () => {
  let closed = 0;
  const app = await startStreamingBackend((request, response) => {
    request.socket.once('close', () => closed++);
    response.end(Buffer.alloc(8 * 1024 * 1024));
  });
  const here = scene([app], '{ path: /up }');
  await settled(here, 1);
  expect(here.changes).toEqual([]);
  await expect.poll(() => closed).toBe(1);
});

test('nothing is asked any more once the group is closed, and what is under way counts for nothing', async () => {
  const asked = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const app = await startStreamingBackend((request) => {
    asked.resolve();
    request.socket.once('close', () => gone.resolve());
  });
  const here = scene([app], '{ path: /up }');
  await asked.promise;
  here.upstream.close();
  await gone.promise;
  await expect.poll(() => here.upstream.backends[0]?.connections).toBe(0);
  expect([here.clock.pending, here.changes]).toEqual([0, []]);
});

test('checks do not keep a process alive', async () => {
  const app = await startStreamingBackend(() => {});
  const script = `
    import { parseConfig } from './src/config/load.ts';
    import { Upstream } from './src/upstream/upstream.ts';
    const text = 'upstreams: { a: { servers: "${app.url}", health: { path: /up, timeout: 1h, interval: 1h } } }\\nsites: { a.test: { to: a } }';
    new Upstream(parseConfig(text, { env: {} }).config.upstreams.get('a'), { timeoutMs: 3600_000 }).start();`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 20_000 });
  expect(app.connections.count).toBeLessThanOrEqual(1);
});

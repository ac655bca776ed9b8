import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Backend } from '../support/backend.ts';
import { startBackend, startH2cBackend, startStreamingBackend } from '../support/backend.ts';
import { type Answer, describeProtocols, type Over, request } from '../support/client.ts';
import { runLoad } from '../support/load.ts';
import { startGateway, type World } from '../support/world.ts';

const named = (name: string): Promise<Backend> => startBackend((_, response) => void response.end(name));
const list = (servers: readonly { url: string }[]): string => servers.map(({ url }) => `"${url}"`).join(', ');

function group(servers: readonly { url: string }[], settings: string): string {
  return `upstreams: { app: { servers: [${list(servers)}], ${settings} } }\nsites: { localhost: { to: app } }`;
}

/** Answers a turn later, so that there is always a request under way. */
const slow = (): Promise<Backend> =>
  startStreamingBackend((incoming, response) => {
    incoming.resume();
    setImmediate(() => setImmediate(() => response.end('ok')));
  });
const slowHttp2 = (): Promise<Backend> =>
  startH2cBackend((stream) => {
    setImmediate(() => {
      if (stream.destroyed) return;
      stream.respond({ ':status': 200 });
      stream.end('ok');
    });
  });

describeProtocols('one of three servers is killed under load', (over) => {
  test.for([
    ['least-requests', 'GET'],
    ['round-robin', 'GET'],
    ['random-two', 'DELETE'],
    ['hash', 'GET'],
  ] as const)('with %s, no %s fails', async ([balance, method]) => {
    const servers = await Promise.all([slow(), slow(), slow()]);
    const world = await startGateway(group(servers, `balance: ${balance}, hashFactor: 101`));
    await killUnderLoad(over, world, servers, method);
  });

  test('spoken to over HTTP/2, no GET fails', async () => {
    const servers = await Promise.all([slowHttp2(), slowHttp2(), slowHttp2()]);
    const world = await startGateway(group(servers, 'protocol: h2'));
    await killUnderLoad(over, world, servers, 'GET');
  });

  test('and comes back: no GET fails, and it is used again', async () => {
    const servers = await Promise.all([slow(), slow(), slow()]);
    const world = await startGateway(group(servers, 'ejection: { failures: 3, for: 50ms }, slowStart: 0'));
    const [dying] = servers as [Backend, Backend, Backend];
    let back: Backend | undefined;
    const outcomes = await runLoad(over, world, {
      clients: 24,
      requests: 2000,
      onAnswer: (count) => {
        if (count === 400) void dying.close();
        if (count === 800)
          void startBackend((_, response) => void response.end('ok'), dying.port).then((it) => {
            back = it;
          });
      },
    });
    expect(outcomes).toEqual(new Map([['200', 2000]]));
    await expect
      .poll(async () => {
        await request(over, world);
        return back?.seen.length ?? 0;
      })
      .toBeGreaterThan(0);
  });
});

async function killUnderLoad(over: Over, world: World, servers: readonly Backend[], method: string): Promise<void> {
  const outcomes = await runLoad(over, world, {
    clients: 32,
    requests: 1500,
    method,
    onAnswer: (count) => {
      if (count === 500) void servers[1]?.close();
    },
  });
  expect(outcomes).toEqual(new Map([['200', 1500]]));
}

describeProtocols('a request', (over) => {
  test('that needed several servers says so in its record', async () => {
    const good = await named('good');
    const settings = 'balance: round-robin, ejection: { failures: 1 }';
    const world = await startGateway(group([{ url: 'http://127.0.0.1:1' }, good], settings));
    for (let i = 0; i < 2; i++) await request(over, world);
    const records = await world.accessRecords(2);
    expect(records.map(({ attempts, upstream }) => [attempts, upstream])).toEqual([
      [2, good.url],
      [undefined, good.url],
    ]);
  });

  test('for which there is no room is told so at once, and when to come again', async () => {
    const held: (() => void)[] = [];
    const app = await startStreamingBackend((_, response) => void held.push(() => response.end('late')));
    const world = await startGateway(group([app], 'maxConnections: 1, maxQueue: 0'));
    const first = request(over, world);
    await expect.poll(() => held.length).toBe(1);
    const refused = await request(over, world);
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
    held[0]?.();
    expect((await first).status).toBe(200);
    expect((await world.accessRecords(2))[0]).toMatchObject({ status: 503, error: 'upstream_busy' });
  });

  test('goes by its key', async () => {
    const servers = await Promise.all(['a', 'b', 'c'].map(named));
    const world = await startGateway(group(servers, 'balance: hash, hashOn: header:x-tenant'));
    const seen = new Map<string, Set<string>>();
    for (let i = 0; i < 60; i++) {
      const tenant = `t${i % 20}`;
      const { body } = await request(over, world, { headers: { 'x-tenant': tenant } });
      seen.set(tenant, (seen.get(tenant) ?? new Set()).add(body));
    }
    expect([...seen.values()].every(({ size }) => size === 1)).toBe(true);
    expect(new Set([...seen.values()].flatMap((names) => [...names])).size).toBe(3);
  });
});

describeProtocols('a sticky cookie', (over) => {
  const cookieOf = (answer: Answer): string | undefined =>
    answer.headers['set-cookie']?.find((cookie) => cookie.startsWith('gh_node='));
  const sent = (cookie: string | undefined): string => cookie?.split(';', 1)[0] ?? '';

  async function scene(): Promise<{ servers: Backend[]; world: World }> {
    const servers = await Promise.all(['a', 'b', 'c'].map(named));
    const world = await startGateway(group(servers, 'balance: round-robin, sticky: { cookie: gh_node }'));
    return { servers, world };
  }

  test('keeps a client at its server, tells nothing of it, and does not reach it', async () => {
    const { servers, world } = await scene();
    const first = await request(over, world);
    expect(cookieOf(first)).toMatch(/^gh_node=[\w-]{22}; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    for (let i = 0; i < 6; i++) {
      const cookie = `theme=dark; ${sent(cookieOf(first))}; lang=en`;
      const again = await request(over, world, { headers: { cookie } });
      expect(again.body).toBe(first.body);
      expect(again.headers['set-cookie']).toBeUndefined();
    }
    const seen = servers.flatMap((server) => server.seen).map(({ headers }) => headers.cookie);
    expect(new Set(seen)).toEqual(new Set([undefined, 'theme=dark; lang=en']));
  });

  test('that the gateway has not written counts for nothing', async () => {
    const { world } = await scene();
    const value = sent(cookieOf(await request(over, world)));
    const changed = value.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    for (const cookie of [changed, 'gh_node=', 'gh_node=0', 'gh_node=http://127.0.0.1']) {
      expect(cookieOf(await request(over, world, { headers: { cookie } }))).toBeDefined();
    }
  });

  test('leads to another server when its own is gone, and then stays there', async () => {
    const { servers, world } = await scene();
    const first = await request(over, world);
    await servers.find((_, i) => 'abc'[i] === first.body)?.close();
    const moved = await request(over, world, { headers: { cookie: sent(cookieOf(first)) } });
    expect([moved.status, moved.body === first.body]).toEqual([200, false]);
    const stays = await request(over, world, { headers: { cookie: sent(cookieOf(moved)) } });
    expect([stays.body, cookieOf(stays)]).toEqual([moved.body, undefined]);
  });

  test('stays when its server has no room for the moment', async () => {
    const held: (() => void)[] = [];
    const start = (name: string): Promise<Backend> =>
      startStreamingBackend((incoming, response) => {
        if (incoming.url === '/held') held.push(() => response.end(name));
        else response.end(name);
      });
    const servers = await Promise.all(['a', 'b'].map(start));
    const settings = 'sticky: { cookie: gh_node }, maxConnections: 1, maxQueue: 0';
    const world = await startGateway(group(servers, settings));
    const first = await request(over, world);
    const headers = { cookie: sent(cookieOf(first)) };
    const late = request(over, world, { path: '/held', headers });
    await expect.poll(() => held.length).toBe(1);
    const elsewhere = await request(over, world, { headers });
    expect(elsewhere.status).toBe(200);
    expect(elsewhere.body).not.toBe(first.body);
    expect(cookieOf(elsewhere)).toBeUndefined();
    held[0]?.();
    expect((await late).body).toBe(first.body);
    expect((await request(over, world, { headers })).body).toBe(first.body);
  });
});

test('what sticky cookies are signed with is kept for the next start, and readable by nobody else', async () => {
  const servers = await Promise.all(['a', 'b'].map(named));
  const storage = await mkdtemp(path.join(tmpdir(), 'gatehouse-sticky-'));
  onTestFinished(() => rm(storage, { recursive: true, force: true }));
  const yaml = `certificates: { issuer: internal, storage: "${storage}" }\n${group(servers, 'sticky: { cookie: gh_node }')}`;
  const values = new Map<string, string | undefined>();
  for (let start = 0; start < 2; start++) {
    const world = await startGateway(yaml);
    for (let i = 0; i < 2; i++) {
      const { body, headers } = await request('h2', world);
      const value = headers['set-cookie']?.[0];
      expect(values.get(body) ?? value).toBe(value);
      values.set(body, value);
    }
    await world.gateway.stop(0);
  }
  expect(values.size).toBe(2);
  const file = path.join(storage, 'sticky', 'secret');
  expect((await stat(file)).mode & 0o077).toBe(0);
  expect((await readFile(file, 'utf8')).length).toBe(43);
});

// Bans as clients see them.
import { rm } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { temporaryFolder } from '../support/cli.ts';
import type { RequestOptions } from '../support/client.ts';
import { request } from '../support/client.ts';
import { ruleFolder } from '../support/guarded.ts';
import type { World } from '../support/world.ts';
import { startGateway } from '../support/world.ts';

const behindProxy = 'trustedProxies: [127.0.0.1]';
const from = (client: string, rest: RequestOptions = {}): RequestOptions => ({
  ...rest,
  headers: { 'x-forwarded-for': client },
});

async function statuses(world: World, count: number, options: RequestOptions): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i++) found.push((await request('http/1.1', world, options)).status);
  return found;
}

function bansOf(world: World) {
  return world.gateway.runtime.limits.bans;
}

describe('a limit with a ban', () => {
  async function startBanning(site = '', top = ''): Promise<World> {
    const { url } = await startBackend();
    return startGateway(`${behindProxy}
${top}
sites:
  localhost:
    to: ${url}
    limits: [{ name: login, match: { path: /login }, rate: 2/h, ban: 15m }]
${site}
  other.test:
    to: ${url}
`);
  }

  test('keeps the client out of the whole site, and of no other', async () => {
    const world = await startBanning();
    expect(await statuses(world, 3, from('198.51.100.1', { path: '/login' }))).toEqual([200, 200, 429]);
    expect(await statuses(world, 2, from('198.51.100.1'))).toEqual([403, 403]);
    expect(await statuses(world, 1, from('198.51.100.1', { host: 'other.test' }))).toEqual([200]);
    expect(await statuses(world, 1, from('198.51.100.2'))).toEqual([200]);
    expect(bansOf(world).list()).toMatchObject([
      { target: '198.51.100.1', site: 'localhost', cause: 'limit', times: 1 },
    ]);
    expect((await world.accessRecords(4))[3]).toMatchObject({ status: 403, reason: 'banned' });
  });

  test('who is allowed by name or exempt is let in all the same', async () => {
    const world = await startBanning(
      '    routes: [{ match: { path: /in }, access: { allow: [198.51.100.1] } }]',
      'bans: { exempt: [198.51.100.7] }',
    );
    for (const client of ['198.51.100.1', '198.51.100.7']) {
      expect(await statuses(world, 3, from(client, { path: '/login' }))).toEqual([200, 200, 429]);
    }
    expect(await statuses(world, 1, from('198.51.100.1'))).toEqual([403]);
    expect(await statuses(world, 1, from('198.51.100.1', { path: '/in' }))).toEqual([200]);
    expect(await statuses(world, 1, from('198.51.100.7'))).toEqual([200]);
  });

  test('who goes on after its ban is banned again, and longer', async () => {
    const { url } = await startBackend();
    const world = await startGateway(`sites: { localhost: { to: "${url}", limits: [{ rate: 1/h, ban: 1s }] } }`);
    expect(await statuses(world, 3, {})).toEqual([200, 429, 403]);
    await vi.waitFor(async () => expect(await statuses(world, 1, {})).toEqual([429]), { timeout: 5000 });
    expect(bansOf(world).list()).toMatchObject([{ times: 2 }]);
    expect(await statuses(world, 1, {})).toEqual([403]);
  });

  test('no client is banned for what another wrote in its name', async () => {
    const world = await startBanning();
    await statuses(world, 4, from('203.0.113.5, 198.51.100.1', { path: '/login' }));
    expect(bansOf(world).find('203.0.113.5', 'localhost')).toBeUndefined();
    expect(bansOf(world).find('127.0.0.1', 'localhost')).toBeUndefined();
    expect(bansOf(world).find('198.51.100.1', 'localhost')).toBeDefined();
  });
});

describe('requests that the rules block', () => {
  const rules = `SecRuleEngine On
SecRule ARGS "@contains evil" "id:1,phase:2,deny,status:403,setvar:tx.inbound_anomaly_score=5"
`;

  async function startStriking(mode = 'block'): Promise<World> {
    const { url } = await startBackend();
    const folder = await ruleFolder({ 'test.conf': rules });
    return startGateway(`${behindProxy}
bans: { waf: { points: 11, window: 10m, for: 15m } }
sites:
  localhost:
    to: ${url}
    waf: { mode: ${mode}, rules: ["${folder}/test.conf"] }
`);
  }

  test('ban their client when there are many', async () => {
    const world = await startStriking();
    let blocked = 0;
    await vi.waitFor(async () => {
      if (bansOf(world).size === 0)
        blocked += (await statuses(world, 1, from('198.51.100.1', { path: '/?a=evil' }))).length;
      expect(bansOf(world).size).toBe(1);
    });
    expect(blocked).toBeGreaterThan(1);
    expect(await statuses(world, 1, from('198.51.100.1'))).toEqual([403]);
    expect(await statuses(world, 1, from('198.51.100.2'))).toEqual([200]);
    expect(bansOf(world).list()).toMatchObject([{ cause: 'waf', site: 'localhost' }]);
  });

  test('ban nobody where the rules only detect', async () => {
    const world = await startStriking('detect');
    expect(await statuses(world, 20, from('198.51.100.1', { path: '/?a=evil' }))).toEqual(Array(20).fill(200));
    expect(bansOf(world).size).toBe(0);
  });
});

describe('drop: connection', () => {
  async function startDropping(top = ''): Promise<World> {
    const { url } = await startBackend();
    return startGateway(`bans: { drop: connection }\n${top}\nsites: { localhost: { to: "${url}" } }\n`);
  }

  /** All that comes back on a plain TCP connection. */
  function greet(port: number): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    let answer = '';
    const socket = net.connect(port, '127.0.0.1');
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
    socket.on('connect', () => socket.write('GET / HTTP/1.0\r\nhost: localhost\r\n\r\n'));
    return promise;
  }

  const ban = { target: '127.0.0.1', cause: 'hand', reason: 'x', forMs: 60_000 } as const;

  test('who is banned from all sites is not even heard, on any door', async () => {
    const world = await startDropping();
    expect((await request('h2', world)).status).toBe(200);
    bansOf(world).add({ ...ban, site: undefined });
    await expect(request('h2', world)).rejects.toThrow();
    expect(await greet(world.httpPort)).toBe('');
    bansOf(world).remove({ target: '127.0.0.1', site: undefined });
    expect((await request('h2', world)).status).toBe(200);
  });

  test('whom a site has on its allow list is heard, and let in there alone', async () => {
    const { url } = await startBackend();
    const world = await startGateway(`bans: { drop: connection }
sites:
  localhost: { to: "${url}", access: { allow: [127.0.0.1] } }
  other.test: { to: "${url}" }
`);
    bansOf(world).add({ ...ban, site: undefined });
    expect((await request('h2', world)).status).toBe(200);
    expect((await request('h2', world, { host: 'other.test' })).status).toBe(403);
  });

  test('who is banned from one site gets an answer', async () => {
    const world = await startDropping();
    bansOf(world).add({ ...ban, site: 'localhost' });
    expect((await request('h2', world)).status).toBe(403);
    expect(await greet(world.httpPort)).toMatch(/^HTTP\/1.1 30/);
  });

  test('a proxy is never dropped for its clients', async () => {
    const world = await startDropping(behindProxy);
    bansOf(world).add({ ...ban, target: '127.0.0.0/8', site: undefined });
    bansOf(world).punish('198.51.100.1', { ...ban, site: undefined });
    expect((await request('h2', world, from('198.51.100.1'))).status).toBe(403);
    expect((await request('h2', world, from('198.51.100.2'))).status).toBe(200);
  });
});

test('bans are in force again after a restart', async () => {
  const { url } = await startBackend();
  const storage = await temporaryFolder();
  const yaml = `certificates: { issuer: internal, storage: "${storage}" }\nsites: { localhost: { to: "${url}" } }\n`;
  const first = await startGateway(yaml);
  bansOf(first).add({ target: '127.0.0.1', site: 'localhost', cause: 'hand', reason: 'x', forMs: 3_600_000 });
  await first.gateway.stop(0);
  const second = await startGateway(yaml);
  expect((await request('h2', second)).status).toBe(403);
  await second.gateway.stop(0);
  await rm(path.join(storage, 'bans'), { recursive: true });
  const third = await startGateway(yaml);
  expect((await request('h2', third)).status).toBe(200);
});

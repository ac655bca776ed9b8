// Two gateways and one redis-server: who is banned by one is banned by both, and whoever was away catches up.
import { Redis } from 'ioredis';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Bans } from '../../src/limits/bans.ts';
import { startBackend } from '../support/backend.ts';
import { temporaryFolder } from '../support/cli.ts';
import { request } from '../support/client.ts';
import { hasComponent } from '../support/components.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import type { World } from '../support/world.ts';
import { startGateway } from '../support/world.ts';

async function startOne(server: RedisServer, storage?: string): Promise<World> {
  const { url } = await startBackend();
  return startGateway(`trustedProxies: [127.0.0.1]
shared: { url: "${server.url}", timeout: 2s }
${storage === undefined ? '' : `certificates: { issuer: internal, storage: "${storage}" }`}
sites: { localhost: { to: "${url}", limits: [{ name: few, rate: 1/h, ban: 15m }] } }
`);
}

function bansOf(world: World): Bans {
  return world.gateway.runtime.limits.bans;
}

const byHand = { site: undefined, cause: 'hand', reason: 'spam', forMs: 3_600_000 } as const;
const isBanned = (world: World, client: string): boolean => bansOf(world).find(client, 'localhost') !== undefined;

function untilState(world: World, state: string): Promise<void> {
  return vi.waitFor(() => expect(world.gateway.shared?.status.state).toBe(state), { timeout: 15_000, interval: 20 });
}

test.skipIf(!hasComponent('redis-server'))(
  'a ban is in force everywhere within a second, and lifted everywhere',
  async () => {
    const server = await startRedis();
    const [a, b] = [await startOne(server), await startOne(server)];
    const headers = { 'x-forwarded-for': '198.51.100.1' };
    await request('h2', a, { headers });
    expect((await request('h2', a, { headers })).status).toBe(429);
    await vi.waitFor(async () => expect((await request('h2', b, { headers })).status).toBe(403), { timeout: 1000 });
    expect(bansOf(b).list()).toEqual(bansOf(a).list());

    const [ban] = bansOf(b).list();
    if (ban !== undefined) bansOf(b).remove(ban);
    await vi.waitFor(() => expect(isBanned(a, '198.51.100.1')).toBe(false), { timeout: 1000 });
  },
);

test.skipIf(!hasComponent('redis-server'))('who comes later knows all of them', async () => {
  const server = await startRedis();
  const a = await startOne(server);
  for (let i = 0; i < 2500; i++) bansOf(a).add({ ...byHand, target: `10.9.${i >> 8}.${i & 255}` });
  const b = await startOne(server);
  await vi.waitFor(() => expect(bansOf(b).size).toBe(2500), { timeout: 10_000 });
});

test.skipIf(!hasComponent('redis-server'))(
  'changes of both sides while the store was away, and a store that has lost everything',
  async () => {
    const server = await startRedis();
    const [a, b] = [await startOne(server), await startOne(server)];
    bansOf(a).add({ ...byHand, target: '198.51.100.1' });
    bansOf(a).add({ ...byHand, target: '198.51.100.2' });
    await vi.waitFor(() => expect(bansOf(b).size).toBe(2));
    await server.kill();
    await Promise.all([untilState(a, 'down'), untilState(b, 'down')]);
    bansOf(a).add({ ...byHand, target: '198.51.100.3' });
    bansOf(b).add({ ...byHand, target: '198.51.100.0/24', site: 'localhost' });
    bansOf(b).remove({ target: '198.51.100.1', site: undefined });
    await server.start();
    await vi.waitFor(
      () => {
        const targets = (world: World): string[] =>
          bansOf(world)
            .list()
            .map(({ target }) => target)
            .sort();
        expect(targets(a)).toEqual(['198.51.100.0/24', '198.51.100.2', '198.51.100.3']);
        expect(targets(b)).toEqual(targets(a));
      },
      { timeout: 10_000 },
    );
  },
);

test.skipIf(!hasComponent('redis-server'))(
  'a gateway that was away does not bring back what was lifted meanwhile',
  async () => {
    const server = await startRedis();
    const storage = await temporaryFolder();
    const a = await startOne(server, storage);
    const b = await startOne(server);
    bansOf(a).add({ ...byHand, target: '198.51.100.1' });
    bansOf(a).add({ ...byHand, target: '198.51.100.2' });
    await vi.waitFor(() => expect(bansOf(b).size).toBe(2));
    await a.gateway.stop(0);
    bansOf(b).remove({ target: '198.51.100.1', site: undefined });
    const again = await startOne(server, storage);
    await vi.waitFor(() => expect(isBanned(again, '198.51.100.1')).toBe(false));
    expect(isBanned(again, '198.51.100.2')).toBe(true);
    expect(isBanned(b, '198.51.100.1')).toBe(false);
  },
);

test.skipIf(!hasComponent('redis-server'))('what others write into the store bans nobody by accident', async () => {
  const server = await startRedis();
  const a = await startOne(server);
  const redis = new Redis(server.port, '127.0.0.1');
  onTestFinished(() => redis.disconnect());
  for (const message of ['', '{', 'null', '{"key":"* 1.2.3.4","at":1,"end":9e15,"ban":{"target":"0.0.0.0/0"}}']) {
    await redis.publish('gatehouse:bans', message);
    await redis.hset('{gatehouse:bans}', `x${message}`, message);
  }
  bansOf(a).add({ ...byHand, target: '198.51.100.1' });
  const b = await startOne(server);
  await vi.waitFor(() => expect(bansOf(b).size).toBe(1));
  expect(bansOf(a).size).toBe(1);
});

// Certificates in the shared store: several keepers as on several machines, a real redis-server, and what may befall it.
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ChallengeAnswers } from '../../src/acme/challenges/answers.ts';
import { isSound } from '../../src/acme/storage/open.ts';
import { SharedStorage } from '../../src/acme/storage/shared.ts';
import type { Storage } from '../../src/acme/storage/storage.ts';
import { Shared } from '../../src/shared/shared.ts';
import { configOf, someSite } from '../config/reading.ts';
import type { Ca } from '../support/acme/ca.ts';
import { fault } from '../support/acme/faults.ts';
import { type KeepOptions, type Kept, keep, newFolder, quickCa, soon } from '../support/acme/keeping.ts';
import { newNode, SECRET } from '../support/acme/nodes.ts';
import { runCli } from '../support/cli.ts';
import { hasComponent } from '../support/components.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';

const NAME = 'a.example.com';
const PEM = `certificates/${NAME}.pem`;

interface Machine {
  readonly shared: Shared;
  readonly storage: Storage;
  readonly copy: string;
  readonly warned: string[];
}

async function machine(
  redis: RedisServer,
  { secret = SECRET, copy, timeout = '1s' }: { secret?: string; copy?: string; timeout?: string } = {},
): Promise<Machine> {
  const sealed = secret === '' ? '' : `, secret: "${secret}"`;
  const { shared: config } = configOf(`shared: { url: "${redis.url}", timeout: ${timeout}${sealed} }\n${someSite}`);
  if (config === undefined) throw new Error('nothing is shared');
  const shared = new Shared(config, () => {});
  onTestFinished(() => shared.close());
  await shared.open();
  const warned: string[] = [];
  const folder = copy ?? (await newFolder());
  const warn = (message: string): void => void warned.push(message);
  const storage = new SharedStorage(shared, { copy: folder, keepsCopy: true, isSound, warn });
  return { shared, storage, copy: folder, warned };
}

function client(redis: RedisServer): Redis {
  const direct = new Redis(redis.port);
  onTestFinished(() => direct.disconnect());
  return direct;
}

/** As it lies there without a secret. */
async function storedPem(redis: RedisServer): Promise<string> {
  return (await client(redis).hget('gatehouse:storage:certificates', `${NAME}.pem`)) ?? '';
}

/** Nothing is under way. */
function untilIdle(redis: Redis): Promise<true> {
  return soon(async () => (await redis.keys('gatehouse:lock:*')).length === 0 || undefined);
}

const DAY_MS = 24 * 3_600_000;
const keepAt = (ca: Ca, { storage }: Machine, more: KeepOptions = {}): Promise<Kept> =>
  keep(ca, [NAME], { storage, ...more });

describe.skipIf(!hasComponent('redis-server'))('certificates in the shared store', () => {
  test('three machines order once, and renew once', async () => {
    const redis = await startRedis();
    const ca = await quickCa({ renewalInfo: false });
    let aheadMs = 0;
    const now = (): number => Date.now() + aheadMs;
    const machines = await Promise.all([0, 1, 2].map(() => machine(redis)));
    const kept = await Promise.all(machines.map((one) => keepAt(ca, one, { now })));
    const all = async (isRight: (serial: string) => boolean): Promise<void> => {
      for (const one of kept) await soon(() => isRight(one.keeper.find(NAME)?.serial ?? '') || undefined);
    };
    await all((serial) => serial !== '');
    expect([ca.accounts.length, ca.orders.length]).toEqual([1, 1]);
    const first = kept[0]?.keeper.find(NAME)?.serial ?? '';
    await all((serial) => serial === first);

    aheadMs = 61 * DAY_MS;
    ca.settings.now = now;
    for (const { keeper } of kept) keeper.start([NAME]);
    await all((serial) => serial !== first);
    expect(ca.orders).toHaveLength(2);

    // What one renews by hand the others hear of, long before they would look.
    const second = kept[0]?.keeper.find(NAME)?.serial;
    await kept[0]?.keeper.renew();
    await all((serial) => serial !== first && serial !== second);
    expect(ca.orders).toHaveLength(3);
  });

  test('what has failed for one machine is not tried by the next', async () => {
    const redis = await startRedis();
    const ca = await quickCa();
    ca.faults.always('newOrder', fault.problem('rejectedIdentifier'));
    const first = await keepAt(ca, await machine(redis));
    const { nextTry } = await first.failure(NAME);
    const second = await keepAt(ca, await machine(redis));
    expect((await second.failure(NAME)).nextTry).toBe(nextTry);
    expect(ca.requestsTo('newOrder')).toHaveLength(1);
  });

  test('a machine that is killed, or parted from the store, in the midst of an order: the order is gone on with', {
    timeout: 60_000,
  }, async () => {
    const killed = async (): Promise<void> => {
      const redis = await startRedis();
      const ca = await quickCa();
      ca.faults.next('finalize', fault.hang());
      const node = await newNode();
      await node.start({ redis: redis.url, ca, names: [NAME] });
      await ca.waitFor(() => ca.requestsTo('finalize').length === 1);
      const kept = await keepAt(ca, await machine(redis));
      await node.kill();
      await kept.certificate(NAME);
      expect([ca.accounts.length, ca.orders.length, ca.certificates.length]).toEqual([1, 1, 1]);
    };
    const parted = async (): Promise<void> => {
      const redis = await startRedis();
      const ca = await quickCa();
      ca.faults.next('finalize', fault.hang());
      const kept = await keepAt(ca, await machine(redis), { timeoutMs: 5000 });
      await ca.waitFor(() => ca.requestsTo('finalize').length === 1);
      redis.freeze();
      onTestFinished(() => redis.thaw());
      // Its lock may be somebody else's by now.
      await soon(() => kept.told.some(({ message }) => message.includes('the lock was lost')) || undefined);
      redis.thaw();
      await kept.certificate(NAME);
      expect([ca.accounts.length, ca.orders.length, ca.certificates.length]).toEqual([1, 1, 1]);
    };
    await Promise.all([killed(), parted()]);
  });

  test('a name on demand is ordered for one machine and found by the next', async () => {
    const redis = await startRedis();
    const ca = await quickCa();
    const [one, two] = await Promise.all(
      [machine(redis), machine(redis)].map(async (each) => {
        const kept = await keep(ca, [], { storage: (await each).storage });
        await kept.keeper.order('wanted.example.com');
        return kept;
      }),
    );
    const serial = one?.keeper.find('wanted.example.com')?.serial;
    expect(serial).toBeDefined();
    expect(two?.keeper.find('wanted.example.com')?.serial).toBe(serial);
    expect(ca.orders).toHaveLength(1);
  });

  test('commands see what is shared, put into it, and warn of keys that lie open', async () => {
    const redis = await startRedis();
    const kept = await keepAt(await quickCa(), await machine(redis, { secret: '' }));
    const { notAfter } = await kept.certificate(NAME);
    await untilIdle(client(redis));
    const cwd = await newFolder();
    const yaml = `shared: "${redis.url}"\ncertificates: { storage: shared }\nsites: { ${NAME}: { to: "http://127.0.0.1:1" } }\n`;
    await writeFile(path.join(cwd, 'gatehouse.yaml'), yaml);
    const commands = [['certs', 'list', '--json'], ['check']];
    const [listed, checked] = await Promise.all(commands.map((args) => runCli(args, { cwd })));
    expect(listed?.stdout).toContain(notAfter.toISOString());
    expect(checked?.stderr).toContain('set shared.secret');
    expect(await readdir(cwd)).toEqual(['gatehouse.yaml']);

    const pem = path.join(cwd, 'brought.pem');
    await writeFile(pem, await storedPem(redis));
    await client(redis).flushall();
    const imported = await runCli(['certs', 'import', '--cert', pem, '--key', pem, '--force'], { cwd });
    expect([imported.code, imported.stderr]).toEqual([0, expect.any(String)]);
    expect(await storedPem(redis)).toContain('PRIVATE KEY');
  });

  test('answers to challenges are known everywhere when they are published, and by who comes later', async () => {
    const redis = await startRedis();
    const [ours, theirs] = await Promise.all([machine(redis), machine(redis)]);
    const answers = new ChallengeAnswers(ours.storage, Date.now);
    const others = new ChallengeAnswers(theirs.storage, Date.now);
    const withdraw = [
      await answers.publishHttp('a-token', 'the answer'),
      await answers.publishAlpn(NAME, 'a certificate'),
    ];
    const later = await machine(redis);
    for (const storage of [theirs.storage, later.storage]) {
      const there = new ChallengeAnswers(storage, Date.now);
      await soon(() => there.http('a-token') === 'the answer' || undefined);
      await soon(() => there.alpn(NAME) === 'a certificate' || undefined);
    }
    expect(await others.seekHttp('a-token')).toBe('the answer');
    expect(await others.seekHttp('another-token')).toBeUndefined();
    expect(others.seekHttp('no token')).toBeUndefined();
    for (const each of withdraw) await each();
    await soon(() => (others.http('a-token') === undefined && others.alpn(NAME) === undefined) || undefined);
  });

  test('a frozen store: nobody waits for long, nothing is asked, what is there is served, and then it goes on', async () => {
    const redis = await startRedis();
    const ca = await quickCa();
    const one = await machine(redis, { timeout: '250ms' });
    const first = await keepAt(ca, one);
    await first.certificate(NAME);
    await first.keeper.stop();
    redis.freeze();
    onTestFinished(() => redis.thaw());
    await soon(() => !one.shared.isUp || undefined);
    const again = await keep(ca, [NAME, 'b.example.com'], { storage: one.storage });
    expect(again.keeper.find(NAME)).toBeDefined();
    expect(await again.failure('b.example.com')).toMatchObject({
      kind: 'storage',
      message: expect.stringContaining('Nothing is ordered without the shared store'),
    });
    expect(again.told.filter(({ level }) => level === 'error')).toEqual([]);
    expect(ca.orders).toHaveLength(1);
    redis.thaw();
    await again.certificate('b.example.com');
    expect(ca.orders).toHaveLength(2);
  });

  test('a store that has lost everything gets it back from those who serve', async () => {
    const redis = await startRedis();
    const ca = await quickCa();
    const one = await machine(redis);
    const first = await keepAt(ca, one);
    const { serial } = await first.certificate(NAME);
    await untilIdle(client(redis));
    await client(redis).flushall();
    await first.keeper.look();
    const fresh = await keepAt(ca, await machine(redis));
    expect((await fresh.certificate(NAME)).serial).toBe(serial);
    expect([ca.accounts.length, ca.orders.length]).toEqual([1, 1]);
  });

  /** What somebody does who may write to it. */
  const HARM: readonly [string, (redis: Redis, hash: string) => Promise<unknown>][] = [
    ['empty', (redis, hash) => redis.hset(hash, `${NAME}.pem`, '')],
    ['garbage', (redis, hash) => redis.hset(hash, `${NAME}.pem`, Buffer.from([0, 255, 1, 254, 123, 10]))],
    ['not sealed', (redis, hash) => redis.hset(hash, `${NAME}.pem`, '{}', `${NAME}.json`, '{}')],
    [
      'the text of another key',
      async (redis, hash) => redis.hset(hash, `${NAME}.pem`, (await redis.hget(hash, `${NAME}.json`)) ?? ''),
    ],
    ['huge', (redis, hash) => redis.hset(hash, `${NAME}.pem`, 'x'.repeat(20 * 1024 * 1024))],
    ['another type', (redis, hash) => redis.del(hash).then(() => redis.set(hash, 'x'))],
    ['odd news', (redis) => redis.publish('gatehouse:storage', '{"key":"certificates/../../x.pem","text":7}')],
    ['gone', (redis, hash) => redis.del(hash)],
  ];
  test('what is damaged or forged in it counts for nothing, and is mended', async () => {
    const redis = await startRedis();
    const direct = client(redis);
    const ca = await quickCa();
    const one = await machine(redis);
    const first = await keepAt(ca, one);
    const { serial } = await first.certificate(NAME);
    await untilIdle(direct);
    for (const [what, harm] of HARM) {
      await harm(direct, 'gatehouse:storage:certificates');
      await first.keeper.look();
      expect([what, first.keeper.find(NAME)?.serial]).toEqual([what, serial]);
      const { storage } = await machine(redis);
      // A look that was under way had seen it before the harm.
      const mended = async (): Promise<true | undefined> => {
        await first.keeper.look();
        return (await storage.read(PEM))?.includes('PRIVATE KEY') || undefined;
      };
      await soon(mended, () => `${what} was not mended`);
    }
    const fresh = await keepAt(ca, await machine(redis));
    expect(fresh.keeper.find(NAME)?.serial).toBe(serial);
    expect(ca.orders).toHaveLength(1);
    expect(one.shared.isUp).toBe(true);
  });

  test('without a copy a damaged one is ordered anew', async () => {
    const redis = await startRedis();
    const ca = await quickCa();
    const first = await keepAt(ca, await machine(redis));
    const { serial } = await first.certificate(NAME);
    await first.keeper.stop();
    await client(redis).hset('gatehouse:storage:certificates', `${NAME}.pem`, 'damaged');
    const two = await machine(redis);
    const fresh = await keepAt(ca, two);
    expect((await fresh.certificate(NAME)).serial).not.toBe(serial);
    expect(two.warned).toContainEqual(expect.stringMatching(/a.example.com.pem in redis:.* counts for nothing/));
  });

  test('another secret: the machine says so, serves what it has and breaks nothing', async () => {
    const redis = await startRedis();
    const ca = await quickCa();
    const one = await machine(redis);
    const first = await keepAt(ca, one);
    const { serial } = await first.certificate(NAME);
    for (const secret of ['quite another secret', '']) {
      const copied = await keepAt(ca, await machine(redis, { secret, copy: one.copy }));
      expect(copied.keeper.find(NAME)?.serial).toBe(serial);
      const empty = await keepAt(ca, await machine(redis, { secret }));
      expect((await empty.failure(NAME)).message).toContain('shared.secret must be the same on all machines');
    }
    await first.keeper.look();
    expect(first.keeper.find(NAME)?.serial).toBe(serial);
    expect([ca.accounts.length, ca.orders.length]).toEqual([1, 1]);
  });

  test('nothing in it can be read without the secret; the copy is for its owner alone', async () => {
    const redis = await startRedis();
    const one = await machine(redis);
    const kept = await keepAt(await quickCa(), one);
    await kept.certificate(NAME);
    const direct = client(redis);
    const keys = await direct.keys('*');
    expect(keys.every((key) => key.startsWith('gatehouse:'))).toBe(true);
    const hashes = keys.filter((key) => key.startsWith('gatehouse:storage:'));
    const texts = (await Promise.all(hashes.map((key) => direct.hvals(key)))).flat();
    expect(texts.length).toBeGreaterThan(3);
    for (const text of texts) expect(text).toMatch(/^sealed:1:[\w-]{8}:[\w-]+$/);
    expect(await readFile(path.join(one.copy, PEM), 'utf8')).toContain('PRIVATE KEY');
    expect((await stat(path.join(one.copy, PEM))).mode & 0o777).toBe(0o600);
    expect(await readdir(one.copy)).not.toContain('challenges');
  });

  test('a lock is held by one at a time, and its holder learns that it was lost', async () => {
    const redis = await startRedis();
    const machines = await Promise.all([0, 1, 2].map(() => machine(redis)));
    let [inside, most] = [0, 0];
    await Promise.all(
      [...machines, ...machines].map(async ({ storage }) => {
        const lock = await storage.lock('one', AbortSignal.timeout(15_000));
        most = Math.max(most, ++inside);
        await storage.read('text');
        inside--;
        await lock.release();
      }),
    );
    expect(most).toBe(1);
    const [first, second] = machines as [Machine, Machine];
    const lock = await first.storage.lock('two', AbortSignal.timeout(5000));
    const patience = AbortSignal.timeout(400);
    await expect(second.storage.lock('two', patience)).rejects.toThrow('timeout');
    // A store that lost it gets it back from its holder, and one that gave it to somebody else keeps it.
    await client(redis).set('gatehouse:lock:two', 'somebody else', 'PX', 5000);
    if (!lock.lost.aborted) await once(lock.lost, 'abort');
    await lock.release();
    expect(await client(redis).get('gatehouse:lock:two')).toBe('somebody else');
  });
});

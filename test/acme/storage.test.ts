// The folder of keys and certificates, and everything that happens to folders.
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { ChallengeAnswers } from '../../src/acme/challenges/answers.ts';
import { FolderStorage } from '../../src/acme/storage/folder.ts';
import { fileNameOf } from '../../src/acme/storage/names.ts';
import { keep, newFolder, quickCa, soon } from '../support/acme/keeping.ts';

const NAME = 'a.example.com';
const isRoot = process.getuid?.() === 0;

test('files and folders are for the owner alone, whole, and without a trace of how they were written', async () => {
  const folder = await newFolder();
  const storage = new FolderStorage(path.join(folder, 'certs'));
  await Promise.all(Array.from({ length: 20 }, (_, i) => storage.write('deep/er/text', `${i}`.repeat(100_000))));
  const text = (await storage.read('deep/er/text')) ?? '';
  expect(new Set(text.match(/^(\d+?)\1*$/)?.[1]).size).toBeGreaterThan(0);
  expect(await readdir(path.join(folder, 'certs/deep/er'))).toEqual(['text']);
  expect((await stat(path.join(folder, 'certs/deep/er/text'))).mode & 0o777).toBe(0o600);
  expect((await stat(path.join(folder, 'certs/deep'))).mode & 0o777).toBe(0o700);
});

test.for(['', '/', 'a//b', '../a', 'a/../b', '.a', 'a/.b', 'a\0b', 'a b', 'a/'])('%j is no key', (key) => {
  const storage = new FolderStorage('/nowhere');
  return expect(Promise.resolve().then(() => storage.read(key))).rejects.toThrow('not a storage key');
});

test('two names never share a file, and every name fits one', () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
  const host = fc.array(label, { minLength: 1, maxLength: 8 }).map((labels) => labels.join('.').slice(0, 253));
  const name = fc.oneof(
    host,
    host.map((one) => `*.${one}`.slice(0, 253)),
    fc.ipV6(),
    fc.ipV4(),
  );
  fc.assert(
    fc.property(name, name, (one, other) => {
      expect(fileNameOf(one) === fileNameOf(other)).toBe(one === other);
      expect(fileNameOf(one)).toMatch(/^[\w@-][\w.@-]{0,200}$/);
    }),
  );
  expect(fileNameOf('2001-db8--1')).not.toBe(fileNameOf('2001:db8::1'));
});

test('a name as long as names may be', async () => {
  const name = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.com`;
  const kept = await keep(await quickCa(), [name]);
  expect((await kept.certificate(name)).names).toEqual([name]);
});

test('the answer to tls-alpn-01 for a name as long as names may be is found by another process', async () => {
  const name = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
  const folder = await newFolder();
  const [ours, theirs] = [0, 1].map(() => new ChallengeAnswers(new FolderStorage(folder), Date.now));
  const withdraw = await ours?.publishAlpn(name, 'the answer');
  expect(theirs?.alpn(name.toUpperCase())).toBe('the answer');
  await withdraw?.();
  expect(theirs?.alpn(name)).toBeUndefined();
});

test('what a killed process was writing is removed, once nobody can be writing it any more', async () => {
  const folder = await newFolder();
  await mkdir(path.join(folder, 'certificates'));
  const [old, fresh] = ['.a.pem.0123456789ab', '.b.pem.0123456789ab'].map((name) =>
    path.join(folder, 'certificates', name),
  );
  for (const file of [old, fresh]) await writeFile(file as string, 'half a key');
  await utimes(old as string, 1, 1);
  await new FolderStorage(folder).sweep();
  expect(await readdir(path.join(folder, 'certificates'))).toEqual(['.b.pem.0123456789ab']);
});

test('what a killed process was writing for the local CA is removed too', async () => {
  const folder = await newFolder();
  const [file, root] = ['internal/leaves/.a.pem.0123456789ab.tmp', '.internal.0123456789ab.tmp'];
  await mkdir(path.join(folder, path.dirname(file)), { recursive: true });
  await mkdir(path.join(folder, root));
  for (const key of [file, `${root}/root.key`]) await writeFile(path.join(folder, key), 'half a key');
  for (const old of [file, root]) await utimes(path.join(folder, old), 1, 1);
  await new FolderStorage(folder).sweep();
  expect((await readdir(folder, { recursive: true })).sort()).toEqual(['internal', 'internal/leaves']);
});

test('a storage that is deleted under a running gateway is written anew, and the next start orders nothing', async () => {
  const ca = await quickCa();
  const names = [NAME, 'b.example.com'];
  const kept = await keep(ca, names);
  for (const name of names) await kept.certificate(name);
  // Until nothing is under way.
  await soon(async () => (await readdir(path.join(kept.folder, 'locks'))).length === 0 || undefined);
  await rm(kept.folder, { recursive: true });
  await kept.keeper.look();
  expect(kept.told.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
    expect.stringMatching(/^2 of 2 certificates had gone from .* and were written there anew/),
    expect.stringMatching(/^the key of the account at .* had gone from .* and was written there anew/),
  ]);
  await kept.keeper.look();
  expect(kept.told.filter(({ level }) => level === 'warn')).toHaveLength(2);
  const before = await kept.certificate(NAME);
  await kept.keeper.stop();
  const next = await keep(ca, [...names, 'c.example.com'], { folder: kept.folder });
  expect((await next.certificate(NAME)).fingerprint256).toBe(before.fingerprint256);
  await next.certificate('c.example.com');
  expect([ca.accounts.length, ca.orders.length]).toEqual([1, 3]);
});

/** How a file of a certificate, or of its story, may be damaged. */
const DAMAGE: readonly [string, (file: string) => Promise<unknown>][] = [
  ['empty', (file) => writeFile(file, '')],
  ['cut', async (file) => writeFile(file, (await readFile(file, 'utf8')).slice(0, 400))],
  ['garbage', (file) => writeFile(file, Buffer.from([0, 255, 1, 254, 123, 10]))],
  ['a folder', (file) => rm(file).then(() => mkdir(file))],
  ['a loop', (file) => rm(file).then(() => symlink(path.basename(file), file))],
  ['JSON of another kind', (file) => writeFile(file, '[1,{"failures":7}]')],
  [
    'JSON with odd values',
    (file) => writeFile(file, '{"failures":{"x":{"kind":1}},"advice":{"chosenMs":"soon"},"hasty":-1,"issuedMs":1e99}'),
  ],
];

test.for(DAMAGE)('files that are %s are set aside and healed, and harm no other name', async ([, damage]) => {
  const ca = await quickCa();
  const folder = await newFolder();
  const names = [NAME, 'b.example.com', 'c.example.com'];
  const first = await keep(ca, names, { folder });
  for (const name of names) await first.certificate(name);
  const before = await first.certificate('c.example.com');
  await first.keeper.stop();
  await damage(path.join(folder, 'certificates', `${NAME}.pem`));
  await damage(path.join(folder, 'certificates', 'b.example.com.json'));
  const second = await keep(ca, names, { folder });
  await second.certificate(NAME);
  expect(second.keeper.find('b.example.com')).toBeDefined();
  expect(second.keeper.find('c.example.com')?.serial).toBe(before.serial);
  expect(
    second.told.some(({ message }) => message.includes(`${NAME}.pem.damaged-`) && message.includes('set aside')),
  ).toBe(true);
  await soon(
    async () =>
      (await readFile(path.join(folder, 'certificates', `${NAME}.pem`), 'utf8')).includes('PRIVATE KEY') || undefined,
  );
  await second.keeper.stop();
  const third = await keep(ca, names, { folder });
  for (const name of names) expect(third.keeper.find(name)).toBeDefined();
});

test('a damaged certificate gives way to the one before, without its advice', async () => {
  const ca = await quickCa();
  const folder = await newFolder();
  const first = await keep(ca, [NAME], { folder });
  const previous = await first.certificate(NAME);
  await first.keeper.renew();
  await first.keeper.stop();
  await writeFile(path.join(folder, 'certificates', `${NAME}.pem`), 'damaged');
  const second = await keep(ca, [NAME], { folder });
  expect(second.keeper.find(NAME)?.serial).toBe(previous.serial);
});

test('a key that belongs to another certificate is found out', async () => {
  const ca = await quickCa();
  const folder = await newFolder();
  const first = await keep(ca, [NAME, 'b.example.com'], { folder });
  for (const name of [NAME, 'b.example.com']) await first.certificate(name);
  await first.keeper.stop();
  const file = (name: string): string => path.join(folder, 'certificates', `${name}.pem`);
  const [one, two] = [await readFile(file(NAME), 'utf8'), await readFile(file('b.example.com'), 'utf8')];
  const key = two.slice(two.indexOf('-----BEGIN PRIVATE'));
  await writeFile(file(NAME), one.slice(0, one.indexOf('-----BEGIN PRIVATE')) + key);
  const second = await keep(ca, [NAME], { folder });
  await second.certificate(NAME);
  expect(ca.certificates).toHaveLength(3);
});

test('damaged orders, accounts and ledgers begin anew', async () => {
  const ca = await quickCa();
  const folder = await newFolder();
  const first = await keep(ca, [NAME], { folder });
  await first.certificate(NAME);
  await first.keeper.stop();
  const [authority = ''] = await readdir(path.join(folder, 'acme'));
  for (const file of ['account.json', 'ledger.json', 'orders/b.example.com.json']) {
    await mkdir(path.join(folder, 'acme', authority, 'orders'), { recursive: true });
    await writeFile(path.join(folder, 'acme', authority, file), '{"url":5,"types":"x"');
  }
  const second = await keep(ca, ['b.example.com'], { folder });
  await second.certificate('b.example.com');
  expect(ca.accounts).toHaveLength(1);
});

test.skipIf(!isRoot)(
  'a full disk: nothing is asked, the operator hears of it once, and room heals it',
  { timeout: 60_000 },
  async () => {
    const folder = await newFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
    onTestFinished(() => void execFileSync('umount', ['-l', folder]));
    const ballast = path.join(folder, 'ballast');
    await writeFile(ballast, Buffer.alloc(64 * 1024)).catch(() => {});
    const ca = await quickCa();
    const names = [NAME, 'b.example.com', 'c.example.com'];
    const kept = await keep(ca, names, { folder });
    const failure = await kept.failure(NAME);
    expect(failure).toMatchObject({ kind: 'storage' });
    expect(failure.message).toContain('the disk is full; make room');
    await soon(() => kept.keeper.status().every((one) => one.failure?.kind === 'storage') || undefined);
    const loud = (): number => kept.told.filter(({ message }) => message.includes('the disk is full')).length;
    await soon(() => loud() > 0 || undefined);
    expect(loud()).toBe(1);
    expect(ca.requestsTo('newOrder')).toEqual([]);
    await rm(ballast);
    for (const name of names) await kept.certificate(name);
    expect(ca.accounts).toHaveLength(1);
  },
);

test.skipIf(!isRoot)(
  'a folder that becomes read-only: what is there is served, and it heals',
  { timeout: 60_000 },
  async () => {
    const folder = await newFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
    onTestFinished(() => void execFileSync('umount', ['-l', folder]));
    const ca = await quickCa();
    const kept = await keep(ca, [NAME], { folder });
    const { serial } = await kept.certificate(NAME);
    await soon(() => isRemounted(folder));
    const [status] = await kept.keeper.renew();
    expect(status?.failure?.message).toContain('the file system is read-only');
    expect(kept.keeper.find(NAME)?.serial).toBe(serial);
    const restarted = await keep(ca, [NAME], { folder });
    expect(restarted.keeper.find(NAME)?.serial).toBe(serial);
    expect(ca.certificates).toHaveLength(1);
    execFileSync('mount', ['-o', 'remount,rw', folder]);
    await kept.keeper.renew();
    expect(ca.certificates).toHaveLength(2);
  },
);

/** undefined: something is being written in it. */
function isRemounted(folder: string): true | undefined {
  try {
    execFileSync('mount', ['-o', 'remount,ro', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return undefined;
  }
}

test('a file stands where the folder should be', async () => {
  const folder = path.join(await newFolder(), 'certs');
  await writeFile(folder, '');
  const kept = await keep(await quickCa(), [NAME], { folder });
  expect((await kept.failure(NAME)).message).toContain('a file stands where the folder should be');
});

test('a lock that is a dangling link or a folder does not spin', async () => {
  const folder = await newFolder();
  await mkdir(path.join(folder, 'locks'));
  await symlink('/nowhere/at/all', path.join(folder, 'locks', 'one'));
  const storage = new FolderStorage(folder);
  const signal = AbortSignal.timeout(500);
  const usage = process.cpuUsage();
  await expect(storage.lock('one', signal)).rejects.toThrow();
  expect(process.cpuUsage(usage).user).toBeLessThan(400_000);
});

test('callers of one process hold a lock one after the other', async () => {
  const storage = new FolderStorage(await newFolder());
  let [inside, most] = [0, 0];
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      const lock = await storage.lock('one', AbortSignal.timeout(10_000));
      most = Math.max(most, ++inside);
      await storage.write('text', 'x');
      inside--;
      await lock.release();
    }),
  );
  expect(most).toBe(1);
});

test('the lock of a dead holder is taken within two seconds, by one of those who wait', async () => {
  const folder = await newFolder();
  await mkdir(path.join(folder, 'locks'));
  for (const name of ['one', 'two'])
    await writeFile(path.join(folder, 'locks', name), name === 'one' ? 'somebody 7\n' : '');
  const [here, there] = [new FolderStorage(folder), new FolderStorage(folder)];
  const signal = AbortSignal.timeout(15_000);
  for (const name of ['one', 'two']) {
    const begun = performance.now();
    let holders = 0;
    const taking = [here, there].map(async (storage) => {
      const lock = await storage.lock(name, signal);
      expect(++holders).toBe(1);
      const tookMs = performance.now() - begun;
      holders--;
      await lock.release();
      return tookMs;
    });
    const [first = 0] = (await Promise.all(taking)).toSorted((a, b) => a - b);
    expect(first).toBeLessThan(2500);
  }
});

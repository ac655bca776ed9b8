// What a restart finds again.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { FileBounds } from '../../src/cache/cache-file.ts';
import { DiskStore } from '../../src/cache/disk-store.ts';
import { DiskThread } from '../../src/cache/disk-thread.ts';
import { completed, type Entry } from '../../src/cache/entry.ts';
import { variantKey } from '../../src/cache/vary.ts';
import { Gateway } from '../../src/gateway/gateway.ts';
import { startBackend } from '../support/backend.ts';
import { temporaryFolder } from '../support/cli.ts';
import { request } from '../support/client.ts';
import { startGateway } from '../support/world.ts';
import { numbered } from './scene.ts';

const BOUNDS: FileBounds = { maxBytes: 10_000_000, maxEntries: 10_000, maxVariants: 5000 };

interface Wanted {
  readonly bytes?: number;
  readonly language?: string;
  readonly tags?: string[];
}

let storedAt = 0;

function entry(key: string, { bytes = 0, language, tags = [] }: Wanted = {}): Entry {
  const fields = language === undefined ? [] : ['accept-language'];
  const headers = language === undefined ? [] : ['accept-language', language];
  const head = {
    key,
    fields,
    variant: variantKey(fields, 'route', headers),
    status: 200,
    headers: ['x-key', key],
    storedAt: ++storedAt,
    bornAt: 1,
    staleAt: 2,
    delayMs: 0,
    etag: undefined,
    lastModified: 'x',
    tags,
    isPublic: true,
    allowsCredentials: false,
    noCache: false,
    mustRevalidate: false,
    staleWhileRevalidate: 0,
    staleIfError: 7,
  };
  return completed(head, Buffer.alloc(bytes, 'b'), () => {});
}

interface Opened {
  readonly file: string;
  readonly failures: unknown[];
  /** Another one of the same file, as after a restart or in another process. */
  readonly open: (more?: { bounds?: Partial<FileBounds>; memoryBytes?: number }) => Promise<DiskStore>;
}

/** One for all, since to start one takes its time. */
const thread = new DiskThread();
afterAll(() => thread.stop());

async function place(): Promise<Opened> {
  const file = path.join(await temporaryFolder(), 'a.sqlite');
  const failures: unknown[] = [];
  const open: Opened['open'] = async ({ bounds = {}, memoryBytes = 1_000_000 } = {}) => {
    const onFail = (error: unknown): void => void failures.push(error);
    const store = new DiskStore({ file, memoryBytes, bounds: { ...BOUNDS, ...bounds }, thread, onFail });
    onTestFinished(() => store.close());
    await entries(store);
    return store;
  };
  return { file, failures, open };
}

/** In memory, else on disk. */
async function find(store: DiskStore, key: string, language?: string): Promise<Entry | undefined> {
  const asked = [key, 'route', language === undefined ? [] : ['accept-language', language]] as const;
  return store.find(...asked) ?? store.load(...asked);
}

/** What a store has on disk when all that was given to it before is there. */
const entries = async (store: DiskStore): Promise<number> => (await store.figures()).entries;

test('an answer is the same in another process, with all that is said of it', async () => {
  const { open } = await place();
  const kept = entry('h/a', { bytes: 1000, language: 'de' });
  const store = await open();
  store.add(kept);
  await entries(store);
  const other = await open();
  const found = await find(other, 'h/a', 'de');
  expect({ ...found, codings: undefined }).toEqual({ ...kept, codings: undefined });
  expect(await find(other, 'h/a', 'en')).toBe(undefined);
});

test('is thrown away by key, prefix, tag or all, for other processes too', async () => {
  const { open } = await place();
  const [store, other] = await Promise.all([open(), open()]);
  const fill = async (): Promise<void> => {
    store.add(entry('h/a', { language: 'de', tags: ['x'] }));
    store.add(entry('h/a', { language: 'en', tags: ['x', 'y'] }));
    store.add(entry('h/a/b', { tags: ['y'] }));
    store.add(entry('h/c'));
    await entries(store);
  };
  await fill();
  expect([await store.removeKey('h/a'), await entries(other)]).toEqual([2, 2]);
  await fill();
  expect([await store.removePrefix('h/a'), await entries(other)]).toEqual([3, 1]);
  await fill();
  expect([await other.removeTag('y'), await entries(other)]).toEqual([2, 2]);
  // Copies in memory are thrown away too, and count for nothing.
  const inMemory = store.entries;
  expect([await store.removeTag('y'), inMemory - store.entries]).toEqual([0, 2]);
  expect([await store.clear(), await entries(store)]).toEqual([2, 0]);
  expect((await store.figures()).bytes).toBe(0);
});

test('what is thrown away while it is looked for is not found', async () => {
  const { open } = await place();
  const store = await open();
  store.add(entry('h/a', { tags: ['t'] }));
  await entries(store);
  const throwAway: ((other: DiskStore) => unknown)[] = [
    (other) => other.removeKey('h/a'),
    (other) => other.removePrefix('h/'),
    (other) => other.removeTag('t'),
    (other) => other.clear(),
  ];
  for (const act of throwAway) {
    store.add(entry('h/a', { tags: ['t'] }));
    await entries(store);
    // The word of another process: the look at the file comes before it.
    const other = await open();
    const found = find(other, 'h/a');
    void act(other);
    expect(await found).toBe(undefined);
  }
});

test('who wants the same at once gets the same: it is read once', async () => {
  const { open } = await place();
  const store = await open();
  for (const language of ['de', 'en']) store.add(entry('h/a', { language, bytes: 10 }));
  await entries(store);
  const other = await open();
  const found = await Promise.all(['de', 'en', 'de', 'en', 'de'].map((language) => find(other, 'h/a', language)));
  expect(found.map((each) => each?.headers)).toEqual(Array.from({ length: 5 }, () => ['x-key', 'h/a']));
  expect(new Set(found).size).toBe(2);
});

test('what is stored while an older one is looked for is what is found', async () => {
  const { open } = await place();
  const store = await open();
  store.add(entry('h/a', { bytes: 1 }));
  await entries(store);
  const other = await open();
  const found = find(other, 'h/a');
  other.add(entry('h/a', { bytes: 2 }));
  expect([(await found)?.body.length, (await find(other, 'h/a'))?.body.length]).toEqual([2, 2]);
});

describe('bounds', () => {
  test('of entries and bytes, as near as is promised', async () => {
    const { open } = await place();
    const few = await open({ bounds: { maxEntries: 200 } });
    for (let i = 0; i < 500; i++) few.add(entry(`h/${i}`));
    expect(await entries(few)).toBeLessThanOrEqual(264);
    expect([await find(few, 'h/499'), await find(await open({ memoryBytes: 1024 }), 'h/0')]).toEqual([
      expect.anything(),
      undefined,
    ]);
    const small = await open({ bounds: { maxBytes: 160_000 } });
    for (let i = 0; i < 100; i++) {
      small.add(entry(`h/large/${i}`, { bytes: 5000 }));
      expect((await small.figures()).bytes).toBeLessThanOrEqual(170_000 + 5700);
    }
  });

  test.for([
    ['long URLs', `h/${'a'.repeat(6000)}`, 0],
    ['long URLs and many tags', `h/${'a'.repeat(6000)}`, 60],
    ['URLs that spill over pages', `h/${'a'.repeat(1100)}`, 0],
    ['small answers', 'h/', 3],
  ] as const)('of the file itself, whatever is stored: %s', async ([, begin, count]) => {
    const { file, open } = await place();
    const maxBytes = 2_000_000;
    const store = await open({ bounds: { maxBytes }, memoryBytes: 1024 });
    for (let i = 0; i < 1000; i++)
      store.add(entry(begin + i, { tags: Array.from({ length: count }, (_, k) => `tag-${i}-${k}`) }));
    expect(await entries(store)).toBeGreaterThan(10);
    expect((await store.figures()).bytes).toBeLessThan(maxBytes * 1.1);
    await store.close();
    expect(statSync(file).size).toBeLessThan(2 * maxBytes + 2 ** 20);
    expect(await (await open()).removeTag('tag-999-0')).toBe(count === 0 ? 0 : 1);
  });

  test('of what is in memory too', async () => {
    const { open } = await place();
    const store = await open({ memoryBytes: 20_000 });
    for (let i = 0; i < 50; i++) store.add(entry(`h/${i}`, { bytes: 5000 }));
    for (let i = 0; i < 50; i++) expect((await find(store, `h/${i}`))?.body.length).toBe(5000);
    expect(store.bytes).toBeLessThanOrEqual(20_000);
  });

  test('of variants', async () => {
    const { open } = await place();
    const store = await open({ bounds: { maxVariants: 10 } });
    for (let i = 0; i < 50; i++) store.add(entry('h/a', { language: `l${i}` }));
    expect(await entries(store)).toBe(10);
    expect(await find(await open(), 'h/a', 'l49')).toBeDefined();
  });

  test('of what is on its way to the disk: the rest is in memory, and nothing older is on disk', async () => {
    const { open } = await place();
    const store = await open({ memoryBytes: 100_000_000, bounds: { maxBytes: 100_000_000 } });
    store.add(entry('h/9', { bytes: 1 }));
    for (let i = 0; i < 10; i++) store.add(entry(`h/${i}`, { bytes: 5_000_000 }));
    expect([store.entries, await entries(store)]).toEqual([10, 6]);
    expect(await find(await open(), 'h/9')).toBe(undefined);
  });
});

test('one of thousands of variants is found without looking at the others', async () => {
  const { file, open } = await place();
  const store = await open({ memoryBytes: 1024 });
  for (let i = 0; i < 2000; i++) store.add(entry('h/a', { language: `l${i}` }));
  await entries(store);
  expect((await find(store, 'h/a', 'l77'))?.variant).toContain('l77');
  const database = new DatabaseSync(file);
  onTestFinished(() => {
    database.close();
  });
  const plan = database
    .prepare('EXPLAIN QUERY PLAN SELECT head, body FROM entries WHERE key = ? AND fields = ? AND variant = ?')
    .all('h/a', 'x', 'y');
  expect(String(plan[0]?.detail)).toMatch(/SEARCH entries USING INDEX .*key=\? AND fields=\? AND variant=\?/);
});

describe('a file of no use', () => {
  test('that is no database begins anew', async () => {
    const { file, open } = await place();
    writeFileSync(file, 'this is not a database, but a text that is long enough to be read as one'.repeat(100));
    const store = await open();
    store.add(entry('h/a'));
    expect(await entries(store)).toBe(1);
  });

  test('that is cut short begins anew, or has nothing', async () => {
    const { file, failures, open } = await place();
    const store = await open();
    for (let i = 0; i < 100; i++) store.add(entry(`h/${i}`, { bytes: 4000 }));
    await store.close();
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, bytes.length / 2));
    const again = await open();
    expect(await find(again, 'h/99')).toBe(undefined);
    for (let i = 0; i < 100; i++) await find(again, `h/${i}`);
    again.add(entry('h/new'));
    await entries(again);
    expect(await find(await open(), 'h/new')).toBeDefined();
    expect(failures.length).toBeLessThanOrEqual(2);
  });

  test('that is damaged within is thrown away, which is told once', async () => {
    const { file, failures, open } = await place();
    const store = await open();
    for (let i = 0; i < 100; i++) store.add(entry(`h/${i}`, { bytes: 4000 }));
    await store.close();
    const bytes = readFileSync(file);
    bytes.fill(0xff, 8192);
    writeFileSync(file, bytes);
    const again = await open();
    for (let i = 0; i < 100; i++) await find(again, `h/${i}`);
    again.add(entry('h/new'));
    await entries(again);
    expect([failures.length, await find(await open(), 'h/new')]).toEqual([1, expect.anything()]);
  });

  test.for([
    ['a byte of a body', 'bbbbbbbb', 'bbbbXbbb'],
    ['a byte of a field', '"x-key"', '"y-key"'],
    ['what no longer can be read', '"bornAt":', '"bornAt}:'],
    ['the life of an answer', '"staleAt":2', '"staleAt":9'],
  ] as const)('that has changed by itself is thrown away: %s', async ([, was, is]) => {
    const { file, failures, open } = await place();
    const store = await open();
    store.add(entry('h/a', { bytes: 20_000 }));
    await store.close();
    const bytes = readFileSync(file);
    const at = bytes.indexOf(was);
    expect(at).toBeGreaterThan(0);
    bytes.write(is, at);
    writeFileSync(file, bytes);
    const again = await open();
    expect([await find(again, 'h/a'), failures.length]).toEqual([undefined, 1]);
    again.add(entry('h/a'));
    await entries(again);
    expect(await find(await open(), 'h/a')).toBeDefined();
  });

  test('that several processes find damaged begins anew once', async () => {
    const { file, open } = await place();
    const [one, other] = await Promise.all([open(), open()]);
    for (let i = 0; i < 100; i++) one.add(entry(`h/${i}`, { bytes: 4000 }));
    await entries(one);
    const database = new DatabaseSync(file);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xff, 8192));
    await Promise.all([entries(one), entries(other)]);
    one.add(entry('h/new'));
    await entries(one);
    expect([await entries(other), await find(other, 'h/new')]).toEqual([1, expect.anything()]);
  });

  test('of another form begins anew', async () => {
    const { file, open } = await place();
    const database = new DatabaseSync(file);
    database.exec('CREATE TABLE entries (other); PRAGMA user_version = 99;');
    database.close();
    const store = await open();
    store.add(entry('h/a'));
    expect(await entries(store)).toBe(1);
  });

  test('that another process holds costs what it would have kept, and is told once', async () => {
    const { file, failures, open } = await place();
    const store = await open();
    await entries(store);
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    store.add(entry('h/a'));
    expect([await entries(store), await find(store, 'h/a')]).toEqual([0, expect.anything()]);
    expect(failures.length).toBe(1);
    other.exec('ROLLBACK');
    other.close();
    store.add(entry('h/c'));
    await entries(store);
    expect(await find(await open(), 'h/c')).toBeDefined();
  });

  test('out of which nothing can be taken is thrown away: no purge is in vain', async () => {
    const { file, failures, open } = await place();
    const store = await open();
    store.add(entry('h/a'));
    store.add(entry('h/b'));
    await entries(store);
    // As on a full disk.
    const other = new DatabaseSync(file);
    other.exec("CREATE TRIGGER full BEFORE DELETE ON entries BEGIN SELECT RAISE(FAIL, 'full'); END");
    other.close();
    await store.removeKey('h/a');
    const after = await open();
    expect([await find(after, 'h/a'), await entries(store), failures.length]).toEqual([undefined, 0, 1]);
    store.add(entry('h/c'));
    expect(await entries(store)).toBe(1);
  });

  test('that cannot be made is told once, and what is stored is in memory', async () => {
    const failures: unknown[] = [];
    const file = path.join(await temporaryFolder(), 'none', 'a.sqlite');
    const onFail = (error: unknown): void => void failures.push(error);
    const store = new DiskStore({ file, memoryBytes: 10_000, bounds: BOUNDS, thread, onFail });
    store.add(entry('h/a'));
    expect([await entries(store), failures.length, await find(store, 'h/a')]).toEqual([0, 1, expect.anything()]);
  });
});

test('a gateway that is started again answers from what it had', async () => {
  const backend = await startBackend(numbered({ 'cache-control': 'max-age=600', vary: 'x-v', etag: '"1"' }));
  const sites = `sites: { "localhost": { to: "${backend.url}", cache: { store: disk, dir: kept } } }`;
  const world = await startGateway(sites);
  const first = await request('h2', world, { path: '/a', headers: { 'x-v': '1' } });
  expect(existsSync(path.join(world.folder, 'kept', 'localhost.sqlite'))).toBe(true);
  await world.gateway.stop(0);
  const again = await Gateway.start(world.config(sites));
  onTestFinished(() => again.stop(0));
  const after = await request('h2', { ca: world.ca, port: again.httpsPort }, { path: '/a', headers: { 'x-v': '1' } });
  expect([after.body, after.headers['cache-status'], backend.seen.length]).toEqual([
    first.body,
    expect.stringMatching(/^gatehouse; hit/),
    1,
  ]);
  const range = await request(
    'h2',
    { ca: world.ca, port: again.httpsPort },
    { path: '/a', headers: { 'x-v': '1', range: 'bytes=0-2' } },
  );
  expect([range.status, range.body]).toEqual([206, 'ans']);
});

test('a folder that cannot be made stops the start', async () => {
  const { url } = await startBackend();
  await expect(
    startGateway(`sites: { localhost: { to: "${url}", cache: { store: disk, dir: /proc/none } } }`),
  ).rejects.toThrow(/the folder \/proc\/none cannot be made/);
});

// What a restart finds again.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CacheFile, type FileBounds } from '../../src/cache/cache-file.ts';
import { DiskStore } from '../../src/cache/disk-store.ts';
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
  readonly open: (more?: { bounds?: Partial<FileBounds>; memoryBytes?: number }) => DiskStore;
}

async function place(): Promise<Opened> {
  const file = path.join(await temporaryFolder(), 'a.sqlite');
  const failures: unknown[] = [];
  const open: Opened['open'] = ({ bounds = {}, memoryBytes = 1_000_000 } = {}) => {
    const store = new DiskStore({
      file,
      memoryBytes,
      bounds: { ...BOUNDS, ...bounds },
      onFail: (error) => failures.push(error),
    });
    onTestFinished(() => {
      store.close();
    });
    return store;
  };
  return { file, failures, open };
}

const find = (store: DiskStore, key: string, language?: string): Entry | undefined =>
  store.find(key, 'route', language === undefined ? [] : ['accept-language', language]);

test('an answer is the same in another process, with all that is said of it', async () => {
  const { open } = await place();
  const kept = entry('h/a', { bytes: 1000, language: 'de' });
  open().add(kept);
  const found = find(open(), 'h/a', 'de');
  expect({ ...found, codings: undefined }).toEqual({ ...kept, codings: undefined });
  expect(find(open(), 'h/a', 'en')).toBe(undefined);
});

test('is thrown away by key, prefix, tag or all, for other processes too', async () => {
  const { open } = await place();
  const store = open();
  const fill = (): void => {
    store.add(entry('h/a', { language: 'de', tags: ['x'] }));
    store.add(entry('h/a', { language: 'en', tags: ['x', 'y'] }));
    store.add(entry('h/a/b', { tags: ['y'] }));
    store.add(entry('h/c'));
  };
  fill();
  expect([store.removeKey('h/a'), open().entries]).toEqual([2, 2]);
  fill();
  expect([store.removePrefix('h/a'), open().entries]).toEqual([3, 1]);
  fill();
  expect([open().removeTag('y'), open().entries]).toEqual([2, 2]);
  expect([store.removeTag('y'), store.clear(), store.entries]).toEqual([2, 2, 0]);
  expect(store.bytes).toBe(0);
});

describe('bounds', () => {
  test('of entries and bytes, as near as is promised', async () => {
    const { open } = await place();
    const few = open({ bounds: { maxEntries: 200 } });
    for (let i = 0; i < 500; i++) few.add(entry(`h/${i}`));
    expect(few.entries).toBeLessThanOrEqual(264);
    expect([find(few, 'h/499') !== undefined, find(open({ memoryBytes: 1024 }), 'h/0')]).toEqual([true, undefined]);
    const small = open({ bounds: { maxBytes: 160_000 } });
    for (let i = 0; i < 100; i++) {
      small.add(entry(`h/large/${i}`, { bytes: 5000 }));
      expect(small.bytes).toBeLessThanOrEqual(170_000 + 5700);
    }
  });

  test('of what is in memory too', async () => {
    const { open } = await place();
    const store = open({ memoryBytes: 20_000 });
    for (let i = 0; i < 50; i++) store.add(entry(`h/${i}`, { bytes: 5000 }));
    for (let i = 0; i < 50; i++) expect(find(store, `h/${i}`)?.body.length).toBe(5000);
    expect(store.heldBytes).toBeLessThanOrEqual(20_000);
  });

  test('of variants', async () => {
    const { open } = await place();
    const store = open({ bounds: { maxVariants: 10 } });
    for (let i = 0; i < 50; i++) store.add(entry('h/a', { language: `l${i}` }));
    expect(open().entries).toBe(10);
    expect(find(open(), 'h/a', 'l49')).toBeDefined();
  });
});

test('one of thousands of variants is found without looking at the others', async () => {
  const { file, open } = await place();
  const store = open({ memoryBytes: 1024 });
  for (let i = 0; i < 2000; i++) store.add(entry('h/a', { language: `l${i}` }));
  expect(find(store, 'h/a', 'l77')?.variant).toContain('l77');
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
    const store = open();
    store.add(entry('h/a'));
    expect(find(open(), 'h/a')).toBeDefined();
  });

  test('that is cut short begins anew, or has nothing', async () => {
    const { file, failures, open } = await place();
    const store = open();
    for (let i = 0; i < 100; i++) store.add(entry(`h/${i}`, { bytes: 4000 }));
    store.close();
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, bytes.length / 2));
    const again = open();
    expect(find(again, 'h/99')).toBe(undefined);
    for (let i = 0; i < 100; i++) find(again, `h/${i}`);
    again.add(entry('h/new'));
    expect(find(open(), 'h/new')).toBeDefined();
    expect(failures.length).toBeLessThanOrEqual(2);
  });

  test('of another form begins anew', async () => {
    const { file, open } = await place();
    const database = new DatabaseSync(file);
    database.exec('CREATE TABLE entries (other); PRAGMA user_version = 99;');
    database.close();
    open().add(entry('h/a'));
    expect(find(open(), 'h/a')).toBeDefined();
  });

  test('that another process holds costs what it would have kept, and is told once', async () => {
    const { file, failures, open } = await place();
    const store = open();
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    for (const key of ['h/a', 'h/b']) {
      store.add(entry(key));
      expect(find(store, key)).toBeDefined();
    }
    expect(failures.length).toBe(1);
    other.exec('ROLLBACK');
    other.close();
    store.add(entry('h/c'));
    expect(find(open(), 'h/c')).toBeDefined();
  });

  test('that cannot be made is an error of the one who makes it', async () => {
    const folder = await temporaryFolder();
    expect(() => new CacheFile(path.join(folder, 'none', 'a.sqlite'), BOUNDS)).toThrow();
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

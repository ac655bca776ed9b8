import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { FolderStorage } from '../../src/acme/storage/folder.ts';
import type { BansConfig } from '../../src/config/config.ts';
import { BanFile } from '../../src/limits/ban-file.ts';
import { Bans } from '../../src/limits/bans.ts';
import { temporaryFolder } from '../support/cli.ts';

const config: BansConfig = {
  exempt: [],
  drop: 'answer',
  growth: 2,
  longestMs: 3_600_000,
  rememberMs: 600_000,
  max: 100_000,
  waf: undefined,
};

function open(folder: string): { bans: Bans; file: BanFile; told: string[] } {
  const told: string[] = [];
  const bans = new Bans(config);
  const file = new BanFile(bans, new FolderStorage(folder), (level, message) => void told.push(`${level} ${message}`));
  bans.onChange = () => file.changed();
  return { bans, file, told };
}

const wish = { site: 'a.test', cause: 'limit', reason: 'limit login', forMs: 60_000 } as const;

test('bans are there after a restart, with what is remembered', async () => {
  const folder = await temporaryFolder();
  const first = open(folder);
  first.bans.punish('203.0.113.9', wish);
  first.bans.add({ target: '198.51.100.0/24', site: undefined, cause: 'hand', reason: 'x', forMs: 1e9 });
  await first.file.flush();
  const second = open(folder);
  await second.file.load();
  expect(second.bans.all()).toEqual(first.bans.all());
  expect(second.bans.find('198.51.100.7', 'b.test')).toBeDefined();
  expect((await readdir(path.join(folder, 'bans'))).sort()).toEqual(['bans.json']);
});

test.for(['', '{', '[]', '{"version":9,"bans":[]}', 'null'])(
  'a damaged file (%j) is set aside, and the start goes on',
  async (text) => {
    const folder = await temporaryFolder();
    const first = open(folder);
    first.bans.punish('203.0.113.9', wish);
    await first.file.flush();
    await writeFile(path.join(folder, 'bans/bans.json'), text);
    const second = open(folder);
    await second.file.load();
    expect(second.bans.size).toBe(0);
    expect(second.told).toEqual([expect.stringMatching(/^warn the file of bans is damaged/)]);
    expect(await readdir(path.join(folder, 'bans'))).toEqual([expect.stringContaining('damaged')]);
  },
);

test('single entries that cannot be read are left out', async () => {
  const folder = await temporaryFolder();
  const first = open(folder);
  first.bans.punish('203.0.113.9', wish);
  await first.file.flush();
  const file = path.join(folder, 'bans/bans.json');
  await writeFile(file, (await readFile(file, 'utf8')).replace('[\n', '[\n{"target":"nobody"},\n'));
  const second = open(folder);
  await second.file.load();
  expect(second.bans.all()).toEqual(first.bans.all());
});

test('changes at once are one writing, and none is lost', async () => {
  const folder = await temporaryFolder();
  const { bans, file } = open(folder);
  for (let i = 0; i < 500; i++) {
    bans.punish(`10.0.${i >> 8}.${i & 255}`, wish);
    if (i % 100 === 0) void file.flush();
  }
  await file.flush();
  const second = open(folder);
  await second.file.load();
  expect(second.bans.size).toBe(500);
});

test('what cannot be written is told, and written later', async () => {
  const folder = await temporaryFolder();
  await writeFile(path.join(folder, 'bans'), 'in the way');
  const { bans, file, told } = open(folder);
  bans.punish('203.0.113.9', wish);
  await file.flush();
  await file.flush();
  expect(told).toEqual([expect.stringMatching(/^warn the file of bans cannot be written/)]);
  expect(file.isLost).toBe(true);
  await rm(path.join(folder, 'bans'));
  await file.flush();
  expect(file.isLost).toBe(false);
});

// Files that change: by being written, replaced, or led elsewhere by a symbolic link. The looks are taken by hand here.
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { FileWatch } from '../../src/base/file-watch.ts';
import { temporaryFolder } from '../tls/material.ts';

interface Scene {
  readonly path: (name: string) => string;
  readonly watch: FileWatch;
}

/** Watches `cert` and `key`, and has looked once. */
async function start(): Promise<Scene> {
  const folder = temporaryFolder();
  const path = (name: string): string => join(folder, name);
  writeFileSync(path('cert'), 'one');
  writeFileSync(path('key'), 'one');
  const watch = new FileWatch([path('cert'), path('key')]);
  await watch.look();
  return { path, watch };
}

/** What each of so many looks tells. */
async function look(watch: FileWatch, times: number): Promise<boolean[]> {
  const told: boolean[] = [];
  for (let i = 0; i < times; i++) told.push(await watch.look());
  return told;
}

test('nothing is told of files that stay as they are', async () => {
  const { watch } = await start();
  expect(await look(watch, 3)).toEqual([false, false, false]);
});

test('a change is told once, when it has come to rest', async () => {
  const { watch, path } = await start();
  writeFileSync(path('cert'), 'two');
  expect(await look(watch, 4)).toEqual([false, true, false, false]);
});

test('a certificate and its key, written one after the other, are one change', async () => {
  const { watch, path } = await start();
  writeFileSync(path('cert'), 'two');
  expect(await look(watch, 1)).toEqual([false]);
  writeFileSync(path('key'), 'two');
  expect(await look(watch, 3)).toEqual([false, true, false]);
});

test('a file is replaced by renaming, taken away, and comes back', async () => {
  const { watch, path } = await start();
  writeFileSync(path('new'), 'two');
  renameSync(path('new'), path('cert'));
  expect(await look(watch, 2)).toEqual([false, true]);
  rmSync(path('cert'));
  expect(await look(watch, 2)).toEqual([false, true]);
  writeFileSync(path('cert'), 'three');
  expect(await look(watch, 2)).toEqual([false, true]);
});

test.skipIf(process.platform === 'win32')(
  'a folder that is a symbolic link is led elsewhere, as Kubernetes does it',
  async () => {
    const folder = temporaryFolder();
    for (const version of ['v1', 'v2']) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'tls.crt'), 'same');
    }
    symlinkSync('v1', join(folder, 'data'));
    symlinkSync('data/tls.crt', join(folder, 'tls.crt'));
    const watch = new FileWatch([join(folder, 'tls.crt')]);
    await watch.look();
    symlinkSync('v2', join(folder, 'data.new'));
    renameSync(join(folder, 'data.new'), join(folder, 'data'));
    expect(await look(watch, 2)).toEqual([false, true]);
  },
);

test('it looks by itself, and tells once', async () => {
  const { watch, path } = await start();
  const told = vi.fn<() => void>();
  watch.start(2, told);
  onTestFinished(() => watch.stop());
  writeFileSync(path('cert'), 'two');
  await vi.waitFor(() => expect(told).toHaveBeenCalledOnce());
});

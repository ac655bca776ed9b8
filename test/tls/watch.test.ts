// Files that change: by being written, replaced, or led elsewhere by a symbolic link. The looks are taken by hand here.
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { FileWatch } from '../../src/tls/watch.ts';
import { temporaryFolder } from './material.ts';

interface Scene {
  readonly path: (name: string) => string;
  readonly watch: FileWatch;
  readonly told: ReturnType<typeof vi.fn>;
}

/** Watches `cert` and `key`, and has looked once. */
async function start(): Promise<Scene> {
  const folder = temporaryFolder();
  const path = (name: string): string => join(folder, name);
  writeFileSync(path('cert'), 'one');
  writeFileSync(path('key'), 'one');
  const told = vi.fn<() => void>();
  const watch = new FileWatch([path('cert'), path('key')], told);
  await watch.look();
  return { path, watch, told };
}

async function look(watch: FileWatch, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await watch.look();
}

test('nothing is told of files that stay as they are', async () => {
  const { watch, told } = await start();
  await look(watch, 3);
  expect(told).not.toHaveBeenCalled();
});

test('a change is told once, when it has come to rest', async () => {
  const { watch, told, path } = await start();
  writeFileSync(path('cert'), 'two');
  await look(watch, 1);
  expect(told).not.toHaveBeenCalled();
  await look(watch, 1);
  expect(told).toHaveBeenCalledOnce();
  await look(watch, 3);
  expect(told).toHaveBeenCalledOnce();
});

test('a certificate and its key, written one after the other, are one change', async () => {
  const { watch, told, path } = await start();
  writeFileSync(path('cert'), 'two');
  await look(watch, 1);
  writeFileSync(path('key'), 'two');
  await look(watch, 1);
  expect(told).not.toHaveBeenCalled();
  await look(watch, 1);
  expect(told).toHaveBeenCalledOnce();
});

test('a file is replaced by renaming, taken away, and comes back', async () => {
  const { watch, told, path } = await start();
  writeFileSync(path('new'), 'two');
  renameSync(path('new'), path('cert'));
  await look(watch, 2);
  expect(told).toHaveBeenCalledTimes(1);
  rmSync(path('cert'));
  await look(watch, 2);
  expect(told).toHaveBeenCalledTimes(2);
  writeFileSync(path('cert'), 'three');
  await look(watch, 2);
  expect(told).toHaveBeenCalledTimes(3);
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
    const told = vi.fn<() => void>();
    const watch = new FileWatch([join(folder, 'tls.crt')], told);
    await watch.look();
    symlinkSync('v2', join(folder, 'data.new'));
    renameSync(join(folder, 'data.new'), join(folder, 'data'));
    await look(watch, 2);
    expect(told).toHaveBeenCalledOnce();
  },
);

test('it looks by itself, until it is stopped', async () => {
  const { watch, told, path } = await start();
  watch.start(2);
  writeFileSync(path('cert'), 'two');
  await vi.waitFor(() => expect(told).toHaveBeenCalled());
  watch.stop();
});

import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ensureFolder } from '../../src/base/folder.ts';

test('a folder and those above it are made, once and again', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'gatehouse-folder-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (let i = 0; i < 2; i++) ensureFolder(path.join(root, 'a/b/c'), 0o700);
  expect(statSync(path.join(root, 'a/b/c')).mode & 0o777).toBe(0o700);
  writeFileSync(path.join(root, 'file'), '');
  expect(() => ensureFolder(path.join(root, 'file/below'), 0o700)).toThrow('ENOTDIR');
});

test.skipIf(process.platform !== 'linux')('where no folder can be made it fails instead of trying for ever', () => {
  expect(() => ensureFolder('/proc/gatehouse/run', 0o700)).toThrow('ENOENT');
});

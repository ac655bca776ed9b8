// Files that an operator names, by mistake too.
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readOperatorFile } from '../../src/tls/operator-file.ts';
import { temporaryFolder } from './material.ts';

test('a file is read whole', async () => {
  const path = join(temporaryFolder(), 'a.pem');
  writeFileSync(path, 'a'.repeat(300_000));
  expect((await readOperatorFile(path)).toString()).toBe('a'.repeat(300_000));
});

test('one that is too long, or has no end, is refused', async () => {
  const path = join(temporaryFolder(), 'a.pem');
  writeFileSync(path, '');
  truncateSync(path, 64 * 1024 * 1024 + 1);
  await expect(readOperatorFile(path)).rejects.toThrow(/a\.pem is longer than 67108864 bytes/);
});

test('one that is not there, or a folder, is told as that', async () => {
  const folder = temporaryFolder();
  await expect(readOperatorFile(join(folder, 'b.pem'))).rejects.toThrow('there is no such file');
  await expect(readOperatorFile(folder)).rejects.toThrow('it is a folder');
});

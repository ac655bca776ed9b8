// What a process knows of its file descriptors when it has none left.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const SCRIPT = `
import { openSync } from 'node:fs';
import { descriptors } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../src/observe/descriptors.ts'))};
try {
  for (;;) openSync('/dev/null');
} catch {}
console.log(JSON.stringify(descriptors()));
`;

test.skipIf(!existsSync('/proc/self/limits'))('all are in use: it knows how many that are', () => {
  const command = 'ulimit -n 100; exec "$@"';
  const args = ['-c', command, 'sh', process.execPath, '--input-type=module', '-e', SCRIPT];
  expect(JSON.parse(execFileSync('sh', args, { encoding: 'utf8' }))).toEqual({ open: 100, max: 100 });
});

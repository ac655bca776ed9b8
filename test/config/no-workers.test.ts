// What is seen of `workers: 0` without reading a configuration. To miss it costs a process that is begun in vain; to see it
// where it is not costs a slower start.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { fileHasNoWorkers, hasNoWorkers } from '../../src/config/no-workers.ts';
import { temporaryFolder } from '../support/cli.ts';

const SITES = 'sites: { a.test: { to: "http://127.0.0.1:1" } }';

test.for([
  ['workers: 0', true],
  [`${SITES}\nworkers: 0`, true],
  [`workers: 0\r\n${SITES}\r\n`, true],
  [`"workers" :  0  # all in one process\n${SITES}`, true],
  [`'workers':\t0\n${SITES}`, true],
  [`{ "workers": 0, "sites": {} }`, true],
  [`\n{\n  "sites": {},\n  "workers":0\n}`, true],
  ['workers: 1', false],
  ['workers: 01', false],
  ['workers: 0.5', false],
  ['workers: 0#1', false],
  ['workers:0', false],
  ['workers: auto', false],
  [`workers: \${WORKERS}`, false],
  [`# workers: 0\n${SITES}`, false],
  [`logs:\n  workers: 0\n${SITES}`, false],
  [`notes: |\n  workers: 0\n${SITES}`, false],
  [`{ "a": { "workers": 0 } }`, false],
  [`{ "a": "\\"workers\\": 0" }`, false],
  ['{ workers: 0 }', false],
  ['{ "workers": 0', false],
  ['null', false],
  ['', false],
] as const)('%j', ([text, isSeen]) => {
  expect(hasNoWorkers(text)).toBe(isSeen);
});

test('what is seen is what the configuration says, wherever it stands', () => {
  const line = fc.constantFrom(
    'workers: 0',
    'workers: 2',
    '"workers": 0',
    '# workers: 0',
    'workers: "0"',
    SITES,
    'logs:\n  level: info',
    'listen: { http: false }',
  );
  fc.assert(
    fc.property(fc.uniqueArray(line), (lines) => {
      const text = lines.join('\n');
      const { config } = parseConfig(text);
      if (config !== undefined && hasNoWorkers(text)) expect(config.workers).toBe(0);
    }),
  );
});

test('of a file; what is none is not touched', async () => {
  const folder = await temporaryFolder();
  const file = path.join(folder, 'gatehouse.yaml');
  expect(fileHasNoWorkers(file)).toBe(false);
  writeFileSync(file, `\ufeffworkers: 0\n${SITES}\n`);
  expect(fileHasNoWorkers(file)).toBe(true);
  writeFileSync(file, `workers: 0\n${'#'.repeat(300_000)}\n`);
  expect(fileHasNoWorkers(file)).toBe(false);
  mkdirSync(path.join(folder, 'folder'));
  expect(fileHasNoWorkers(path.join(folder, 'folder'))).toBe(false);
  expect(fileHasNoWorkers(path.join(folder, 'gatehouse.yaml', 'below'))).toBe(false);
});

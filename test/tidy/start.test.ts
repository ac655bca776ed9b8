// What `gatehouse run` loads before it has read its configuration: each module costs every start, and what only some
// configurations need is loaded where one of them asks for it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { roomOf } from './imports.ts';

const SOURCE = path.resolve(import.meta.dirname, '../../src');
/** Of values, and not within functions. */
const IMPORT = /^(?:import|export)\s(?!type\b)[^'"]*?from\s*'([^']+)'/gm;

const files = new Set<string>();
const others = new Set<string>();
for (const start of ['main.ts', 'cli/program.ts', 'cli/run.ts', 'cli/serve.ts']) visit(start);

function visit(file: string): void {
  if (files.has(file)) return;
  files.add(file);
  for (const [, target = ''] of readFileSync(path.join(SOURCE, file), 'utf8').matchAll(IMPORT)) {
    if (target.startsWith('.')) visit(path.join(path.dirname(file), target));
    else others.add(target);
  }
}

test('no package but those that every gateway needs', () => {
  const packages = [...others].filter((name) => !name.startsWith('node:'));
  expect(packages.sort()).toEqual(['ajv/dist/2020.js', 'commander', 'fastest-levenshtein', 'pino', 'yaml']);
});

test('neither the engine for rules, nor the tools around them, nor the shared store', () => {
  const early = [...files].filter((file) => ['waf', 'tuning', 'shared'].includes(roomOf(file)));
  expect(early).toEqual([]);
});

test('not the HTTP client that an import of node:http brings along', () => {
  expect(others).not.toContain('node:http');
});

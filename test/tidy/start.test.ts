// What `gatehouse run` loads before it has read its configuration, and what a supervisor and a worker load: each module costs
// every start, and what only some configurations need is loaded where one of them asks for it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { roomOf } from './imports.ts';

const SOURCE = path.resolve(import.meta.dirname, '../../src');
/** Of values, and not within functions. */
const IMPORT = /^(?:import|export)\s(?!type\b)[^'"]*?from\s*'([^']+)'/gm;

interface Loads {
  readonly files: ReadonlySet<string>;
  readonly packages: readonly string[];
  readonly others: ReadonlySet<string>;
}

function loadsOf(starts: readonly string[]): Loads {
  const files = new Set<string>();
  const others = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const [, target = ''] of readFileSync(path.join(SOURCE, file), 'utf8').matchAll(IMPORT)) {
      if (target.startsWith('.')) visit(path.join(path.dirname(file), target));
      else others.add(target);
    }
  };
  for (const start of starts) visit(start);
  return { files, others, packages: [...others].filter((name) => !name.startsWith('node:')).sort() };
}

const RUN = ['main.ts', 'cli/program.ts', 'cli/run.ts', 'cli/read-config.ts'];
const alone = loadsOf([...RUN, 'cli/serve.ts']);
const supervisor = loadsOf([...RUN, 'cli/supervise.ts']);
const worker = loadsOf(['main.ts', 'cli/program.ts', 'cli/work.ts']);

test('no package but those that every gateway needs', () => {
  const needed = ['ajv/dist/2020.js', 'commander', 'fastest-levenshtein', 'pino', 'yaml'];
  expect([alone.packages, supervisor.packages]).toEqual([needed, needed]);
});

describe.for([
  ['a gateway alone', alone],
  ['a supervisor', supervisor],
  ['a worker', worker],
] as const)('%s', ([, { files, others }]) => {
  test('neither the engine for rules, nor the tools around them, nor the shared store', () => {
    const early = [...files].filter((file) => ['waf', 'tuning', 'shared'].includes(roomOf(file)));
    expect(early).toEqual([]);
  });

  test('not the HTTP client that an import of node:http brings along', () => {
    expect(others).not.toContain('node:http');
  });
});

test('a worker reads no configuration, its supervisor has', () => {
  expect(worker.packages).toEqual(['commander', 'pino']);
  expect(worker.files).not.toContain('config/load.ts');
});

test('a supervisor has nothing of what serves traffic', () => {
  const early = [...supervisor.files].filter((file) =>
    ['route', 'access', 'cache', 'compress', 'upstream', 'acme'].includes(roomOf(file)),
  );
  expect(early).toEqual([]);
  expect(supervisor.files).not.toContain('gateway/gateway.ts');
});

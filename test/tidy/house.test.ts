// The house rules, so that nobody has to remember them.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { importGraph, roomOf } from './imports.ts';

/** Imports only go down: to the own room, or to one on a lower floor. */
const FLOORS: Readonly<Record<string, number>> = {
  cli: 10,
  'main.ts': 10,
  'index.ts': 10,
  cluster: 9,
  admin: 8,
  tuning: 7,
  gateway: 6,
  acme: 5,
  tls: 4,
  route: 4,
  access: 4,
  limits: 4,
  waf: 4,
  cache: 4,
  compress: 4,
  upstream: 4,
  observe: 3,
  shared: 3,
  http: 2,
  config: 1,
  base: 0,
};

/** The package's name in `from 'name/part'` and in `import('name')`. */
const PACKAGE = /(?:^(?:import|export)\s[^;]*?from\s+|\bimport\()'((?:@[\w.-]+\/)?[a-z][\w.-]*)(?:\/[\w./-]+)?'/gm;

const graph = importGraph();
const root = path.resolve(import.meta.dirname, '../..');
const packageJson = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  devDependencies: Record<string, string>;
  dependencies: Record<string, string>;
};

test('every room has a floor', () => {
  const rooms = new Set([...graph.keys()].map(roomOf));
  expect([...rooms].filter((room) => !(room in FLOORS))).toEqual([]);
});

test('imports only go down', () => {
  const wrong: string[] = [];
  for (const [file, targets] of graph) {
    for (const target of targets) {
      const [from, to] = [roomOf(file), roomOf(target)];
      const isStart = from === 'main.ts' && to === 'cli';
      if (from !== to && !isStart && (FLOORS[to] ?? 99) >= (FLOORS[from] ?? -1)) wrong.push(`${file} -> ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('no import cycle', () => {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) cycles.push([...trail.slice(trail.indexOf(file)), file].join(' -> '));
    if (done.has(file) || trail.includes(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  expect(cycles).toEqual([]);
});

test('every import leads to a file', () => {
  const missing = [...graph].flatMap(([file, targets]) =>
    targets.filter((target) => !graph.has(target)).map((target) => `${file} -> ${target}`),
  );
  expect(missing).toEqual([]);
});

test('no dead file: the command line or the library reaches each', () => {
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const target of graph.get(file) ?? []) visit(target);
  };
  visit('main.ts');
  visit('index.ts');
  expect([...graph.keys()].filter((file) => !reached.has(file))).toEqual([]);
});

test('every source file says what it is for', () => {
  const silent = [...graph.keys()].filter((file) => {
    const lines = readFileSync(path.join(root, 'src', file), 'utf8').replace(/^#!.*\n/, '');
    return !lines.startsWith('// ');
  });
  expect(silent).toEqual([]);
});

test('the tests run on the pinned Node', () => {
  expect(process.version).toBe(`v${packageJson.devDependencies.node?.replace(/^\D/, '')}`);
});

test('every package that src/ imports is a dependency, and every dependency is imported', () => {
  const imported = new Set<string>();
  for (const file of graph.keys()) {
    const text = readFileSync(path.join(root, 'src', file), 'utf8');
    for (const [, name] of text.matchAll(PACKAGE)) if (name !== undefined) imported.add(name);
  }
  expect([...imported].sort()).toEqual(Object.keys(packageJson.dependencies).sort());
});

test('ARCHITECTURE.md has a word on every room and every dependency', () => {
  const text = readFileSync(path.join(root, 'ARCHITECTURE.md'), 'utf8');
  const rooms = readdirSync(path.join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const unnamed = [
    ...rooms.map(({ name }) => `\`${name}/\``),
    ...Object.keys(packageJson.dependencies).map((name) => `\`${name}\``),
  ].filter((name) => !text.includes(name));
  expect(unnamed).toEqual([]);
});

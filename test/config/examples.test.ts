import { readdirSync, readFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { expect, test } from 'vitest';
import { isAlias, isMap, isScalar, isSeq, parse, parseDocument, visit } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import type { Node } from '../../src/config/schema/node.ts';
import { root } from '../../src/config/schema/root.ts';

const examples = readdirSync('examples').filter((name) => name.endsWith('.yaml'));
const reference = readFileSync('examples/reference.yaml', 'utf8');

test('the examples that the documents name are there', () => {
  expect(examples).toEqual(
    expect.arrayContaining([
      'minimal.yaml',
      'two-apps.yaml',
      'own-certificate.yaml',
      'behind-a-proxy.yaml',
      'reference.yaml',
    ]),
  );
});

test.for(examples)('examples/%s has no problems', (name) => {
  expect(loadConfig(`examples/${name}`, { env: {} }).problems).toEqual([]);
});

test.for(examples)('the configuration of examples/%s is the same in another process', (name) => {
  const { config } = loadConfig(`examples/${name}`, { env: {} });
  expect(deserialize(serialize(config))).toStrictEqual(config);
});

test.for(examples)('examples/%s says what it is for, and uses no anchors', (name) => {
  const text = readFileSync(`examples/${name}`, 'utf8');
  expect(text).toMatch(/^# /);
  visit(parseDocument(text), (_, node) => expect(isAlias(node)).toBe(false));
});

interface Option {
  readonly path: string;
  readonly key: string;
  readonly node: Node;
  /** Its part, or itself, may only be off, or is empty by default: it may stand in a comment. */
  readonly mayBeComment: boolean;
}

/** Every option of the file: `*` for names that the operator chooses, `[]` for items. */
function options(node: Node, path: string, mayBeComment: boolean): Option[] {
  const found: Option[] = [];
  for (const [key, child] of Object.entries(node.map?.properties ?? {})) {
    const isHidden = mayBeComment || isEmpty(node.default) || node.default === 'auto';
    found.push({ path: `${path}.${key}`, key, node: child, mayBeComment: isHidden });
    found.push(...options(child, `${path}.${key}`, isHidden || isShownAbove(path, key) || child.later !== undefined));
  }
  if (node.map?.others !== undefined) found.push(...options(node.map.others, `${path}.*`, mayBeComment));
  if (node.list !== undefined)
    found.push(...options(node.list.items, `${path}[]`, mayBeComment || /\.(?:files|rules)$/.test(path)));
  return found;
}

/** What a route says of its rules, of access and limits is what a site says, and stands there. */
function isShownAbove(path: string, key: string): boolean {
  if (path.endsWith('.limits[]')) return key === 'match';
  return path.endsWith('.routes[]') && ['waf', 'access', 'limits'].includes(key);
}

function isEmpty(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}

const freeMaps = /^\.(?:upstreams|sites)\.[^.[]+$|\.(?:set|header|query)\.[^.]+$/;

/** The values of the reference file by the paths of `options`. */
function written(node: unknown, path: string, found: Map<string, unknown[]>): Map<string, unknown[]> {
  const values = found.get(path) ?? [];
  found.set(path, [...values, isScalar(node) ? node.value : isMap(node) || isSeq(node) ? node.toJSON() : node]);
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      const below = `${path}.${String(key)}`;
      written(value, freeMaps.test(below) ? `${path}.*` : below, found);
    }
  }
  if (isSeq(node)) for (const item of node.items) written(item, `${path}[]`, found);
  return found;
}

function keysOf(yaml: string): Map<string, unknown[]> {
  // A site's own name has dots, which would read as path.
  return written(parseDocument(yaml.replaceAll(/^ {2}app\.example\.com:/gm, '  site:')).contents, '', new Map());
}

const inReference = keysOf(reference);
const all = options(root, '', false);

test.for(all)('the reference has option $path', ({ path, key, mayBeComment }) => {
  if (inReference.has(path)) return;
  expect([path, mayBeComment && reference.includes(`${key}:`)]).toEqual([path, true]);
});

const withDefault = all.filter(
  ({ path, node }) => inReference.has(path) && node.default !== undefined && !isEmpty(node.default),
);

test.for(withDefault)('the reference shows the default of $path', ({ path, node }) => {
  for (const value of inReference.get(path) ?? []) {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) continue;
    expect([path, value]).toEqual([path, node.default]);
  }
});

test('the reference without its keys of choice is the default', () => {
  const { sites: _sites, upstreams: _upstreams, ...rest } = parse(reference) as Record<string, unknown>;
  const here = loadConfig('examples/reference.yaml', { env: {} }).config;
  const bare = loadConfig('examples/minimal.yaml', { env: {} }).config;
  expect(Object.keys(rest).length).toBeGreaterThan(8);
  for (const key of [
    'listen',
    'trustedProxies',
    'workers',
    'admin',
    'timeouts',
    'requestLimits',
    'bans',
    'certificates',
    'logs',
  ] as const) {
    expect(here?.[key]).toEqual(bare?.[key]);
  }
});

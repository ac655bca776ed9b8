// Files: patterns of names, Include, data files, and what keeps a mistake from running away.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Loaded } from '../../../src/waf/seclang/load.ts';
import { loadSecLang } from '../../../src/waf/seclang/load.ts';
import { known } from './reading.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function load(files: Readonly<Record<string, string>>, ...names: string[]): Loaded {
  const baseDir = mkdtempSync(join(tmpdir(), 'seclang-'));
  folders.push(baseDir);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(baseDir, name)), { recursive: true });
    writeFileSync(join(baseDir, name), Buffer.from(text, 'latin1'));
  }
  return loadSecLang(names, { baseDir, known });
}

const idsOf = ({ ruleSet }: Loaded): unknown[] =>
  ruleSet.items.map((item) => (item.kind === 'rule' ? item.id : item.name));

test('files of a pattern are read sorted by name, each under the name it was found by', () => {
  const loaded = load(
    { 'crs/b.conf': 'SecAction id:2', 'crs/a.conf': 'SecAction id:1', 'crs/c.data': 'x' },
    'crs/*.conf',
  );
  expect(loaded.problems).toEqual([]);
  expect(idsOf(loaded)).toEqual([1, 2]);
  expect(loaded.ruleSet.items[0]?.source).toEqual({ file: join('crs', 'a.conf'), line: 1 });
});

test('the order of the list of files is kept', () => {
  expect(idsOf(load({ 'b.conf': 'SecAction id:2', 'a.conf': 'SecAction id:1' }, 'b.conf', 'a.conf'))).toEqual([2, 1]);
});

test('a name or a pattern without a file is a problem', () => {
  expect(load({}, 'a.conf', '*.conf').problems).toMatchObject([
    { file: 'a.conf', line: 0, code: 'unreadable-file' },
    { file: '*.conf', line: 0, code: 'unreadable-file' },
  ]);
});

test('Include is relative to the file it stands in, and its rules stand in its place', () => {
  const files = {
    'main.conf': 'SecAction id:1\nInclude sub/two.conf\nSecAction id:4',
    'sub/two.conf': 'SecAction id:2\nIncludeOptional "more/*.conf"\nInclude "deep/x[0-9].conf"',
    'sub/deep/x3.conf': 'SecAction id:3',
  };
  const loaded = load(files, 'main.conf');
  expect(loaded.problems).toEqual([]);
  expect(idsOf(loaded)).toEqual([1, 2, 3, 4]);
  expect(loaded.ruleSet.items[2]?.source.file).toBe(join('sub', 'deep', 'x3.conf'));
});

test('files that include each other are a problem, not a loop', () => {
  const { problems } = load({ 'a.conf': 'Include b.conf', 'b.conf': 'Include a.conf' }, 'a.conf');
  expect(problems).toMatchObject([{ file: 'b.conf', line: 1, column: 9, code: 'bad-include' }]);
  expect(problems[0]?.message).toContain('includes itself');
});

test('Include has a depth', () => {
  const files = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`f${n}.conf`, `Include f${n + 1}.conf`]));
  expect(load(files, 'f0.conf').problems).toMatchObject([{ file: 'f15.conf', code: 'bad-include' }]);
});

test('a chain does not go on in the next file', () => {
  const files = { 'a.conf': 'SecRule ARGS a id:1,chain', 'b.conf': 'SecRule ARGS b id:2' };
  expect(load(files, 'a.conf', 'b.conf').problems).toMatchObject([{ file: 'a.conf', line: 1, code: 'bad-chain' }]);
});

test('data files are read beside the rule file, without comments, blanks and empty lines', () => {
  const files = {
    'crs/a.conf': 'SecRule ARGS "@pmFromFile a.data sub/b.data" id:1\nSecRule REMOTE_ADDR "!@ipMatchF c.txt" id:2',
    'crs/a.data': '# words\r\n  one two \r\n\r\nthree#4\r\n \t# x\n\xa0\xff',
    'crs/sub/b.data': 'five',
    'crs/c.txt': '127.0.0.1\n::1',
  };
  const loaded = load(files, 'crs/a.conf');
  expect(loaded.problems).toEqual([]);
  expect(loaded.ruleSet.items).toMatchObject([
    { links: [{ operator: { argument: 'a.data sub/b.data', lines: ['one two', 'three#4', '\xa0\xff', 'five'] } }] },
    { links: [{ operator: { name: 'ipmatchf', negated: true, lines: ['127.0.0.1', '::1'] } }] },
  ]);
});

test('a folder in the place of a file is a problem', () => {
  expect(load({ 'a/b.conf': '' }, 'a').problems).toMatchObject([{ file: 'a', code: 'unreadable-file' }]);
});

test('an id taken in another file is named with its place', () => {
  const { problems } = load({ 'a.conf': '\nSecAction id:1', 'b.conf': 'SecAction id:1' }, 'a.conf', 'b.conf');
  expect(problems).toMatchObject([{ file: 'b.conf', line: 1, code: 'duplicate-id' }]);
  expect(problems[0]?.message).toContain('a.conf, line 2');
});

test('a marker may stand in a later file', () => {
  const files = { 'a.conf': 'SecAction id:1,skipAfter:END', 'b.conf': 'SecMarker END' };
  expect(load(files, 'a.conf', 'b.conf').problems).toEqual([]);
});

test('braces in a pattern of names are not expanded', () => {
  const { problems } = load({ 'a.conf': '', 'b.conf': '' }, '{a,b}*.conf');
  expect(problems).toMatchObject([{ file: '{a,b}*.conf', code: 'unreadable-file' }]);
});

test('a list has a bound on its targets, and a set on its updates', () => {
  const targets = 'ARGS|'.repeat(1500);
  expect(load({ 'a.conf': `SecRule ${targets}ARGS x id:1` }, 'a.conf').problems).toMatchObject([{ code: 'too-much' }]);
  expect(load({ 'a.conf': `SecRuleRemoveById ${'1 '.repeat(10_001)}` }, 'a.conf').problems).toMatchObject([
    { code: 'too-much' },
  ]);
});

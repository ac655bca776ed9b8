// What is read from /proc: a wrong field would make every CPU figure wrong, and none of them look so.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseCpuList } from '../../bench/rig/cores.ts';
import { cpuSeconds, parseMachineTimes, parseStat, rssBytes, treeOf } from '../../bench/rig/proc.ts';

const lines = readFileSync(new URL('fixtures/proc-stats.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n');

test('times are the 14th to the 17th field', () => {
  expect(parseStat(lines[2] as string)).toEqual({ pid: 367, parent: 364, ownTicks: 60, endedChildrenTicks: 5 });
});

test('a name with brackets and spaces moves no field', () => {
  expect(parseStat(lines[3] as string)).toEqual({ pid: 401, parent: 367, ownTicks: 120, endedChildrenTicks: 34 });
});

test('a tree is its root with all below it, and nothing beside', () => {
  const tree = treeOf(364, lines.map(parseStat));
  expect(tree.map(({ pid }) => pid)).toEqual([364, 367, 401]);
  expect(treeOf(9999, lines.map(parseStat))).toEqual([]);
});

test('the machine is busy with everything but idling and waiting', () => {
  const text = 'cpu  200653 158 48366 727552 1141 0 3544 254 0 0\ncpu0 100114 71 22974 365478 170 0 1924 120 0 0\n';
  expect(parseMachineTimes(text)).toEqual({ busy: (200653 + 158 + 48366 + 3544) / 100, stolen: 2.54 });
});

test('time and memory of this very process are found', () => {
  const { user, system } = process.cpuUsage();
  expect(cpuSeconds(process.pid)).toBeGreaterThan((user + system) / 1e6 - 0.1);
  expect(rssBytes(process.pid)).toBeGreaterThan(2 ** 20);
});

test.for([
  ['0-1', [0, 1]],
  ['3', [3]],
  ['0-2,8,10-11', [0, 1, 2, 8, 10, 11]],
  ['', []],
] as const)('the processors %j are %j', ([text, cores]) => {
  expect(parseCpuList(text)).toEqual(cores);
});

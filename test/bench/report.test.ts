// The sums of the tables: medians over rounds, and ratios that are taken within a round and nowhere else.
import { expect, test } from 'vitest';
import type { Measurement } from '../../bench/load/live.ts';
import { readOptions } from '../../bench/load/options.ts';
import { summarize } from '../../bench/load/report.ts';
import { median, percentile, withinRounds } from '../../bench/rig/statistics.ts';
import type { Column } from '../../bench/rig/table.ts';
import { figure, table } from '../../bench/rig/table.ts';

function measured(cpuSeconds: number, faults: readonly string[] = []): Measurement {
  return { requests: 10_000, seconds: 2, p50Ms: 1, p99Ms: 9, cpuSeconds, peakRssBytes: cpuSeconds * 1000, faults };
}

test.for([
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
  [[7], 7],
] as const)('the median of %j is %d', ([values, expected]) => {
  expect(median(values)).toBe(expected);
});

test('there is no median of nothing', () => {
  expect(median([])).toBeNaN();
});

test.for([
  [50, 50],
  [99, 99],
  [100, 100],
  [0, 1],
] as const)('percentile %d of 1 to 100 is %d', ([percent, expected]) => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(percentile(values, percent)).toBe(expected);
});

test('ratios are taken within rounds; a round that lacks one side has none', () => {
  expect(withinRounds([2, 6, 9, undefined], [1, 2, undefined, 4])).toEqual([2, 3]);
});

test('a slow round changes the figures and not the ratio', () => {
  // The second round ran on a machine three times as slow.
  const rounds = [
    { nginx: measured(1), gatehouse: measured(2) },
    { nginx: measured(3), gatehouse: measured(6.3) },
    { nginx: measured(1.1), gatehouse: measured(2.2) },
  ];
  const summary = summarize(rounds, 'gatehouse', 'nginx');
  expect(summary.ratios.map((ratio) => ratio.toFixed(2))).toEqual(['2.00', '2.10', '2.00']);
  expect(median(summary.ratios)).toBeCloseTo(2);
  expect(summary).toMatchObject({ cpuPer10k: 2.2, requestsPerSecond: 5000, coreUse: 1.1, peakRssBytes: 6300 });
  expect(summary.faultyRounds).toBe(0);
});

test('a measurement with a fault is counted and gives no figure, neither of its own nor as a base', () => {
  const rounds = [
    { nginx: measured(1), gatehouse: measured(0.1, ['9999 answers with 502']) },
    { nginx: measured(1), gatehouse: measured(4) },
    { nginx: measured(0.1, ['1 requests lost']), gatehouse: measured(4) },
  ];
  expect(summarize(rounds, 'gatehouse', 'nginx')).toMatchObject({ cpuPer10k: 4, ratios: [4], faultyRounds: 1 });
});

test('a system that failed throughout has no figures', () => {
  const summary = summarize([{ nginx: measured(1, ['hung']) }], 'nginx', 'nginx');
  expect(summary).toMatchObject({ cpuPer10k: NaN, ratios: [], faultyRounds: 1 });
  expect([summary.p99Ms, summary.cpuPer10k].map(figure)).toEqual(['-', '-']);
});

test.for([
  [69_876.4, '69876'],
  [12.345, '12.3'],
  [2.2249, '2.22'],
  [0.1364, '0.136'],
  [0, '0'],
] as const)('%d is written %s', ([value, text]) => {
  expect(figure(value)).toBe(text);
});

test('a table is Markdown with aligned columns', () => {
  const columns: Column<{ name: string; ms: number }>[] = [
    { title: 'system', value: ({ name }) => name },
    { title: 'ms', value: ({ ms }) => figure(ms) },
  ];
  expect(table(columns, [{ name: 'nginx', ms: 1 }])).toBe('| system |   ms |\n| ------ | ---: |\n| nginx  | 1.00 |\n');
});

test.for([
  [['--only', 'nope'], /there is no "nope"/],
  [['--rounds', '0'], /--rounds/],
  [['--seconds', 'x'], /--seconds/],
  [['--name', '../x'], /--name/],
  [['--nonsense'], /nonsense/],
] as const)('%j is refused', ([args, words]) => {
  expect(() => readOptions(args)).toThrow(words);
});

test('what is chosen keeps the order of the tables', () => {
  const { systems, rounds } = readOptions(['--systems', 'gatehouse,nginx', '--rounds', '5']);
  expect(systems.map(({ name }) => name)).toEqual(['nginx', 'gatehouse']);
  expect(rounds).toBe(5);
});

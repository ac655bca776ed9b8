// What h2load says, on recorded outputs of h2load 1.52. A failure that is not seen here would pass for speed.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { H2loadPlan } from '../../bench/load/h2load.ts';
import { parseH2load, parseH2loadLog, readSample } from '../../bench/load/h2load.ts';

const plan: H2loadPlan = { protocol: 'h2', path: '/1k', connections: 2, streams: 4, bodyBytes: 1024 };
const noLog = { latenciesMs: [], statuses: new Map<number, number>() };

function recorded(name: string): string {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');
}

test('a summary without failure', () => {
  expect(parseH2load(recorded('h2load-good.txt'))).toEqual({
    seconds: 0.22354,
    succeeded: 2000,
    failed: 0,
    errored: 0,
    timeout: 0,
    dataBytes: 2_048_000,
    protocol: 'h2',
  });
});

test.for([
  ['h2load-10m.txt', 1.05],
  ['h2load-502.txt', 0.08028],
  ['h2load-refused.txt', 0.000438],
] as const)('%s took %d s', ([name, seconds]) => {
  expect(parseH2load(recorded(name)).seconds).toBeCloseTo(seconds, 9);
});

test('a log gives latencies and counts each status', () => {
  const { latenciesMs, statuses } = parseH2loadLog(recorded('h2load-log.tsv'));
  expect(latenciesMs.slice(0, 2)).toEqual([3.41, 3.471]);
  expect([...statuses]).toEqual([
    [200, 6],
    [502, 2],
    [-1, 1],
  ]);
});

test('a measurement without failure has no fault', () => {
  const sample = readSample(parseH2load(recorded('h2load-good.txt')), noLog, plan);
  expect(sample).toMatchObject({ requests: 2000, seconds: 0.22354, faults: [] });
});

test.for([
  ['h2load-502.txt', [[502, 500]], ['500 answers with 502', 'no request was answered']],
  ['h2load-killed.txt', [[200, 3314]], ['16686 requests lost']],
  [
    'h2load-lost.txt',
    [
      [200, 1000],
      [-1, 1],
    ],
    ['100 requests lost'],
  ],
  ['h2load-refused.txt', [], ['200 requests lost', 'no request was answered']],
  ['h2load-h1.txt', [[200, 200]], ['it spoke http/1.1, not h2']],
] as const)('%s is at fault', ([name, statuses, faults]) => {
  const log = { latenciesMs: [], statuses: new Map<number, number>(statuses) };
  expect(readSample(parseH2load(recorded(name)), log, plan).faults).toEqual(faults);
});

test('answers that are shorter than the file are at fault', () => {
  const { faults } = readSample(parseH2load(recorded('h2load-good.txt')), noLog, { ...plan, bodyBytes: 1025 });
  expect(faults).toEqual(['2000 answers had only 2048000 bytes in all']);
});

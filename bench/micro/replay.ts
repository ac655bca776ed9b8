// How many recorded requests `rules replay` tries in a second of work of one core, reading them from disk included: pages, forms and
// JSON with new values, and one attack in twenty. Options: --crs DIR (default: Debian's), --paranoia N, --save.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { parseConfig } from '../../src/config/load.ts';
import { Guards } from '../../src/gateway/guards.ts';
import { compareAll } from '../../src/tuning/replay/compare.ts';
import { Judge } from '../../src/tuning/replay/judge.ts';
import { readRequests } from '../../src/tuning/replay/read.ts';
import { saveResult } from '../rig/save.ts';
import { median } from '../rig/statistics.ts';
import { cases, writeRequests } from '../waf/cases.ts';
import type { BenchRequest } from '../waf/request.ts';
import { DEBIAN_RULES } from '../waf/rule-files.ts';

const ROUNDS = 5;
/** Of each kind, for one attack. */
const MIX: Readonly<Record<string, number>> = { get: 13, form: 4, json4k: 2, attack: 1 };
const SETS = 200;

const { values } = parseArgs({
  options: {
    crs: { type: 'string', default: DEBIAN_RULES },
    paranoia: { type: 'string', default: '1' },
    save: { type: 'boolean', default: false },
  },
});

const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-replay-'));
try {
  const traffic = path.join(folder, 'traffic.jsonl');
  const bytes = writeTraffic(traffic);
  const yaml = `sites: { bench.test: { to: "http://127.0.0.1:1", waf: { rules: [{ crs: ${JSON.stringify(path.resolve(values.crs))} }], paranoia: ${values.paranoia} } } }`;
  const { config, problems } = parseConfig(yaml, { file: '<bench>', env: {} });
  if (config === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  const guards = new Guards(config);
  const judge = new Judge(config, guards, 'bench.test');
  const startedAt = new Date().toISOString();
  const runs = Array.from({ length: ROUNDS }, () => run(traffic, judge));
  const { requests, stopped } = runs[0] as Run;
  const text = `# Replay of recorded requests, ${startedAt.slice(0, 16).replace('T', ' ')} UTC

- Node ${process.version}, one core, paranoia ${values.paranoia}, ${ROUNDS} rounds of ${requests} requests (${Math.round(bytes / requests)} bytes each), ${stopped} of them stopped
- first round (caches cold): **${Math.round(runs[0]?.perSecond ?? 0)} requests for each second of work**
- median: **${Math.round(median(runs.map(({ perSecond }) => perSecond)))} requests for each second of work**
`;
  process.stdout.write(text);
  if (values.save) process.stderr.write(`written: ${saveResult('replay', startedAt, text)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

interface Run {
  readonly requests: number;
  readonly stopped: number;
  readonly perSecond: number;
}

function run(traffic: string, judge: Judge): Run {
  const before = process.cpuUsage();
  const { requests, stopped } = compareAll(
    readRequests(traffic, { files: 0, skipped: 0 }),
    judge,
    undefined,
    Date.now(),
  );
  // Working time, all threads of the process: what others do on this machine meanwhile is not counted.
  const { user, system } = process.cpuUsage(before);
  return { requests, stopped, perSecond: requests / ((user + system) / 1e6) };
}

/** The file as the gateway would have recorded it; its length. */
function writeTraffic(file: string): number {
  const pools = Object.entries(MIX).map(([name, count]) => {
    const entry = cases.find((each) => each.name === name);
    if (entry === undefined) throw new Error(`there is no case ${name}`);
    return { requests: writeRequests(entry, true), count };
  });
  const lines: string[] = [];
  for (let set = 0; set < SETS; set++) {
    for (const { requests, count } of pools) {
      for (let i = 0; i < count; i++) lines.push(lineOf(requests[(set * count + i) % requests.length] as BenchRequest));
    }
  }
  const text = lines.join('');
  writeFileSync(file, text);
  return Buffer.byteLength(text);
}

function lineOf({ method, target, headers, body }: BenchRequest): string {
  const facts = {
    v: 1,
    site: 'bench.test',
    client: '198.51.100.7',
    method,
    target,
    protocol: 'HTTP/1.1',
    verdict: 'pass',
  };
  return `${JSON.stringify({ ...facts, headers: headers.flat(), body: body.toString('latin1') })}\n`;
}

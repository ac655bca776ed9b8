// How two workers come to their connections: the same socket in both (as the supervisor has it), a socket each with
// `reusePort`, or handed over by node:cluster's round robin. What a connection costs, how they are shared out, and how many
// clients fail when one worker stands still and is then killed. Options: --rounds, --connections, --save.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { pinCores } from '../rig/cores.ts';
import { describeMachine, machineLines, watchNeighbours } from '../rig/machine.ts';
import { cpuSeconds } from '../rig/proc.ts';
import { saveResult } from '../rig/save.ts';
import { median } from '../rig/statistics.ts';
import { table } from '../rig/table.ts';
import { freePort, HOST, Workspace } from '../rig/workspace.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '1000' },
    save: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const connections = Number(values.connections);
const AT_ONCE = 16;
/** Clients that come while one worker stands still. */
const CAUGHT = 40;
const PATIENCE_MS = 3000;
const PRIMARY = new URL('accepting/primary.ts', import.meta.url).pathname;
const WAYS = ['one socket', 'reusePort', 'round robin'] as const;
type Way = (typeof WAYS)[number];

interface Found {
  readonly cpuMs: number;
  /** The part of the connections that the busier worker had. */
  readonly busier: number;
  /** Of CAUGHT clients. */
  readonly failed: number;
}

const startedAt = new Date().toISOString();
const machine = describeMachine(pinCores());
using workspace = new Workspace();
const neighbours = watchNeighbours();
const found: Record<Way, Found[]> = { 'one socket': [], reusePort: [], 'round robin': [] };
for (let round = 0; round < rounds; round++) {
  for (const way of WAYS) found[way].push(await measure(way));
}

const rows = WAYS.map((way) => {
  const of = (read: (each: Found) => number): number => median(found[way].map(read));
  const ratios = found[way].map(({ cpuMs }, i) => cpuMs / (found['one socket'][i]?.cpuMs ?? Number.NaN));
  return [
    way,
    of(({ cpuMs }) => cpuMs).toFixed(3),
    median(ratios).toFixed(2),
    `${Math.round(100 * of(({ busier }) => busier))} %`,
    `${of(({ failed }) => failed)} of ${CAUGHT}`,
  ];
});
const titles = [
  'way',
  'CPU ms a connection',
  'of one socket',
  'the busier worker had',
  'failed when one stood still and was killed',
];
const text = `# Ways to accept connections in two workers, ${startedAt.slice(0, 16).replace('T', ' ')} UTC

${[
  ...machineLines(machine, neighbours()),
  `${rounds} interleaved rounds of ${connections} TLS connections of one request each, ${AT_ONCE} at once`,
]
  .map((line) => `- ${line}\n`)
  .join('')}
${table(
  titles.map((title, at) => ({ title, value: (row: string[]) => row[at] ?? '' })),
  rows,
)}`;
process.stdout.write(text);
if (values.save) process.stderr.write(`written: ${saveResult('accepting', startedAt, text)}\n`);

async function measure(way: Way): Promise<Found> {
  const port = await freePort();
  const primary = fork(PRIMARY, [way, String(port), workspace.cert, workspace.key]);
  const [pids] = (await once(primary, 'message')) as [number[]];
  const root = primary.pid ?? 0;
  const served = new Map<string, number>();
  const before = cpuSeconds(root);
  let begun = 0;
  const client = async (): Promise<void> => {
    while (begun++ < connections) {
      const pid = await get(port);
      served.set(pid, (served.get(pid) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  const cpuMs = ((cpuSeconds(root) - before) / connections) * 1000;
  const busier = Math.max(...served.values()) / connections;
  const [victim = 0] = pids;
  process.kill(victim, 'SIGSTOP');
  const caught = Array.from({ length: CAUGHT }, () =>
    get(port).then(
      () => 0,
      () => 1,
    ),
  );
  await sleep(300);
  process.kill(victim, 'SIGKILL');
  const failed = (await Promise.all(caught)).reduce<number>((sum, each) => sum + each, 0);
  primary.kill('SIGKILL');
  return { cpuMs, busier, failed };
}

/** Resolves to who has answered. */
function get(port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = { host: '127.0.0.1', port, servername: HOST, agent: false, rejectUnauthorized: false };
  const call = https.get({ ...options, timeout: PATIENCE_MS }, (answer) => {
    answer.resume().on('end', () => resolve(String(answer.headers['x-pid'])));
  });
  call.on('timeout', () => call.destroy(new Error('no answer')));
  call.on('error', reject);
  return promise;
}

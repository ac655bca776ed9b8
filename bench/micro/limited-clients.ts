// What it costs to turn clients away: the processor time of a gateway for an answer that a limit or a ban gives, beside a
// request that is let through to a backend. Options: --rounds, --requests, --save.
import { parseArgs } from 'node:util';
import { startBackend } from '../rig/backend.ts';
import { pinCores } from '../rig/cores.ts';
import { describeMachine, machineLines, watchNeighbours } from '../rig/machine.ts';
import { MeasuredServer } from '../rig/measured-server.ts';
import { saveResult } from '../rig/save.ts';
import { median } from '../rig/statistics.ts';
import { table } from '../rig/table.ts';
import { HOST, Workspace } from '../rig/workspace.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '20000' },
    save: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const requests = Number(values.requests);

/** The answers, and the path that brings each. */
const KINDS = {
  'no limit at all': { path: '/free/1k', status: '2xx' },
  'counted and let through': { path: '/1k', status: '2xx' },
  'refused by a limit': { path: '/spent/1k', status: '4xx' },
  'banned, or not on the list': { path: '/closed/1k', status: '4xx' },
} as const;
type Kind = keyof typeof KINDS;

const startedAt = new Date().toISOString();
const cores = pinCores();
const machine = describeMachine(cores);
using workspace = new Workspace();
await using backend = await startBackend(workspace, cores.load);
await using gateway = await MeasuredServer.gateway(workspace, cores.underTest, sites());
const neighbours = watchNeighbours();

const found = new Map<string, number[]>();
for (const over of ['h2', 'http/1.1'] as const) {
  for (let round = 0; round <= rounds; round++) {
    for (const kind of Object.keys(KINDS) as Kind[]) {
      const seconds = await gateway.cost(over, { ...KINDS[kind], requests, streams: 8 });
      // The first round warms up.
      if (round > 0) found.set(`${over} ${kind}`, [...(found.get(`${over} ${kind}`) ?? []), seconds]);
    }
  }
}

const rows = [...found].map(([name, seconds]) => {
  const [over = ''] = name.split(' ');
  const base = found.get(`${over} counted and let through`) ?? [];
  const ratios = seconds.map((each, i) => each / (base[i] ?? Number.NaN));
  return [name, ((median(seconds) / requests) * 1e4).toFixed(3), median(ratios).toFixed(2)];
});
const columns = ['answer', 'CPU s/10k', 'of one let through'].map((title, at) => ({
  title,
  value: (row: string[]) => row[at] ?? '',
}));
const text = `# Clients that are turned away, ${startedAt.slice(0, 16).replace('T', ' ')} UTC

${[
  ...machineLines(machine, neighbours()),
  `${rounds} interleaved rounds of ${requests} requests each; no rules, no access records; backend ${backend.version}`,
]
  .map((line) => `- ${line}\n`)
  .join('')}
${table(columns, rows)}`;
process.stdout.write(text);
if (values.save) process.stderr.write(`written: ${saveResult('limited-clients', startedAt, text)}\n`);

function sites(): string {
  const to = `http://127.0.0.1:${backend.port}`;
  return `sites:
  ${HOST}:
    to: ${to}
    waf: false
    limits: [{ name: all, rate: 100000000/h }]
    routes:
      - { match: { path: /free/** }, stripPrefix: /free, limits: off }
      - { match: { path: /spent/** }, stripPrefix: /spent, limits: [{ name: spent, rate: 1/d }] }
      - { match: { path: /closed/** }, stripPrefix: /closed, access: { deny: [127.0.0.0/8] } }
`;
}

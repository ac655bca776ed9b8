// What a hit costs: the processor time of a gateway for an answer out of its cache, beside one that comes from a backend, and
// beside what Node alone costs for the same bytes.
// Options: --rounds, --requests, --save.
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

/** The answers, the path that brings each, and what it is compared with. `bare`: from Node's own server, with nothing around it. */
const KINDS = {
  '1 KiB from the backend': { path: '/plain/1k', status: '2xx', base: '1 KiB from the backend' },
  '1 KiB past the cache': { path: '/passed/1k', status: '2xx', base: '1 KiB from the backend' },
  '1 KiB, a hit': { path: '/cached/1k', status: '2xx', base: '1 KiB from the backend' },
  '1 KiB, a hit by 304': {
    path: '/cached/1k',
    status: '3xx',
    base: '1 KiB from the backend',
    header: 'if-none-match: *',
  },
  '1 KiB, Node alone': { path: '/1k', status: '2xx', base: '1 KiB from the backend', bare: true },
  'refused by an allow list': { path: '/closed/1k', status: '4xx', base: '1 KiB from the backend' },
  '16 KiB from the backend': { path: '/plain/16k', status: '2xx', base: '16 KiB from the backend' },
  '16 KiB, a hit': { path: '/cached/16k', status: '2xx', base: '16 KiB from the backend' },
  '16 KiB, Node alone': { path: '/16k', status: '2xx', base: '16 KiB from the backend', bare: true },
  '100 KiB from the backend': { path: '/plain/100k', status: '2xx', base: '100 KiB from the backend' },
  '100 KiB, a hit': { path: '/cached/100k', status: '2xx', base: '100 KiB from the backend' },
  '100 KiB, Node alone': { path: '/100k', status: '2xx', base: '100 KiB from the backend', bare: true },
} as const;
type Kind = keyof typeof KINDS;

const startedAt = new Date().toISOString();
const cores = pinCores();
const machine = describeMachine(cores);
using workspace = new Workspace();
await using backend = await startBackend(workspace, cores.load);
await using gateway = await MeasuredServer.gateway(workspace, cores.underTest, sites());
await using bare = await MeasuredServer.bare(workspace, cores.underTest);
const neighbours = watchNeighbours();

const found = new Map<string, number[]>();
for (const over of ['h2', 'http/1.1'] as const) {
  for (let round = 0; round <= rounds; round++) {
    for (const kind of Object.keys(KINDS) as Kind[]) {
      const server = 'bare' in KINDS[kind] ? bare : gateway;
      const seconds = await server.cost(over, {
        ...KINDS[kind],
        requests: requestsOf(kind),
        streams: over === 'h2' ? 8 : 1,
      });
      // The first round warms up.
      if (round > 0) found.set(`${over} ${kind}`, [...(found.get(`${over} ${kind}`) ?? []), seconds]);
    }
  }
}

const rows = [...found].map(([name, seconds]) => {
  const over = name.slice(0, name.indexOf(' '));
  const base = found.get(`${over} ${KINDS[name.slice(over.length + 1) as Kind].base}`) ?? [];
  const ratios = seconds.map((each, i) => each / (base[i] ?? Number.NaN));
  return [
    name,
    ((median(seconds) / requestsOf(name.slice(over.length + 1) as Kind)) * 1e4).toFixed(3),
    median(ratios).toFixed(2),
  ];
});
const columns = ['answer', 'CPU s/10k', 'of the same from the backend'].map((title, at) => ({
  title,
  value: (row: string[]) => row[at] ?? '',
}));
const text = `# Hits of the cache, ${startedAt.slice(0, 16).replace('T', ' ')} UTC

${[
  ...machineLines(machine, neighbours()),
  `${rounds} interleaved rounds of ${requests} requests each; no rules, no access records; 8 connections of 8 streams (HTTP/2) or requests one by one (HTTP/1.1) over TLS; backend ${backend.version}`,
]
  .map((line) => `- ${line}\n`)
  .join('')}
${table(columns, rows)}`;
process.stdout.write(text);
if (values.save) process.stderr.write(`written: ${saveResult('cache-hits', startedAt, text)}\n`);

/** A tenth of them where each is long. */
function requestsOf(kind: Kind): number {
  return kind.startsWith('100') ? requests / 10 : requests;
}

function sites(): string {
  const to = `http://127.0.0.1:${backend.port}`;
  return `sites:
  ${HOST}:
    to: ${to}
    waf: false
    headers: { response: { set: { cache-control: max-age=3600 } } }
    routes:
      - { match: { path: /plain/** }, stripPrefix: /plain }
      - match: { path: /passed/** }
        stripPrefix: /passed
        cache: true
        headers: { response: { set: { cache-control: no-store } } }
      - { match: { path: /closed/** }, access: { deny: [127.0.0.0/8] } }
      - { match: { path: /cached/** }, stripPrefix: /cached, cache: true }
`;
}

// Which HTTP/1.1 client costs a gateway the least: undici by each interface, node:http, and ours, against one backend
// over kept connections, in interleaved rounds. Options: --rounds N (3), --seconds S (1), --save.
import { parseArgs } from 'node:util';
import { startBackend } from '../rig/backend.ts';
import { pinCores } from '../rig/cores.ts';
import { describeMachine, machineLines, watchNeighbours } from '../rig/machine.ts';
import { run } from '../rig/run.ts';
import { saveResult } from '../rig/save.ts';
import { median, withinRounds } from '../rig/statistics.ts';
import { figure, table } from '../rig/table.ts';
import { Workspace } from '../rig/workspace.ts';
import { BASELINE, clients } from './upstream-clients/clients.ts';
import type { Found, Orders } from './upstream-clients/worker.ts';

const WARM_UP_MS = 700;
const PATIENCE_MS = 10_000;
const WORKER = new URL('upstream-clients/worker.ts', import.meta.url).pathname;
const JOBS = { 'get-1k': 'GET 1 KiB', 'post-4k': 'POST 4 KiB' };

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '1' },
    save: { type: 'boolean', default: false },
  },
});
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => stopping.abort(new Error(`stopped by ${signal}`)));
}
const startedAt = new Date().toISOString();
const text = await compare(Number(values.rounds), Number(values.seconds));
process.stdout.write(text);
if (values.save) process.stderr.write(`written: ${saveResult('upstream-clients', startedAt, text)}\n`);

async function compare(rounds: number, seconds: number): Promise<string> {
  const cores = pinCores();
  const machine = describeMachine(cores);
  using workspace = new Workspace();
  await using backend = await startBackend(workspace, cores.load);
  const neighbours = watchNeighbours();
  const measure = async (client: string, job: string): Promise<Found> => {
    const orders: Orders = {
      client,
      job,
      port: backend.port,
      postBody: workspace.postBody,
      warmUpMs: WARM_UP_MS,
      measureMs: seconds * 1000,
    };
    const command = { file: process.execPath, args: [WORKER, JSON.stringify(orders)] };
    const patienceMs = WARM_UP_MS + seconds * 1000 + PATIENCE_MS;
    const { code, stdout, stderr } = await run(command, patienceMs, stopping.signal, cores.underTest);
    if (code !== 0) throw new Error(`${client}, ${job}: ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as Found;
  };
  const tables: string[] = [];
  for (const [job, title] of Object.entries(JOBS)) {
    const found: Record<string, Found>[] = [];
    for (let round = 1; round <= rounds; round++) {
      const figures: Record<string, Found> = {};
      for (const client of Object.keys(clients)) figures[client] = await measure(client, job);
      found.push(figures);
      process.stderr.write(`${title}: round ${round} done\n`);
    }
    tables.push(`## ${title}\n\n${render(found)}`);
  }
  const lines = [
    ...machineLines(machine, neighbours()),
    `${rounds} interleaved rounds of ${seconds} s, each client in a fresh process; backend ${backend.version}`,
  ];
  const day = startedAt.slice(0, 16).replace('T', ' ');
  return `# HTTP/1.1 clients, ${day} UTC\n\n${lines.map((line) => `- ${line}\n`).join('')}\n${tables.join('\n')}`;
}

function render(found: readonly Record<string, Found>[]): string {
  const costs = (client: string): number[] => found.map((round) => cpuMicros(round[client] as Found));
  const rows = Object.keys(clients).map((client) => ({
    client,
    micros: median(costs(client)),
    perSecond: median(found.map((round) => (round[client] as Found).requests / (round[client] as Found).seconds)),
    ratios: withinRounds(costs(client), costs(BASELINE)),
  }));
  return table(
    [
      { title: 'client', value: ({ client }) => client },
      { title: 'CPU us/request', value: ({ micros }) => figure(micros) },
      { title: `x ${BASELINE}`, value: ({ ratios }) => figure(median(ratios)) },
      { title: 'in rounds', value: ({ ratios }) => ratios.map(figure).join(' ') },
      { title: 'requests/s', value: ({ perSecond }) => figure(perSecond) },
    ],
    rows,
  );
}

function cpuMicros({ cpuSeconds, requests }: Found): number {
  return (cpuSeconds / requests) * 1e6;
}

// What limits keep in memory while ever new clients come: it must end at the bound, however many there are.
// Options: --keys (ten million), --bound (requestLimits.counters, 200,000), --save.
import { parseArgs } from 'node:util';
import { MemoryCounters } from '../../src/limits/memory.ts';
import { saveResult } from '../rig/save.ts';
import { table } from '../rig/table.ts';

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '10000000' },
    bound: { type: 'string', default: '200000' },
    save: { type: 'boolean', default: false },
  },
});
const keys = Number(values.keys);
const bound = Number(values.bound);

const startedAt = new Date().toISOString();
const counters = new MemoryCounters(bound);
const counter = counters.counter({ id: 'site/limit/5/3600000', points: 5, windowMs: 3_600_000, isApproximate: false });
const before = settled();
const rows: string[][] = [];
const begunAt = process.cpuUsage();
let reported = 0;
for (let i = 0; i < keys; i++) {
  await counter.add(`2001:db8:${(i >>> 16).toString(16)}:${(i & 65_535).toString(16)}`, 1);
  // Timers and the garbage of others get their turn, as in a server.
  if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
  if (i + 1 === bound || (i + 1) % (keys / 5) === 0) report(i + 1);
}

function report(seen: number): void {
  if (seen === reported) return;
  reported = seen;
  const { user, system } = process.cpuUsage(begunAt);
  const held = settled() - before;
  rows.push([
    seen.toLocaleString('en'),
    counters.size.toLocaleString('en'),
    (held / 2 ** 20).toFixed(0),
    (held / counters.size).toFixed(0),
    (process.memoryUsage.rss() / 2 ** 20).toFixed(0),
    ((user + system) / seen).toFixed(2),
  ]);
}

const columns = ['keys seen', 'keys kept', 'heap MiB', 'bytes a key', 'RSS MiB', 'CPU us a key'].map((title, at) => ({
  title,
  value: (row: string[]) => row[at] ?? '',
}));
const text = `# Memory of limits, ${startedAt.slice(0, 16).replace('T', ' ')} UTC

- Node ${process.version}; every key once, a window of an hour, at most ${bound.toLocaleString('en')} keys

${table(columns, rows)}`;
process.stdout.write(text);
if (values.save) process.stderr.write(`written: ${saveResult('limit-memory', startedAt, text)}\n`);

/** What is left after the garbage has gone. */
function settled(): number {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  gc?.();
  return process.memoryUsage().heapUsed;
}

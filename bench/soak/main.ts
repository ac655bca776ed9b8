// `npm run soak -- MINUTES [--workers N]`: all kinds of traffic at once, while the configuration is reloaded, workers are
// killed, a backend comes and goes, and the certificate is renewed. Ends with 1 when a request failed that should not have.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Workspace } from '../rig/workspace.ts';
import { startBackends } from './backends.ts';
import { dial } from './clients.ts';
import { Faults } from './faults.ts';
import { runLasting } from './lasting.ts';
import { Ledger } from './ledger.ts';
import { rssOf } from './owners.ts';
import { type MemorySample, render } from './report.ts';
import { Subject } from './subject.ts';
import { runTraffic } from './traffic.ts';

const USAGE = 'npm run soak -- MINUTES [--workers N]   (1 minute, 2 workers; 0: one process)';
const SAMPLE_MS = 5_000;
const MAX_TOLD = 20;

const options = readOptions();
if (options === undefined) {
  process.stderr.write(`${USAGE}\n`);
  process.exitCode = 2;
} else process.exitCode = await soak(options.minutes, options.workers);
process.exit();

function readOptions(): { readonly minutes: number; readonly workers: number } | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { workers: { type: 'string', default: '2' } },
    });
    const [minutes, workers] = [Number(positionals[0] ?? '1'), Number(values.workers)];
    return minutes > 0 && Number.isInteger(workers) && workers >= 0 ? { minutes, workers } : undefined;
  } catch {
    return undefined;
  }
}

async function soak(minutes: number, workers: number): Promise<number> {
  using workspace = new Workspace();
  await using backends = await startBackends();
  await using subject = await Subject.start(workspace, workers, backends);
  const startedMs = performance.now();
  const endMs = startedMs + minutes * 60_000;
  let isStopped = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (isStopped = true));
  const isOver = (): boolean => isStopped || subject.fate !== undefined || performance.now() > endMs;

  const faults = new Faults(subject, backends, workspace);
  let told = 0;
  const ledger = new Ledger(
    (failure) => faults.explain(failure),
    ({ kind, why, port }) => {
      if (++told <= MAX_TOLD)
        say(`${new Date().toISOString()} ${seconds(startedMs)} s  ${kind}: ${why} (client port ${port ?? 'none'})`);
    },
  );
  const memory: MemorySample[] = [];
  const fingerprints = new Set<string>();
  const watch = async (): Promise<void> => {
    while (!isOver()) {
      const sample = await sampleOf(subject, performance.now() - startedMs).catch(() => undefined);
      if (sample !== undefined) memory.push(sample);
      await lookAtCertificate(subject.port, fingerprints).catch(() => {});
      await sleep(SAMPLE_MS);
    }
  };
  say(`a soak of ${minutes} minutes, ${workers} workers`);
  await Promise.all([
    runTraffic(subject.port, ledger, isOver),
    runLasting(subject.port, ledger, isOver),
    faults.run(isOver),
    watch(),
  ]);
  if (subject.fate !== undefined) faults.faults.push(`the gateway ${subject.fate}`);
  process.stdout.write(render(ledger, faults, memory, fingerprints.size, subject.said));
  return ledger.unexplained === 0 && faults.faults.length === 0 ? 0 : 1;
}

async function sampleOf(subject: Subject, atMs: number): Promise<MemorySample> {
  const all = [{ pid: subject.pid, name: 'the first process' }, ...(await subject.workers())];
  const byProcess = all.flatMap(({ pid, name }): [string, number][] => {
    const mib = rssOf(pid);
    return mib === undefined ? [] : [[`${name} (${pid})`, mib]];
  });
  return { atMs, byProcess: new Map(byProcess) };
}

async function lookAtCertificate(port: number, seen: Set<string>): Promise<void> {
  const socket = dial(port, '127.0.0.1', 'http/1.1');
  try {
    await once(socket, 'secureConnect');
    seen.add(socket.getPeerCertificate().fingerprint256);
  } finally {
    socket.destroy();
  }
}

function seconds(sinceMs: number): string {
  return ((performance.now() - sinceMs) / 1000).toFixed(1);
}

function say(words: string): void {
  process.stderr.write(`${words}\n`);
}

// The machine that a result was made on, as far as it explains the figures, and who else was using it.
import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { Cores } from './cores.ts';
import { cpuSeconds, machineTimes } from './proc.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly node: string;
  readonly isVirtual: boolean;
  readonly pinning: string;
  /** Load average over a minute, at the start. */
  readonly loadAtStart: number;
}

export function describeMachine({ underTest, load }: Cores): Machine {
  return {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.cpus().length,
    memoryGib: Math.round(os.totalmem() / 2 ** 30),
    kernel: `${os.type()} ${os.release()}`,
    node: process.version,
    isVirtual: /\bhypervisor\b/.test(readFileSync('/proc/cpuinfo', 'latin1')),
    pinning: underTest === undefined ? 'none' : `system under test on core ${underTest}, everything else on ${load}`,
    loadAtStart: os.loadavg()[0] ?? 0,
  };
}

/** What of the machine's time went to others, between two moments. */
export interface Neighbours {
  /** Processors kept busy, on average, by processes that this benchmark did not start. */
  readonly coresBusy: number;
  /** And by other guests of the same host. */
  readonly coresStolen: number;
}

/** Starts to watch; what it returns tells what has been seen so far. */
export function watchNeighbours(): () => Neighbours {
  const startedAt = performance.now();
  const start = machineTimes();
  const ownAtStart = cpuSeconds(process.pid);
  return () => {
    const seconds = (performance.now() - startedAt) / 1000;
    const now = machineTimes();
    const busy = now.busy - start.busy - (cpuSeconds(process.pid) - ownAtStart);
    return { coresBusy: Math.max(0, busy) / seconds, coresStolen: (now.stolen - start.stolen) / seconds };
  };
}

/** Above this a result says that it was made in company. */
const SHARED_CORES = 0.05;

export function isShared({ coresBusy, coresStolen }: Neighbours): boolean {
  return coresBusy + coresStolen > SHARED_CORES;
}

/** As lines of a Markdown list. */
export function machineLines(machine: Machine, neighbours: Neighbours): string[] {
  const { cpu, cores, memoryGib, kernel, node, isVirtual, pinning, loadAtStart } = machine;
  const company =
    `others kept ${neighbours.coresBusy.toFixed(2)} cores busy during the run (load average ` +
    `${loadAtStart.toFixed(2)} at its start), other guests of the host ${neighbours.coresStolen.toFixed(2)}`;
  return [
    `${isVirtual ? 'Virtual machine' : 'Machine'}: ${cpu}, ${cores} cores, ${memoryGib} GiB, ${kernel}, Node ${node}`,
    `Pinning: ${pinning}`,
    isShared(neighbours) ? `A shared machine: ${company}` : `A quiet machine: ${company}`,
  ];
}

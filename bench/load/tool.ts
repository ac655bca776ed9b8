// Generators that are scripts of ours: a child process on the load's core, told its plan as JSON, answering in JSON.
import { run } from '../rig/run.ts';
import { percentile } from '../rig/statistics.ts';
import type { Driver } from './driver.ts';
import { hung, patienceMs } from './driver.ts';

/** What the script is told; `plan` is its own. */
export interface Orders<Plan> {
  readonly plan: Plan;
  readonly port: number;
  readonly seconds: number;
}

/** What it prints. */
export interface Findings {
  readonly seconds: number;
  readonly latenciesMs: readonly number[];
  /** What should not have happened, and how often. */
  readonly faults: Readonly<Record<string, number>>;
}

export function scriptDriver<Plan>(script: string, plan: Plan): Driver {
  const file = new URL(script, import.meta.url).pathname;
  return async ({ port }, effort, signal) => {
    const orders: Orders<Plan> = { plan, port, seconds: effort.seconds };
    const command = { file: process.execPath, args: [file, JSON.stringify(orders)] };
    const { code, stdout, stderr, hasHung } = await run(command, patienceMs(effort), signal);
    if (hasHung) return hung(effort);
    if (code !== 0) throw new Error(`${script} ended with ${code}: ${stderr}`);
    const found = JSON.parse(stdout) as Findings;
    const { latenciesMs } = found;
    const faults = Object.entries(found.faults).map(([what, count]) => `${count} ${what}`);
    if (latenciesMs.length === 0) faults.push('no request was answered');
    return {
      requests: latenciesMs.length,
      seconds: found.seconds,
      p50Ms: percentile(latenciesMs, 50),
      p99Ms: percentile(latenciesMs, 99),
      faults,
    };
  };
}

/** In the script: its orders. */
export function readOrders<Plan>(): Orders<Plan> {
  return JSON.parse(process.argv[2] ?? '') as Orders<Plan>;
}

/** In the script: counts what should not happen. */
export class FaultCount {
  readonly counts: Record<string, number> = {};

  add(what: string, times = 1): void {
    if (times > 0) this.counts[what] = (this.counts[what] ?? 0) + times;
  }
}

/** In the script: its last words. */
export function tell(findings: Findings): void {
  process.stdout.write(JSON.stringify(findings));
}

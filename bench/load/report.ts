// A run as tables. A measurement with a fault gives no figures: a server that fails is often fast.
import { machineLines } from '../rig/machine.ts';
import { median, withinRounds } from '../rig/statistics.ts';
import { figure, kibibytes, mebibytes, table } from '../rig/table.ts';
import type { BenchResult, Round, ScenarioResult, SystemResult } from './bench.ts';
import type { Measurement } from './live.ts';
import { BASELINE } from './systems.ts';

/** One line of a scenario's table. */
export interface Summary {
  readonly system: string;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuPer10k: number;
  /** CPU per request against the baseline's, within each round in which both were without fault. */
  readonly ratios: readonly number[];
  /** Share of its core that the system used. */
  readonly coreUse: number;
  readonly peakRssBytes: number;
  readonly faultyRounds: number;
}

/** Medians over the rounds without fault; the peak is the largest of all. */
export function summarize(rounds: readonly Round[], system: string, baseline: string): Summary {
  const clean = rounds.map((round) => cleanOf(round, system)).filter((found) => found !== undefined);
  const over = (value: (measurement: Measurement) => number): number => median(clean.map(value));
  return {
    system,
    requestsPerSecond: over(({ requests, seconds }) => requests / seconds),
    p50Ms: over(({ p50Ms }) => p50Ms),
    p99Ms: over(({ p99Ms }) => p99Ms),
    cpuPer10k: over(cpuPer10k),
    ratios: withinRounds(cpuOf(rounds, system), cpuOf(rounds, baseline)),
    coreUse: over((measurement) => measurement.cpuSeconds / measurement.seconds),
    peakRssBytes: Math.max(...clean.map(({ peakRssBytes }) => peakRssBytes)),
    faultyRounds: rounds.length - clean.length,
  };
}

export function render(result: BenchResult): string {
  const names = result.systems.filter(({ startsOnly }) => !startsOnly).map(({ name }) => name);
  const baseline = names.includes(BASELINE) ? BASELINE : (names[0] ?? BASELINE);
  const { startedAt, rounds, seconds, machine, neighbours, backend, generator } = result;
  return [
    `# Load, ${startedAt.slice(0, 16).replace('T', ' ')} UTC\n`,
    list([
      ...machineLines(machine, neighbours),
      `${rounds} interleaved rounds of ${seconds} s for each system and scenario; backend ${backend}; ${generator}`,
      'TLS 1.3, TLS_AES_128_GCM_SHA256, ECDSA P-256; one worker and one thread each; access logs off',
      ...result.skipped.map((name) => `SKIPPED: ${name} is not installed`),
    ]),
    faultLines(result.faults),
    '## Start-up to the first 200, memory when idle, and what clients that do nothing hold\n',
    startupTable(result.systems),
    ...result.scenarios.flatMap((scenario) => [
      `## ${scenario.name}: ${scenario.title}\n`,
      scenarioTable(scenario, names, baseline),
    ]),
  ].join('\n');
}

function startupTable(systems: readonly SystemResult[]): string {
  return table<SystemResult>(
    [
      { title: 'system', value: ({ name }) => name },
      { title: 'start-up ms', value: ({ startupMs }) => figure(median(startupMs)) },
      { title: 'idle RSS MiB', value: ({ idleRssBytes }) => mebibytes(median(idleRssBytes)) },
      {
        title: 'KiB per idle h2 connection',
        value: ({ held }) => kibibytes(median(held.map(({ perIdleConnection }) => perIdleConnection))),
      },
      {
        title: 'KiB per stalled stream',
        value: ({ held }) => kibibytes(median(held.map(({ perStalledStream }) => perStalledStream))),
      },
      { title: 'version', value: ({ version }) => version },
    ],
    systems,
  );
}

function scenarioTable({ rounds }: ScenarioResult, names: readonly string[], baseline: string): string {
  return table<Summary>(
    [
      { title: 'system', value: ({ system }) => system },
      { title: 'requests/s', value: ({ requestsPerSecond }) => figure(requestsPerSecond) },
      { title: 'p50 ms', value: ({ p50Ms }) => figure(p50Ms) },
      { title: 'p99 ms', value: ({ p99Ms }) => figure(p99Ms) },
      { title: 'CPU s/10k', value: (summary) => figure(summary.cpuPer10k) },
      { title: `x ${baseline}`, value: ({ ratios }) => figure(median(ratios)) },
      { title: 'in rounds', value: ({ ratios }) => ratios.map(figure).join(' ') || '-' },
      { title: 'core %', value: ({ coreUse }) => figure(100 * coreUse) },
      { title: 'peak RSS MiB', value: ({ peakRssBytes }) => mebibytes(peakRssBytes) },
      { title: 'faults', value: ({ faultyRounds }) => (faultyRounds === 0 ? '0' : `IN ${faultyRounds} ROUNDS`) },
    ],
    names.map((name) => summarize(rounds, name, baseline)),
  );
}

function faultLines(faults: readonly string[]): string {
  return faults.length === 0 ? '' : `## FAULTS\n\n${list(faults)}`;
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line.replaceAll('\n', '\n  ')}\n`).join('');
}

function cleanOf(round: Round, system: string): Measurement | undefined {
  const measurement = round[system];
  return measurement?.faults.length === 0 ? measurement : undefined;
}

function cpuOf(rounds: readonly Round[], system: string): (number | undefined)[] {
  return rounds.map((round) => {
    const measurement = cleanOf(round, system);
    return measurement === undefined ? undefined : cpuPer10k(measurement);
  });
}

function cpuPer10k({ cpuSeconds, requests }: Measurement): number {
  return (cpuSeconds / requests) * 10_000;
}

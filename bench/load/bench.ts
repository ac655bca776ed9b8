// One run from beginning to end: backend, systems, start-up, then every scenario in interleaved rounds.

import { startBackend } from '../rig/backend.ts';
import type { Machine, Neighbours } from '../rig/machine.ts';
import type { OpenRun, Progress } from '../rig/open-run.ts';
import { openRun } from '../rig/open-run.ts';
import { firstLine } from '../rig/run.ts';
import type { HeldMemory } from './held.ts';
import type { Measurement, Stage } from './live.ts';
import { LiveSystem } from './live.ts';
import type { Options } from './options.ts';
import type { Scenario } from './scenarios.ts';
import type { System } from './system.ts';

const MAX_WARM_UP_SECONDS = 5;

/** The figures of each round by the system's name. A system that is missing could not be started. */
export type Round = Readonly<Record<string, Measurement>>;

export interface ScenarioResult {
  readonly name: string;
  readonly title: string;
  readonly rounds: readonly Round[];
}

export interface SystemResult {
  readonly name: string;
  readonly version: string;
  /** It has no part in the scenarios. */
  readonly startsOnly: boolean;
  readonly startupMs: readonly number[];
  readonly idleRssBytes: readonly number[];
  readonly held: readonly HeldMemory[];
}

export interface BenchResult {
  readonly startedAt: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly machine: Machine;
  readonly neighbours: Neighbours;
  readonly backend: string;
  readonly generator: string;
  readonly systems: readonly SystemResult[];
  /** Names of what is not installed. */
  readonly skipped: readonly string[];
  readonly scenarios: readonly ScenarioResult[];
  /** All that went wrong, a line each. */
  readonly faults: readonly string[];
}

export async function runBench(options: Options, progress: Progress, signal: AbortSignal): Promise<BenchResult> {
  const generator = firstLine('h2load', ['--version']);
  if (generator === undefined) throw new Error('h2load is not installed (Debian: nghttp2-client)');
  using run = openRun(progress);
  const { startedAt, cores, machine, workspace, faults, neighbours } = run;
  await using backend = await startBackend(workspace, cores.load);
  const stage: Stage = { workspace, backendPort: backend.port, core: cores.underTest, allCores: cores.all, signal };

  const installed = options.systems.filter((system) => system.version() !== undefined);
  const skipped = options.systems.filter((system) => !installed.includes(system)).map(({ name }) => name);
  for (const name of skipped) progress(`SKIPPED: ${name} is not installed`);
  const results = await measureStartups(installed, stage, options.rounds, run);

  await using running = new AsyncDisposableStack();
  const live: LiveSystem[] = [];
  const started = installed.filter(({ name }) => results.some((result) => result.name === name && !result.startsOnly));
  for (const system of options.scenarios.length === 0 ? [] : started) {
    live.push(running.use(await LiveSystem.start(system, stage)));
  }
  const scenarios: ScenarioResult[] = [];
  for (const scenario of options.scenarios) scenarios.push(await runScenario(scenario, live, options, run));
  return {
    startedAt,
    rounds: options.rounds,
    seconds: options.seconds,
    machine,
    neighbours: neighbours(),
    backend: backend.version,
    generator,
    systems: results,
    skipped,
    scenarios,
    faults,
  };
}

/** Each system by itself, stopped again at once. One that does not start is a fault and has no result. */
async function measureStartups(
  systems: readonly System[],
  stage: Stage,
  rounds: number,
  { progress, fault }: OpenRun,
): Promise<SystemResult[]> {
  const figures = systems.map((system) => ({
    system,
    startupMs: [] as number[],
    idleRssBytes: [] as number[],
    held: [] as HeldMemory[],
  }));
  for (let round = 1; round <= rounds; round++) {
    for (const { system, startupMs, idleRssBytes, held } of figures) {
      progress(`start-up, round ${round}: ${system.name}`);
      try {
        await using live = await LiveSystem.start(system, stage);
        startupMs.push(live.startupMs);
        idleRssBytes.push(await live.idleRssBytes());
        held.push(await live.held());
      } catch (error) {
        stage.signal.throwIfAborted();
        fault(`start-up, round ${round}: ${(error as Error).message}`);
      }
    }
  }
  return figures
    .filter(({ startupMs }) => startupMs.length === rounds)
    .map(({ system, ...figure }) => ({
      name: system.name,
      version: system.version() ?? '',
      startsOnly: system.startsOnly === true,
      ...figure,
    }));
}

async function runScenario(
  { name, title, drive }: Scenario,
  live: readonly LiveSystem[],
  options: Options,
  { progress, fault }: OpenRun,
): Promise<ScenarioResult> {
  const pace = new Map<LiveSystem, number>();
  const measure = async (system: LiveSystem, when: string, seconds: number): Promise<Measurement> => {
    const measurement = await system.measure(drive, { seconds, requestsPerSecond: pace.get(system) });
    const requestsPerSecond = measurement.requests / measurement.seconds;
    if (requestsPerSecond > 0) pace.set(system, requestsPerSecond);
    progress(`${name}, ${when}: ${system.name} ${Math.round(requestsPerSecond)} requests/s`);
    for (const words of measurement.faults) fault(`${name}, ${when}: ${system.name}: ${words}`);
    return measurement;
  };
  for (const system of live) await measure(system, 'warm-up', Math.min(MAX_WARM_UP_SECONDS, options.seconds));
  const rounds: Round[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    const figures: Record<string, Measurement> = {};
    for (const system of live) figures[system.name] = await measure(system, `round ${round}`, options.seconds);
    rounds.push(figures);
  }
  return { name, title, rounds };
}

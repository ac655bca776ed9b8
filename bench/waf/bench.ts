// One run from beginning to end: every case with new and with repeated values, at each paranoia level, the sides taking
// turns within each round; then the servers under load.
import { writeFileSync } from 'node:fs';
import type { Machine, Neighbours } from '../rig/machine.ts';
import type { OpenRun, Progress } from '../rig/open-run.ts';
import { openRun } from '../rig/open-run.ts';
import type { Workspace } from '../rig/workspace.ts';
import type { Case } from './cases.ts';
import { writeRequests, writeTailAttack } from './cases.ts';
import { compareChecks, judge } from './control.ts';
import type { EndToEnd } from './end-to-end.ts';
import { runEndToEnd } from './end-to-end.ts';
import type { Options } from './options.ts';
import { encodeRequests } from './request.ts';
import type { RuleFolder } from './rule-files.ts';
import { filesOf, findRules } from './rule-files.ts';
import type { Checked } from './side.ts';
import { Side } from './side.ts';
import type { SideKind } from './sides.ts';
import { findSides } from './sides.ts';

const MAX_WARM_UP_SECONDS = 4;
/** How much of a case's requests is checked. */
const CHECKED_REQUESTS = 24;
const CHECKED_BYTES = 256 * 1024;
/** Of each kind and case; the rest says the same. */
const MAX_FAULTS = 3;

/** Microseconds of CPU for one transaction, by the side's name. */
export type Round = Readonly<Record<string, number>>;

export interface CaseResult {
  readonly name: string;
  readonly title: string;
  readonly paranoia: number;
  readonly isNew: boolean;
  readonly rounds: readonly Round[];
}

export interface SideResult {
  readonly name: string;
  readonly version: string;
  readonly paranoia: number;
  readonly loadMs: number;
  readonly idleRssBytes: number;
}

export interface BenchResult {
  readonly startedAt: string;
  readonly rules: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly machine: Machine;
  readonly neighbours: Neighbours;
  readonly sides: readonly SideResult[];
  readonly skipped: readonly string[];
  readonly cases: readonly CaseResult[];
  readonly endToEnd: readonly EndToEnd[];
  /** All that went wrong, a line each. */
  readonly faults: readonly string[];
}

/** What every part of a run needs. */
export interface Run extends Pick<OpenRun, 'workspace' | 'cores' | 'progress' | 'fault'> {
  readonly options: Options;
  readonly rules: RuleFolder;
  readonly signal: AbortSignal;
}

export async function runBench(options: Options, progress: Progress, signal: AbortSignal): Promise<BenchResult> {
  const rules = findRules(options.rules);
  using opened = openRun(progress);
  const { startedAt, machine, workspace, cores, fault, faults, neighbours } = opened;
  const run: Run = { options, rules, workspace, cores, signal, progress, fault };

  const { present, skipped: absent } = await findSides(workspace, signal);
  const skipped = [...absent];
  for (const words of skipped) progress(`SKIPPED: ${words}`);
  const files = new Map(options.cases.map((entry) => [entry, writeFiles(entry, workspace)]));
  const sides: SideResult[] = [];
  const results: CaseResult[] = [];
  for (const paranoia of options.paranoia) {
    await using running = new AsyncDisposableStack();
    const live: Side[] = [];
    for (const kind of present) {
      try {
        live.push(running.use(await startSide(kind, paranoia, run)));
      } catch (error) {
        signal.throwIfAborted();
        fault(`paranoia ${paranoia}: ${(error as Error).message}`);
      }
    }
    for (const { name, version, loadMs, idleRssBytes } of live) {
      sides.push({ name, version, paranoia, loadMs, idleRssBytes });
    }
    for (const entry of options.cases) {
      results.push(...(await runCase(entry, files.get(entry) as CaseFiles, paranoia, live, run)));
    }
  }
  const endToEnd = options.endToEnd ? await runEndToEnd(run, (words) => skipped.push(words)) : [];
  return {
    startedAt,
    rules: rules.folder,
    rounds: options.rounds,
    seconds: options.seconds,
    machine,
    neighbours: neighbours(),
    sides,
    skipped,
    cases: results,
    endToEnd,
    faults,
  };
}

export function startSide({ name, command }: SideKind, paranoia: number, run: Run): Promise<Side> {
  const { rules, workspace, cores, signal } = run;
  return Side.start(name, command(filesOf(rules, paranoia, workspace)), cores.underTest, signal);
}

interface CaseFiles {
  /** All requests with new values. */
  readonly fresh: string;
  /** One request. */
  readonly repeated: string;
  /** As many with new values as are checked. */
  readonly checked: string;
  /** One request with an attack at its very end. */
  readonly tail: string;
}

function writeFiles(entry: Case, workspace: Workspace): CaseFiles {
  const write = (suffix: string, requests: ReturnType<typeof writeRequests>): string => {
    const path = workspace.file(`${entry.name}-${suffix}.requests`);
    writeFileSync(path, encodeRequests(requests));
    return path;
  };
  const requests = writeRequests(entry, true);
  const bytes = Math.max(1, requests[0]?.body.length ?? 1);
  const checked = requests.slice(0, Math.min(CHECKED_REQUESTS, Math.ceil(CHECKED_BYTES / bytes)));
  return {
    fresh: write('new', requests),
    repeated: write('repeated', writeRequests(entry, false)),
    checked: write('checked', checked),
    tail: write('tail', [writeTailAttack(entry)]),
  };
}

/** First the negative control: a side that blocks what is benign, or lets an attack pass, does other work. */
async function runCase(
  entry: Case,
  files: CaseFiles,
  paranoia: number,
  live: readonly Side[],
  { options, progress, fault }: Run,
): Promise<CaseResult[]> {
  const { name, title, isAttack } = entry;
  for (const [path, isToBeBlocked] of [
    [files.checked, isAttack],
    [files.tail, true],
  ] as const) {
    const checks = new Map<string, readonly Checked[]>();
    for (const side of live) checks.set(side.name, await side.check(path));
    for (const [side, checked] of checks) {
      for (const words of judge(checked, isToBeBlocked).slice(0, MAX_FAULTS)) {
        fault(`${name}, paranoia ${paranoia}: ${side}: ${words}`);
      }
    }
    for (const words of compareChecks(checks).slice(0, MAX_FAULTS)) fault(`${name}, paranoia ${paranoia}: ${words}`);
  }

  const results: CaseResult[] = [];
  for (const isNew of [true, false]) {
    const path = isNew ? files.fresh : files.repeated;
    for (const side of live) await side.measure(path, 1000 * Math.min(MAX_WARM_UP_SECONDS, 3 * options.seconds));
    const rounds: Round[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      const micros: Record<string, number> = {};
      for (const side of live) {
        const { cpuSeconds, transactions } = await side.measure(path, 1000 * options.seconds);
        micros[side.name] = (cpuSeconds / transactions) * 1e6;
      }
      rounds.push(micros);
      const words = Object.entries(micros).map(([side, value]) => `${side} ${value.toFixed(1)} us`);
      progress(
        `${name}, paranoia ${paranoia}, ${isNew ? 'new' : 'repeated'} values, round ${round}: ${words.join(', ')}`,
      );
    }
    results.push({ name, title, paranoia, isNew, rounds });
  }
  return results;
}

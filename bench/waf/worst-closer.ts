// A closer look at the slowest inputs that the search has found: in a fresh process, rule file by rule file, and on
// libmodsecurity.
import { rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Run } from './bench.ts';
import { startSide } from './bench.ts';
import { cases, writeRequests } from './cases.ts';
import { encodeRequests } from './request.ts';
import { filesOf } from './rule-files.ts';
import type { Checked } from './side.ts';
import { Side, TimedOut } from './side.ts';
import type { SideKind } from './sides.ts';
import type { WorstInput } from './worst-inputs.ts';

/** For one file of inputs, by the clock. */
export const CHUNK_WITHIN_MS: number = 300_000;
/** One transaction of libmodsecurity, by the clock. */
export const MODSECURITY_WITHIN_MS: number = 10_000;
/** For a process that is new, before its first hostile request. */
const WARM_UP = { case: 'form', requests: 200 };

/** An input, and what its transaction took the engine the first time and the second; undefined without the engine. */
export interface Found {
  readonly input: WorstInput;
  readonly firstMs: number | undefined;
  readonly secondMs: number | undefined;
  /** Of the first time, the longest stretch in which the event loop stood. */
  readonly longestMs: number | undefined;
}

/** The rule file that costs most when it is loaded alone, and what it adds. */
export interface Costliest {
  readonly name: string;
  readonly ms: number;
}

export function writeInputs(inputs: readonly WorstInput[], { workspace }: Run): string {
  // A new name each time: a side keeps the file that it read last.
  const path = workspace.file(`worst-${writes++}.requests`);
  rmSync(workspace.file(`worst-${writes - 2}.requests`), { force: true });
  writeFileSync(path, encodeRequests(inputs.map(({ request }) => request)));
  return path;
}

let writes = 0;

export async function warmUp(side: Side, { workspace }: Run): Promise<void> {
  const entry = cases.find(({ name }) => name === WARM_UP.case);
  if (entry === undefined) return;
  const path = workspace.file('warm-up.requests');
  writeFileSync(path, encodeRequests(writeRequests(entry, true).slice(0, WARM_UP.requests)));
  await side.check(path);
}

/** Each in a process of its own, after ordinary requests: what tables it builds is part of the price. */
export async function measureFresh(
  engine: SideKind,
  worst: readonly Found[],
  paranoia: number,
  run: Run,
): Promise<(number | undefined)[]> {
  const fresh: (number | undefined)[] = [];
  for (const { input } of worst) {
    await using side = await startSide(engine, paranoia, run);
    await warmUp(side, run);
    const [checked] = await side.check(writeInputs([input], run));
    fresh.push(checked?.cpuMs);
  }
  return fresh;
}

/** By loading each rule file with nothing but the initialization, and taking away what that costs by itself. */
export async function findCostliestFiles(
  engine: SideKind,
  worst: readonly Found[],
  paranoia: number,
  run: Run,
): Promise<(Costliest | undefined)[]> {
  const { rules, workspace, cores, signal } = run;
  const path = writeInputs(
    worst.map(({ input }) => input),
    run,
  );
  const costs = async (files: readonly string[]): Promise<number[]> => {
    const command = engine.command(filesOf(rules, paranoia, workspace, files));
    await using side = await Side.start(engine.name, command, cores.underTest, signal);
    await warmUp(side, run);
    await side.check(path, CHUNK_WITHIN_MS);
    return (await side.check(path, CHUNK_WITHIN_MS)).map(({ cpuMs }) => cpuMs);
  };
  const first = rules.rules.filter((file) => basename(file).includes('INITIALIZATION'));
  const base = await costs(first);
  const costliest: (Costliest | undefined)[] = worst.map(() => undefined);
  for (const file of rules.rules) {
    if (first.includes(file) || basename(file).startsWith('RESPONSE-')) continue;
    run.progress(`worst, paranoia ${paranoia}: ${basename(file)} alone`);
    for (const [at, cost] of (await costs([...first, file])).entries()) {
      const ms = cost - (base[at] ?? 0);
      if (ms > (costliest[at]?.ms ?? 0)) costliest[at] = { name: basename(file, '.conf'), ms };
    }
  }
  return costliest;
}

/** One request at a time: a process that exceeds the time-out is ended, and another one started. */
export async function measureModsecurity(
  modsecurity: SideKind,
  worst: readonly Found[],
  paranoia: number,
  run: Run,
): Promise<(number | undefined)[]> {
  let side = await startSide(modsecurity, paranoia, run);
  const figures: (number | undefined)[] = [];
  for (const { input } of worst) {
    let words: string;
    try {
      const [checked] = (await side.check(writeInputs([input], run), MODSECURITY_WITHIN_MS)) as [Checked];
      figures.push(checked.cpuMs);
      words = `${checked.cpuMs.toFixed(1)} ms`;
    } catch (error) {
      run.signal.throwIfAborted();
      words = (error as Error).message;
      figures.push(error instanceof TimedOut ? Infinity : undefined);
      if (!(error instanceof TimedOut)) run.fault(`${input.kind}, ${input.place}: ${words}`);
      await side[Symbol.asyncDispose]();
      side = await startSide(modsecurity, paranoia, run);
    }
    run.progress(`worst, paranoia ${paranoia}: ${modsecurity.name}: ${input.kind} (${input.place}): ${words}`);
  }
  await side[Symbol.asyncDispose]();
  return figures;
}

// The search for the slowest request: every input at the default bounds, on the engine in full; libmodsecurity is given
// the worst of each kind, with a time-out. A figure is the CPU time of one transaction, all phases.
import type { Machine, Neighbours } from '../rig/machine.ts';
import type { Progress } from '../rig/open-run.ts';
import { openRun } from '../rig/open-run.ts';
import type { Run } from './bench.ts';
import { startSide } from './bench.ts';
import type { Options } from './options.ts';
import { quietInputs } from './quiet-inputs.ts';
import { findRules } from './rule-files.ts';
import { readRuleTexts } from './rule-texts.ts';
import type { SideKind } from './sides.ts';
import { ENGINE, findSides, LIBMODSECURITY } from './sides.ts';
import type { Costliest, Found } from './worst-closer.ts';
import {
  CHUNK_WITHIN_MS,
  findCostliestFiles,
  MODSECURITY_WITHIN_MS,
  measureFresh,
  measureModsecurity,
  warmUp,
  writeInputs,
} from './worst-closer.ts';
import type { WorstInput } from './worst-inputs.ts';
import { generalInputs, patternInputs } from './worst-inputs.ts';

/** How many inputs go to the engine in one file. */
const CHUNK = 32;
/** So many kinds are looked at more closely, and given to libmodsecurity. */
const CLOSER_KINDS = 12;
/** Of the rules whose own inputs took longest. */
const NAMED_RULES = 10;

/** The slowest input of a kind. */
export interface Worst {
  readonly kind: string;
  readonly place: string;
  readonly bytes: number;
  readonly rule: number | undefined;
  /** The first time that the engine saw it, and the second. */
  readonly firstMs: number | undefined;
  readonly secondMs: number | undefined;
  /** In a process that has seen ordinary requests only. */
  readonly freshMs: number | undefined;
  /** Longest that others waited for their turn while it was first looked at. */
  readonly longestMs: number | undefined;
  readonly file: Costliest | undefined;
  /** Infinity: none within the time-out. */
  readonly modsecurityMs: number | undefined;
}

export interface WorstLevel {
  readonly paranoia: number;
  /** How many were tried. */
  readonly inputs: number;
  readonly kinds: readonly Worst[];
  /** The rules whose own near-misses and loops took longest; empty without the engine. */
  readonly rules: readonly Worst[];
}

export interface WorstResult {
  readonly startedAt: string;
  readonly rules: string;
  readonly machine: Machine;
  readonly neighbours: Neighbours;
  readonly skipped: readonly string[];
  readonly detects: boolean;
  readonly timeoutMs: number;
  readonly levels: readonly WorstLevel[];
  readonly faults: readonly string[];
}

export async function runWorst(options: Options, progress: Progress, signal: AbortSignal): Promise<WorstResult> {
  const rules = findRules(options.rules);
  using opened = openRun(progress);
  const { startedAt, machine, workspace, cores, fault, faults, neighbours } = opened;
  const run: Run = { options, rules, workspace, cores, signal, progress, fault };
  const { present, skipped } = await findSides(
    workspace,
    signal,
    options.detect ? ['--bounded', '--detect'] : ['--bounded'],
  );
  for (const words of skipped) progress(`SKIPPED: ${words}`);
  const engine = present.find(({ name }) => name === ENGINE);
  const modsecurity = present.find(({ name }) => name === LIBMODSECURITY);
  const levels: WorstLevel[] = [];
  for (const paranoia of options.paranoia) {
    const searched = engine === undefined ? listKinds(run) : await search(engine, paranoia, run);
    const kinds = [...searched.found.values()].sort((a, b) => (b.firstMs ?? 0) - (a.firstMs ?? 0));
    const closer = engine === undefined ? kinds : kinds.slice(0, CLOSER_KINDS);
    const fresh = engine === undefined ? [] : await measureFresh(engine, closer, paranoia, run);
    const files = engine === undefined ? [] : await findCostliestFiles(engine, closer, paranoia, run);
    const others = modsecurity === undefined ? [] : await measureModsecurity(modsecurity, closer, paranoia, run);
    const slowestRules = [...searched.ofRules.values()].sort((a, b) => (b.firstMs ?? 0) - (a.firstMs ?? 0));
    levels.push({
      paranoia,
      inputs: searched.inputs,
      kinds: kinds.map((found, at) => rowOf(found, fresh[at], files[at], others[at])),
      rules: slowestRules.slice(0, NAMED_RULES).map((found) => rowOf(found)),
    });
  }
  const { folder } = rules;
  const timeoutMs = MODSECURITY_WITHIN_MS;
  return {
    startedAt,
    rules: folder,
    machine,
    neighbours: neighbours(),
    skipped,
    detects: options.detect,
    timeoutMs,
    levels,
    faults,
  };
}

function rowOf({ input, ...times }: Found, freshMs?: number, file?: Costliest, modsecurityMs?: number): Worst {
  const { kind, place, request, rule } = input;
  const bytes = request.target.length + request.body.length + request.headers.flat().join('').length;
  return { kind, place, bytes, rule, ...times, freshMs, file, modsecurityMs };
}

interface Searched {
  /** By kind. */
  readonly found: Map<string, Found>;
  /** By rule. */
  readonly ofRules: Map<number, Found>;
  readonly inputs: number;
}

/** Without the engine there is no search: each kind where the most of it fits. */
function listKinds({ rules }: Run): Searched {
  const found = new Map<string, Found>();
  for (const input of allInputs(rules.rules)) {
    if (!found.has(input.kind))
      found.set(input.kind, { input, firstMs: undefined, secondMs: undefined, longestMs: undefined });
  }
  return { found, ofRules: new Map(), inputs: found.size };
}

function* allInputs(files: readonly string[]): Generator<WorstInput> {
  const texts = readRuleTexts(files);
  yield* generalInputs(texts);
  for (const pattern of texts.patterns) yield* patternInputs(pattern);
}

async function search(engine: SideKind, paranoia: number, run: Run): Promise<Searched> {
  await using side = await startSide(engine, paranoia, run);
  await warmUp(side, run);
  const found = new Map<string, Found>();
  const ofRules = new Map<number, Found>();
  const keep = <Key>(slowest: Map<Key, Found>, key: Key, candidate: Found): void => {
    if ((candidate.firstMs ?? 0) > (slowest.get(key)?.firstMs ?? -1)) slowest.set(key, candidate);
  };
  let inputs = 0;
  const measure = async (chunk: readonly WorstInput[]): Promise<void> => {
    const path = writeInputs(chunk, run);
    const first = await side.check(path, CHUNK_WITHIN_MS);
    const second = await side.check(path, CHUNK_WITHIN_MS);
    for (const [at, input] of chunk.entries()) {
      const { cpuMs, longestMs } = first[at] ?? {};
      const candidate = { input, firstMs: cpuMs, secondMs: second[at]?.cpuMs, longestMs };
      keep(found, input.kind, candidate);
      if (input.rule !== undefined) keep(ofRules, input.rule, candidate);
    }
    inputs += chunk.length;
    const slowest = [...found.values()].reduce((a, b) => ((b.firstMs ?? 0) > (a.firstMs ?? 0) ? b : a));
    run.progress(
      `worst, paranoia ${paranoia}: ${inputs} inputs, slowest ${slowest.input.kind} (${slowest.input.place}) ` +
        `${slowest.firstMs?.toFixed(1)} ms`,
    );
  };
  const texts = readRuleTexts(run.rules.rules);
  await measure(await quietInputs(texts, (tried) => side.check(writeInputs(tried, run), CHUNK_WITHIN_MS)));
  let chunk: WorstInput[] = [];
  for (const input of allInputs(run.rules.rules)) {
    chunk.push(input);
    if (chunk.length < CHUNK) continue;
    await measure(chunk);
    chunk = [];
  }
  if (chunk.length > 0) await measure(chunk);
  return { found, ofRules, inputs };
}

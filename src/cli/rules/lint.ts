// `gatehouse rules lint`: what of the rules and exceptions is not as somebody meant it?
import { Command } from 'commander';
import { fetchExceptionFigures } from '../../admin/client.ts';
import { GatehouseError, ProblemsError } from '../../base/errors.ts';
import type { Config } from '../../config/config.ts';
import type { Place } from '../../config/model/waf.ts';
import { Guards } from '../../gateway/guards.ts';
import type { ExceptionNeed } from '../../tuning/lint/exceptions.ts';
import type { LintFinding } from '../../tuning/lint/finding.ts';
import { lint } from '../../tuning/lint/lint.ts';
import { compareAll } from '../../tuning/replay/compare.ts';
import { Judge } from '../../tuning/replay/judge.ts';
import { readRequests } from '../../tuning/replay/read.ts';
import { CONFIG_OPTION, JSON_OPTION, SOCKET_OPTION } from '../options.ts';
import { DONE, FAILED, print, printJson, report, say } from '../outcome.ts';
import { readConfig } from '../read-config.ts';

interface LintOptions {
  readonly config: string;
  readonly socket?: string;
  readonly traffic?: string;
  readonly json?: true;
}

export function lintCommand(): Command {
  return new Command('lint')
    .description('what of the rules and exceptions is not as somebody meant it')
    .addOption(CONFIG_OPTION())
    .option('--traffic <place>', 'recorded requests, to find exceptions that none of them needs')
    .addOption(SOCKET_OPTION())
    .addOption(JSON_OPTION())
    .addHelpText('after', '\nEnds with 1 when there is a warning; notes are worth knowing and no more.')
    .action(async (options: LintOptions) => {
      try {
        const config = readConfig(options.config);
        const guards = new Guards(config);
        if (guards.problems.length > 0) throw new ProblemsError(guards.problems);
        const needs =
          options.traffic === undefined ? await liveNeeds(config, options) : pastNeeds(config, guards, options.traffic);
        const found = lint(config, { needOf: (exception) => needs.get(keyOf(exception.place)), now: Date.now() });
        if (options.json === true) printJson(found);
        else printFindings(found);
        process.exitCode = found.some(({ level }) => level === 'warning') ? FAILED : DONE;
      } catch (error) {
        process.exitCode = report(error, options.json);
      }
    });
}

type Needs = ReadonlyMap<string, ExceptionNeed>;

/** What the running gateway has seen; nothing when none runs, or one with another file. */
async function liveNeeds(config: Config, { socket }: LintOptions): Promise<Needs> {
  const place = socket ?? config.admin.socket;
  const needs = new Map<string, ExceptionNeed>();
  if (place === undefined) return needs;
  try {
    for (const { line, count, since } of await fetchExceptionFigures(place)) {
      needs.set(keyOf({ line }), { count, among: `since ${since}, when the running gateway took it up` });
    }
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
  }
  return needs;
}

function pastNeeds(config: Config, guards: Guards, traffic: string): Needs {
  const { requests } = compareAll(
    readRequests(traffic, { files: 0, skipped: 0 }),
    new Judge(config, guards),
    undefined,
    Date.now(),
  );
  const needs = new Map<string, ExceptionNeed>();
  for (const { uses } of guards.exceptions) {
    for (const { config: exception, count } of uses) {
      const key = keyOf(exception.place);
      needs.set(key, { count: count + (needs.get(key)?.count ?? 0), among: `by any of ${requests} recorded requests` });
    }
  }
  return needs;
}

/** The gateway may have been started from another folder: it names the same file otherwise. */
function keyOf({ line }: Pick<Place, 'line'>): string {
  return String(line);
}

function printFindings(found: readonly LintFinding[]): void {
  for (const { level, file, line, message, code } of found) {
    print(`${level.padEnd(7)} ${line === 0 ? file : `${file}:${line}`}: ${message} [${code}]`);
  }
  const warnings = found.filter(({ level }) => level === 'warning').length;
  say(found.length === 0 ? 'nothing to say' : `${warnings} warnings, ${found.length - warnings} notes`);
}

// `gatehouse rules replay`: which recorded requests would be treated otherwise under the rules of a configuration?
import { Command } from 'commander';
import { GatehouseError, ProblemsError } from '../../base/errors.ts';
import { Guards } from '../../gateway/guards.ts';
import { type Comparison, compareAll } from '../../tuning/replay/compare.ts';
import { Judge } from '../../tuning/replay/judge.ts';
import { type ReadCounts, readRequests } from '../../tuning/replay/read.ts';
import type { PastRequest } from '../../tuning/replay/request.ts';
import { CONFIG_OPTION, JSON_OPTION } from '../options.ts';
import { DONE, FAILED, print, printJson, report, say } from '../outcome.ts';
import { readConfig } from '../read-config.ts';
import { printGroups } from './print-groups.ts';

interface ReplayOptions {
  readonly config: string;
  readonly against?: string;
  readonly site?: string;
  readonly good?: true;
  readonly at?: string;
  readonly json?: true;
}

export function replayCommand(): Command {
  return new Command('replay')
    .description(
      'tries the rules of a configuration on recorded requests: recordings, HAR, audit logs of ModSecurity, go-ftw tests',
    )
    .argument('<places...>', 'files, or folders; what lies below a folder named good is known to be honest')
    .addOption(CONFIG_OPTION())
    .option('--against <file>', 'compare with the rules of this configuration, in place of the recorded verdicts')
    .option('--site <name>', 'whose rules are tried on requests of hosts that the configuration does not name')
    .option('--good', 'all of these requests are known to be honest')
    .option('--at <day>', 'as if it were this day, for exceptions that expire')
    .addOption(JSON_OPTION())
    .addHelpText('after', '\nEnds with 1 when a request that is known to be honest would be stopped.')
    .action((places: readonly string[], options: ReplayOptions) => {
      try {
        process.exitCode = replay(places, options);
      } catch (error) {
        process.exitCode = report(error, options.json);
      }
    });
}

function replay(places: readonly string[], options: ReplayOptions): number {
  const judge = judgeOf(options.config, options.site);
  const before = options.against === undefined ? undefined : judgeOf(options.against, options.site);
  const counts: ReadCounts = { files: 0, skipped: 0 };
  const startedAt = performance.now();
  const result = compareAll(all(places, options.good === true, counts), judge, before, dayOf(options.at));
  const ms = performance.now() - startedAt;
  const speed = { ms: Math.round(ms), perSecond: Math.round((result.requests / ms) * 1000) };
  if (result.requests === 0) {
    const message = `nothing could be read as a request in ${places.join(', ')}`;
    throw new GatehouseError('config_invalid', 'gateway', message);
  }
  if (options.json === true) printJson({ ...counts, ...speed, ...result });
  else printComparison(result, options.against === undefined);
  if (counts.skipped > 0) say(`${counts.skipped} lines or files are no requests and were passed over`);
  say(`${result.requests} requests of ${counts.files} files, ${speed.perSecond} a second`);
  if (result.unguarded > 0) say(`${result.unguarded} of them belong to no site with rules; --site names one for them`);
  return result.goodStopped > 0 ? FAILED : DONE;
}

function judgeOf(file: string, site: string | undefined): Judge {
  const config = readConfig(file);
  if (site !== undefined && !config.sites.some(({ name }) => name === site)) {
    throw new GatehouseError('config_invalid', 'gateway', `${file} has no site ${site}`);
  }
  const guards = new Guards(config);
  if (guards.problems.length > 0) throw new ProblemsError(guards.problems);
  return new Judge(config, guards, site);
}

function* all(places: readonly string[], isGood: boolean, counts: ReadCounts): Generator<PastRequest> {
  for (const place of places) {
    for (const request of readRequests(place, counts)) yield isGood ? { ...request, isGood } : request;
  }
}

function dayOf(given: string | undefined): number {
  if (given === undefined) return Date.now();
  const time = /^\d{4}-\d{2}-\d{2}$/.test(given) ? Date.parse(`${given}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(time))
    throw new GatehouseError('config_invalid', 'gateway', `"${given}" is not a day like 2027-03-01`);
  return time;
}

function printComparison(result: Comparison, isRecorded: boolean): void {
  const { requests, unguarded, stopped, newlyStopped, newlyPassing, untold, good, goodStopped, groups, otherGroups } =
    result;
  print(`${requests - unguarded} requests tried: ${stopped} would be stopped`);
  print(
    `${newlyStopped} of them ${isRecorded ? 'passed before, as far as that was recorded' : 'pass now'}; ${newlyPassing} that ${newlyPassing === 1 ? 'was' : 'were'} stopped would pass`,
  );
  if (untold > 0) print(`${untold} that were stopped cannot be told: what stopped them was left out of the recording`);
  if (good > 0) print(`${goodStopped} of ${good} that are known to be honest would be stopped`);
  printGroups(groups, otherGroups);
}

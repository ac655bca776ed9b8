// `gatehouse rules shadow`: what would the rules have done that are scored beside, and may they take over?
import { Command } from 'commander';
import { fetchShadows } from '../../admin/client.ts';
import type { ShadowReport } from '../../admin/rules-control.ts';
import { promote } from '../../tuning/promote.ts';
import { CONFIG_OPTION, JSON_OPTION, SOCKET_OPTION } from '../options.ts';
import { DONE, print, printJson, readConfig, report, say } from '../outcome.ts';
import { SELF } from '../self.ts';
import { adminSocket } from '../socket.ts';
import { printGroups } from './print-groups.ts';

interface ShadowOptions {
  readonly config: string;
  readonly socket?: string;
  readonly json?: true;
  readonly promote?: string;
}

export function shadowCommand(): Command {
  return new Command('shadow')
    .description('what the rules of `waf.shadow` would have done since the gateway started')
    .option('--promote <site>', "make the shadow's rules those of the site, in the configuration")
    .addOption(CONFIG_OPTION())
    .addOption(SOCKET_OPTION())
    .addOption(JSON_OPTION())
    .action(async (options: ShadowOptions) => {
      try {
        if (options.promote === undefined) await show(options);
        else take(options.promote, options.config);
        process.exitCode = DONE;
      } catch (error) {
        process.exitCode = report(error, options.json);
      }
    });
}

async function show(options: ShadowOptions): Promise<void> {
  const reports = await fetchShadows(adminSocket(options));
  if (options.json === true) printJson(reports);
  else if (reports.length === 0) say('no site has a shadow');
  else for (const each of reports) printReport(each);
}

function printReport(shadow: ShadowReport): void {
  const { sites, rules, paranoia, since, judged, dropped, failed, stops, passes, groups, otherGroups } = shadow;
  print(`shadow    ${rules.join(', ')}, paranoia ${paranoia} (${shadow.file}:${shadow.line})`);
  print(`          for ${sites.join(', ') || 'no request yet'}, since ${since}`);
  print(`          ${judged} requests looked at, a share of ${formatShare(shadow.sample)}`);
  if (dropped > 0) print(`          ${dropped} passed over because too many waited`);
  if (failed > 0) print(`          ${failed} that the shadow could not finish`);
  print(`          ${stops} that passed would have been stopped, ${passes} that were stopped would have passed`);
  printGroups(groups, otherGroups);
  const [site] = sites;
  if (site !== undefined) print(`\nto let it take over: ${SELF} rules shadow --promote ${site}`);
}

function formatShare(share: number): string {
  return `${Number((share * 100).toFixed(4))}%`;
}

function take(site: string, file: string): void {
  promote(readConfig(file), file, site);
  say(
    `the rules of the shadow are those of ${site} now, in ${file}; they act after \`gatehouse reload\`, or at once where the gateway watches its file`,
  );
}

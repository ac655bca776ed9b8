// `gatehouse rules shadow`: what would the rules have done that are scored beside, and may they take over?
import { Command } from 'commander';
import { fetchShadows } from '../../admin/client.ts';
import type { ShadowReport } from '../../admin/rules-control.ts';
import { promote } from '../../tuning/promote.ts';
import { promoteRule } from '../../tuning/promote-rule.ts';
import { CONFIG_OPTION, JSON_OPTION, SOCKET_OPTION } from '../options.ts';
import { DONE, print, printJson, report, say } from '../outcome.ts';
import { readConfig } from '../read-config.ts';
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
    .description(
      'what rules would have done since the gateway started: those of `waf.shadow`, and single ones of `mode: shadow`',
    )
    .option(
      '--promote <what>',
      "let it act: a site, whose shadow's rules become its own, or the number of a single rule",
    )
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
  else if (reports.length === 0) say('no site has a shadow, and no rule is of mode shadow');
  else for (const each of reports) printReport(each);
}

function printReport(shadow: ShadowReport): void {
  const { sites, rule, rules, paranoia, since, judged, dropped, failed, finds, stops, passes } = shadow;
  const what = rule === null ? rules.join(', ') : `rule ${rule}, ${rules[0]}`;
  print(`shadow    ${what}, paranoia ${paranoia} (${shadow.file}:${shadow.line})`);
  print(`          for ${sites.join(', ') || 'no request yet'}, since ${since}`);
  print(`          ${judged} requests looked at, a share of ${formatShare(shadow.sample)}`);
  if (dropped > 0) print(`          ${dropped} passed over because too many waited`);
  if (failed > 0) print(`          ${failed} that the shadow could not finish`);
  if (finds === null) {
    print(`          ${stops} that passed would have been stopped, ${passes} that were stopped would have passed`);
  } else print(`          ${finds} in which it found something; ${stops} that passed would have been stopped`);
  printGroups(shadow.groups, shadow.otherGroups);
  const who = rule ?? sites[0];
  if (who !== undefined)
    print(`\nto let it ${rule === null ? 'take over' : 'act'}: ${SELF} rules shadow --promote ${who}`);
}

function formatShare(share: number): string {
  return `${Number((share * 100).toFixed(4))}%`;
}

function take(what: string, file: string): void {
  const config = readConfig(file);
  const acts = 'after `gatehouse reload`, or at once where the gateway watches its file';
  // A host name is never all digits.
  if (/^\d+$/.test(what)) {
    const { places } = promoteRule(config, Number(what));
    say(`rule ${what} is of mode block now, in ${places.join(', ')}; it acts ${acts}`);
  } else {
    promote(config, file, what);
    say(`the rules of the shadow are those of ${what} now, in ${file}; they act ${acts}`);
  }
}

// `gatehouse bans`: who is kept out by the running gateway, and why; set and lifted by hand.
import { Command } from 'commander';
import { addBan, fetchBans, removeBan, whyBanned } from '../admin/client.ts';
import type { BanStatus } from '../admin/control.ts';
import { CONFIG_OPTION, JSON_OPTION, SOCKET_OPTION } from './options.ts';
import { DONE, FAILED, print, printJson, report, say } from './outcome.ts';
import { adminSocket } from './socket.ts';

interface Options {
  readonly config: string;
  readonly socket?: string;
  readonly json?: true;
  readonly site?: string;
}

export function bansCommand(): Command {
  const bans = new Command('bans').description('clients that are kept out: list, add, remove, and why');
  for (const command of [listCommand(), addCommand(), removeCommand(), whyCommand()]) {
    bans.addCommand(command.addOption(CONFIG_OPTION()).addOption(SOCKET_OPTION()).addOption(JSON_OPTION()));
  }
  return bans;
}

function listCommand(): Command {
  return new Command('list').description('every ban in force').action((options: Options) =>
    ending(options, async (socket) => {
      const bans = await fetchBans(socket);
      if (options.json) printJson(bans);
      else for (const ban of bans) print(line(ban));
      if (bans.length === 0 && !options.json) say('Nobody is banned.');
      return DONE;
    }),
  );
}

interface AddOptions extends Options {
  readonly for: string;
  readonly reason: string;
}

function addCommand(): Command {
  return new Command('add')
    .description('keep a client out')
    .argument('<address>', 'an address, or a range like 203.0.113.0/24; an IPv6 address means its /64')
    .option('--for <time>', 'how long, like 15m or 30d', '1d')
    .option('--site <name>', 'of one site; by default of all')
    .option('--reason <text>', 'for those who ask why', 'by hand')
    .action((address: string, options: AddOptions) =>
      ending(options, async (socket) => {
        const ban = await addBan(socket, { address, site: options.site, for: options.for, reason: options.reason });
        if (options.json) printJson(ban);
        else print(line(ban));
        return DONE;
      }),
    );
}

function removeCommand(): Command {
  return new Command('remove')
    .description('let a client in again; its next ban is as short as a first one')
    .argument('<address>', 'as bans list shows it, or an address of that network')
    .option('--site <name>', 'of one site; by default wherever it is banned')
    .action((address: string, options: Options) =>
      ending(options, async (socket) => {
        const removed = await removeBan(socket, { address, site: options.site });
        if (options.json) printJson(removed);
        else for (const ban of removed) print(`lifted  ${line(ban)}`);
        if (removed.length === 0)
          say(`${address} was not banned; bans list shows who is, bans why ADDRESS what holds for one.`);
        return removed.length === 0 ? FAILED : DONE;
      }),
    );
}

function whyCommand(): Command {
  return new Command('why')
    .description('everything that keeps an address out, and what is remembered of it; exit code 1: nothing does')
    .argument('<address>', 'the address of a client')
    .action((address: string, options: Options) =>
      ending(options, async (socket) => {
        const reasons = await whyBanned(socket, address);
        if (options.json) printJson(reasons);
        else {
          for (const ban of reasons.bans) print(line(ban));
          if (reasons.isExempt) print(`${address} is exempt: no ban holds for it.`);
          else if (!reasons.bans.some(isInForce)) print(`${address} is not banned.`);
        }
        return !reasons.isExempt && reasons.bans.some(isInForce) ? DONE : FAILED;
      }),
    );
}

async function ending(options: Options, act: (socket: string) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await act(adminSocket(options));
  } catch (error) {
    process.exitCode = report(error, options.json);
  }
}

function isInForce(ban: BanStatus): boolean {
  return ban.isInForce;
}

function line({ address, site, cause, reason, since, until, times, isInForce: runs }: BanStatus): string {
  const where = site === null ? 'all sites' : site;
  const often = times > 1 ? `, ${times} times in a row` : '';
  return `${address}  ${where}  ${runs ? 'until' : 'over since'} ${until}; ${CAUSES[cause]} at ${since}${often}: ${reason}`;
}

const CAUSES: Readonly<Record<BanStatus['cause'], string>> = {
  limit: 'by a limit',
  waf: 'by the rules',
  hand: 'by hand',
};

// `gatehouse status`: what the running gateway says of itself.
import path from 'node:path';
import { Command } from 'commander';
import { fetchStatus } from '../admin/client.ts';
import type { Status } from '../admin/control.ts';
import { GatehouseError } from '../base/errors.ts';
import { CONFIG_OPTION, JSON_OPTION } from './options.ts';
import { DONE, print, printJson, readConfig, report } from './outcome.ts';

export function statusCommand(): Command {
  return new Command('status')
    .description('show the running gateway')
    .addOption(CONFIG_OPTION())
    .option('--socket <path>', 'its admin.socket, in place of reading the configuration')
    .addOption(JSON_OPTION())
    .action(async (options: { config: string; socket?: string; json?: true }) => {
      try {
        const status = await fetchStatus(
          options.socket === undefined ? socketOf(options.config) : path.resolve(options.socket),
        );
        if (options.json) printJson(status);
        else printStatus(status);
        process.exitCode = DONE;
      } catch (error) {
        process.exitCode = report(error, options.json);
      }
    });
}

function socketOf(file: string): string {
  const { socket } = readConfig(file).admin;
  if (socket === undefined) {
    throw new GatehouseError('config_invalid', 'gateway', `${file} switches admin.socket off, so nothing can be asked`);
  }
  return socket;
}

function printStatus(status: Status): void {
  print(`Gatehouse ${status.version} is ${status.state} since ${status.startedAt} (process ${status.pid})`);
  print(`config       ${status.config ?? 'from the command line'}`);
  print(`listens      https ${status.listen.https.join(', ')}; http ${status.listen.http.join(', ') || 'off'}`);
  print(`now          ${status.load.connections} client connections, ${status.load.requests} requests under way`);
  for (const { name, aliases, upstreams } of status.sites) {
    print(`site         ${[name, ...aliases].join(', ')} -> ${upstreams.join(', ')}`);
  }
  for (const { name, servers } of status.upstreams) {
    for (const { url, load } of servers) print(`upstream     ${name}: ${url}, ${load} requests under way`);
  }
  for (const { names, notAfter, source } of status.certificates) {
    print(`certificate  ${names.join(', ')} until ${notAfter} (${source})`);
  }
  for (const warning of status.warnings) print(`warning      ${warning}`);
}

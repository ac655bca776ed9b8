// `gatehouse status`: what the running gateway says of itself.
import { Command } from 'commander';
import { fetchStatus } from '../admin/client.ts';
import type { ReloadState, Status, WorkerStatus } from '../admin/control.ts';
import { lifeLeft, managedInWords } from './managed.ts';
import { CONFIG_OPTION, JSON_OPTION, SOCKET_OPTION } from './options.ts';
import { DONE, print, printJson, report } from './outcome.ts';
import { serverLine } from './server-status.ts';
import { adminSocket } from './socket.ts';

export function statusCommand(): Command {
  return new Command('status')
    .description('show the running gateway')
    .addOption(CONFIG_OPTION())
    .addOption(SOCKET_OPTION())
    .addOption(JSON_OPTION())
    .action(async (options: { config: string; socket?: string; json?: true }) => {
      try {
        const status = await fetchStatus(adminSocket(options));
        if (options.json) printJson(status);
        else printStatus(status);
        process.exitCode = DONE;
      } catch (error) {
        process.exitCode = report(error, options.json);
      }
    });
}

function printStatus(status: Status): void {
  print(`Gatehouse ${status.version} is ${status.state} since ${status.startedAt} (process ${status.pid})`);
  print(`config       ${status.config ?? 'from the command line'}`);
  if (status.reload !== null) print(`reload       ${reloadInWords(status.reload)}`);
  print(`listens      https ${status.listen.https.join(', ')}; http ${status.listen.http.join(', ') || 'off'}`);
  print(`now          ${status.load.connections} client connections, ${status.load.requests} requests under way`);
  for (const worker of status.workers ?? []) print(`worker       ${workerLine(worker)}`);
  for (const { name, aliases, upstreams } of status.sites) {
    print(`site         ${[name, ...aliases].join(', ')} -> ${upstreams.join(', ')}`);
  }
  for (const { name, servers } of status.upstreams) {
    for (const server of servers) print(`upstream     ${name}: ${serverLine(server)}`);
  }
  if (status.shared !== null) {
    const { place, state, since, reason, alone } = status.shared;
    print(
      `shared       ${place} ${state} since ${since}${reason === null ? '' : `, ${reason}`}${alone === null ? '' : `; ${alone}`}`,
    );
  }
  const nowMs = Date.now();
  for (const { names, notAfter, source } of status.certificates) {
    // Those that are ordered come below, with what is known of their future.
    if (source !== 'acme') print(`certificate  ${names.join(', ')}  ${lifeLeft(notAfter, nowMs)}; from ${source}`);
  }
  for (const managed of status.managed) {
    const [first, ...more] = managedInWords(managed, nowMs);
    print([`certificate  ${first}`, ...more.map((line) => `           ${line}`)].join('\n'));
  }
  for (const warning of status.warnings) print(`warning      ${warning}`);
  for (const remark of status.remarks) print(`attention    ${remark}`);
}

function workerLine({ worker, pid, state, since, load, deaths, lastDeath, nextStart }: WorkerStatus): string {
  const who = pid === null ? `${worker}` : `${worker} (process ${pid})`;
  const next = nextStart === null ? '' : `, the next one starts at ${nextStart}`;
  const past = deaths === 0 ? '' : `; died ${deaths} times, last it ${lastDeath}`;
  const now = load === null ? '' : `; ${load.connections} connections, ${load.requests} requests under way`;
  return `${who} ${state} since ${since}${next}${now}${past}`;
}

function reloadInWords({ at, ok, error }: ReloadState): string {
  return ok ? `at ${at}` : `REFUSED at ${at}, the configuration of before is in force: ${error}`;
}

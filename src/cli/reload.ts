// `gatehouse reload`: the running gateway takes up its configuration anew.
import { Command } from 'commander';
import { reloadConfig } from '../admin/client.ts';
import { GatehouseError, ProblemsError } from '../base/errors.ts';
import { CONFIG_OPTION, JSON_OPTION, SOCKET_OPTION } from './options.ts';
import { DONE, printJson, report, say } from './outcome.ts';
import { adminSocket } from './socket.ts';

interface Options {
  readonly config: string;
  readonly socket?: string;
  readonly json?: true;
}

export function reloadCommand(): Command {
  return new Command('reload')
    .description('let the running gateway take up its configuration anew')
    .addOption(CONFIG_OPTION())
    .addOption(SOCKET_OPTION())
    .addOption(JSON_OPTION())
    .addHelpText(
      'after',
      `
The gateway reads the file that it was started with. All of it takes effect or nothing: with a fault anywhere what runs
goes on, and every fault is printed here (exit code 2). No connection is cut.`,
    )
    .action(async (options: Options) => {
      try {
        const { ok, problems, error, warnings } = await reloadConfig(adminSocket(options));
        if (problems.length > 0) throw new ProblemsError(problems);
        if (error !== null) throw new GatehouseError('config_invalid', 'gateway', error);
        if (options.json) printJson({ ok, warnings });
        else for (const line of [...warnings.map((warning) => `warning: ${warning}`), 'reloaded']) say(line);
        process.exitCode = DONE;
      } catch (error) {
        process.exitCode = report(error, options.json);
      }
    });
}

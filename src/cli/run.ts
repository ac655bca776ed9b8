// `gatehouse run`: serve a configuration in the foreground.
import { Command } from 'commander';
import { CONFIG_OPTION } from './options.ts';
import { DONE, readConfig, report } from './outcome.ts';
import { serve } from './serve.ts';

export function runCommand(): Command {
  return new Command('run')
    .description('serve a configuration in the foreground')
    .addOption(CONFIG_OPTION())
    .addHelpText(
      'after',
      `
Records go to stdout as JSON lines, one for each request; what the gateway says of itself goes to stderr.
SIGTERM or Ctrl-C lets requests under way finish, a second one stops at once.`,
    )
    .action(async ({ config: file }: { config: string }) => {
      try {
        const { stopped } = await serve(readConfig(file));
        await stopped;
        process.exitCode = DONE;
      } catch (error) {
        process.exitCode = report(error);
      }
    });
}

// `gatehouse run`: serve a configuration in the foreground.
import { Command } from 'commander';
import { Recruits } from '../cluster/recruits.ts';
import { automaticWorkers } from '../config/automatic-workers.ts';
import type { Config } from '../config/config.ts';
import { fileHasNoWorkers } from '../config/no-workers.ts';
import { InheritedSockets } from '../gateway/inherited.ts';
import { keepSignals } from './early-signals.ts';
import { CONFIG_OPTION } from './options.ts';
import { endProcess, report } from './outcome.ts';
import { WORK } from './self.ts';

export function runCommand(): Command {
  return new Command('run')
    .description('serve a configuration in the foreground')
    .addOption(CONFIG_OPTION())
    .option('--watch', 'take up changes of the file, and of files with rules, by themselves')
    .addHelpText(
      'after',
      `
Records go to stdout as JSON lines, one for each request; what the gateway says of itself goes to stderr.
SIGTERM or Ctrl-C lets requests under way finish, a second one stops at once. SIGHUP, or the command reload, takes up the
configuration anew without cutting a connection; with a fault in it what runs goes on. SIGUSR2 opens log files anew.
With workers these go to the first process, which looks after the others.`,
    )
    .action(async ({ config: file, watch }: { config: string; watch?: true }) => {
      keepSignals();
      // Taken before there are children, who would be told of them.
      const inherited = InheritedSockets.take();
      const recruits = new Recruits([process.argv[1] ?? '', WORK]);
      try {
        // As a rule there will be one where `auto` means any.
        if (automaticWorkers() > 0 && !fileHasNoWorkers(file)) recruits.begin(1);
        const { readConfig } = await import('./read-config.ts');
        const read = (): Config => readConfig(file);
        const config = read();
        for (let number = 1; number <= config.workers; number++) recruits.begin(number);
        if (config.workers === 0) recruits.dismiss();
        const reloading = { read, isWatching: watch === true };
        const { stopped } =
          config.workers === 0
            ? await (await import('./serve.ts')).serve(config, reloading, inherited)
            : await (await import('./supervise.ts')).supervise(config, reloading, { inherited, recruits });
        await stopped;
      } catch (error) {
        process.exitCode = report(error);
        return;
      } finally {
        recruits.dismiss();
      }
      endProcess();
    });
}

// The command line as a whole: one file a command, put together here.
import { Command, CommanderError } from 'commander';
import { bansCommand } from './bans.ts';
import { cacheCommand } from './cache.ts';
import { certsCommand } from './certs.ts';
import { checkCommand } from './check.ts';
import { demoCommand } from './demo.ts';
import { exposeCommand } from './expose.ts';
import { WRONG } from './outcome.ts';
import { reloadCommand } from './reload.ts';
import { rulesCommand } from './rules.ts';
import { runCommand } from './run.ts';
import { schemaCommand } from './schema.ts';
import { SELF, VERSION } from './self.ts';
import { statusCommand } from './status.ts';
import { workCommand } from './work.ts';

/** Runs one command to its end; sets `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('gatehouse')
    .description('Put it in front of an internal app and the app can face the internet.')
    .version(VERSION)
    .addHelpText(
      'after',
      `
To begin, see it work with a sample app:
  ${SELF} demo
Your own app on port 3000, now, without a file:
  ${SELF} expose 3000 --host app.test --internal --port 8443 --http-port 8080
With a gatehouse.yaml (this is the smallest), checked first:
  sites:
    app.example.com:
      to: http://127.0.0.1:3000
  ${SELF} check && ${SELF} run

Exit codes: 0 done, 1 it ran and found failures or could not start, 2 the call or the configuration is wrong.`,
    );
  for (const command of COMMANDS) program.addCommand(command());
  program.addCommand(workCommand(), { hidden: true });
  everyCommand(program, (command) => command.exitOverride().showHelpAfterError('(--help tells more)'));
  try {
    await program.parseAsync(argv as string[]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : WRONG;
  }
}

const COMMANDS = [
  runCommand,
  checkCommand,
  demoCommand,
  exposeCommand,
  schemaCommand,
  statusCommand,
  reloadCommand,
  certsCommand,
  rulesCommand,
  bansCommand,
  cacheCommand,
];

function everyCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) everyCommand(child, visit);
}

// The command line as a whole: one file a command, put together here. A command that is named is all that is loaded:
// what the others need would cost each start a quarter of a second.
import { Command, CommanderError } from 'commander';
import { WRONG } from './outcome.ts';
import { SELF, VERSION, WORK } from './self.ts';

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
  for (const command of await commands(argv[2])) program.addCommand(command, { hidden: command.name() === WORK });
  everyCommand(program, (command) => command.exitOverride().showHelpAfterError(hintFor(command)));
  try {
    await program.parseAsync(argv as string[]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : WRONG;
  }
}

/** What follows an error: a file that was named without its option is the likeliest slip. */
function hintFor({ options }: Command): string {
  const takesFile = options.some(({ long }) => long === '--config');
  return takesFile ? '(-c names the configuration; --help tells more)' : '(--help tells more)';
}

/** In the order of the help; the last one is not for people. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run.ts')).runCommand(),
  check: async () => (await import('./check.ts')).checkCommand(),
  demo: async () => (await import('./demo.ts')).demoCommand(),
  expose: async () => (await import('./expose.ts')).exposeCommand(),
  schema: async () => (await import('./schema.ts')).schemaCommand(),
  status: async () => (await import('./status.ts')).statusCommand(),
  reload: async () => (await import('./reload.ts')).reloadCommand(),
  certs: async () => (await import('./certs.ts')).certsCommand(),
  rules: async () => (await import('./rules.ts')).rulesCommand(),
  bans: async () => (await import('./bans.ts')).bansCommand(),
  cache: async () => (await import('./cache.ts')).cacheCommand(),
  [WORK]: async () => (await import('./work.ts')).workCommand(),
};

/** The one that is named first; all of them for the help, and for a name that is none. */
async function commands(first = ''): Promise<Command[]> {
  const named = Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
  return Promise.all((named === undefined ? Object.values(COMMANDS) : [named]).map((load) => load()));
}

function everyCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) everyCommand(child, visit);
}

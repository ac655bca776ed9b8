// `gatehouse certs trust`: this machine trusts the local CA from now on.
import { Command } from 'commander';
import { openLocalCa } from '../../tls/local-ca.ts';
import { installRoot, type TrustResult } from '../../tls/trust.ts';
import { CONFIG_OPTION, JSON_OPTION } from '../options.ts';
import { DONE, FAILED, printJson, report, say } from '../outcome.ts';
import { SELF } from '../self.ts';
import { storageOf } from './storage.ts';

export function trustCommand(): Command {
  return new Command('trust')
    .description("put the local CA's root into this machine's trust store")
    .addOption(CONFIG_OPTION())
    .addOption(JSON_OPTION())
    .addHelpText(
      'after',
      `
Where that needs rights that you do not have, the commands to run are printed instead, and the exit code is 1.
The root itself, for another machine:  ${SELF} certs export --root > root.pem
To take it out again:                  ${SELF} certs untrust`,
    )
    .action(async ({ config, json }: { config: string; json?: true }) => {
      try {
        const result = await installRoot(openLocalCa(storageOf(config)).rootPath);
        tell(result, json);
        process.exitCode = result.installed ? DONE : FAILED;
      } catch (error) {
        process.exitCode = report(error, json);
      }
    });
}

export function tell(result: TrustResult, asJson: boolean | undefined): void {
  if (asJson === true) printJson(result);
  else say([result.message, ...result.commands.map((line) => `  ${line}`)].join('\n'));
}

// `gatehouse certs renew`: the running gateway orders now, whatever its plan says.
import { Command } from 'commander';
import type { Renewed } from '../../acme/keeper.ts';
import { renewCertificates } from '../../admin/client.ts';
import { GatehouseError } from '../../base/errors.ts';
import { managedInWords } from '../managed.ts';
import { CONFIG_OPTION, JSON_OPTION, SOCKET_OPTION } from '../options.ts';
import { DONE, FAILED, print, printJson, report, say } from '../outcome.ts';
import { SELF } from '../self.ts';
import { adminSocket } from '../socket.ts';

interface Options {
  readonly config: string;
  readonly socket?: string;
  readonly all?: true;
  readonly json?: true;
}

export function renewCommand(): Command {
  return new Command('renew')
    .description('order certificates anew, now, through the running gateway')
    .argument('[name]', 'one host name')
    .option('--all', 'every certificate that the gateway orders')
    .addOption(CONFIG_OPTION())
    .addOption(SOCKET_OPTION())
    .addOption(JSON_OPTION())
    .addHelpText(
      'after',
      `
Not needed for renewal, which comes by itself in time. Of use after a certificate was revoked, or to try again at once
when something was mended. The authority's limits are kept all the same. Exit code 1: one could not be renewed.`,
    )
    .action(async (name: string | undefined, options: Options) => {
      try {
        if ((name === undefined) !== (options.all === true)) throw wrongCall('Name one certificate, or say --all.');
        const renewed = await renewCertificates(adminSocket(options), name);
        if (renewed.length === 0) throw notManaged(name);
        if (options.json) printJson({ ok: renewed.every(isDone), certificates: renewed });
        else for (const each of renewed) tell(each);
        process.exitCode = renewed.every(isDone) ? DONE : FAILED;
      } catch (error) {
        process.exitCode = report(error, options.json);
      }
    });
}

function isDone({ isRenewed }: Renewed): boolean {
  return isRenewed;
}

function tell(renewed: Renewed): void {
  const lines = managedInWords(renewed, Date.now());
  if (renewed.isRenewed) {
    print(`renewed  ${lines.join('\n')}`);
    return;
  }
  print(lines.join('\n'));
  if (renewed.failure === undefined) say(`${renewed.name} was not renewed; the records of the gateway say why.`);
}

function notManaged(name: string | undefined): GatehouseError {
  const what = name === undefined ? 'no certificates' : `no certificate for ${JSON.stringify(name)}`;
  const advice = name === undefined ? `${SELF} check lists what it would order` : `${SELF} certs check NAME says why`;
  return new GatehouseError('config_invalid', 'gateway', `The gateway orders ${what}; ${advice}.`);
}

function wrongCall(message: string): GatehouseError {
  return new GatehouseError('config_invalid', 'gateway', message);
}

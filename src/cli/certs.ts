// `gatehouse certs`: the certificates that are served, and the local CA's root for those who must trust it.
import { Command } from 'commander';
import { checkNameCommand } from './certs/check.ts';
import { exportCommand } from './certs/export.ts';
import { importCommand } from './certs/import.ts';
import { listCommand } from './certs/list.ts';
import { renewCommand } from './certs/renew.ts';
import { trustCommand } from './certs/trust.ts';
import { untrustCommand } from './certs/untrust.ts';

export function certsCommand(): Command {
  const certs = new Command('certs').description(
    'certificates: list, check, renew, import and export them, trust the local CA',
  );
  for (const command of COMMANDS) certs.addCommand(command());
  return certs;
}

const COMMANDS = [
  listCommand,
  checkNameCommand,
  renewCommand,
  importCommand,
  exportCommand,
  trustCommand,
  untrustCommand,
];

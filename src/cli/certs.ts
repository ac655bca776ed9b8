// `gatehouse certs`: the certificates that are served, and the local CA's root for those who must trust it.
import { Command } from 'commander';
import { exportCommand } from './certs/export.ts';
import { listCommand } from './certs/list.ts';
import { trustCommand } from './certs/trust.ts';
import { untrustCommand } from './certs/untrust.ts';

export function certsCommand(): Command {
  const certs = new Command('certs').description('certificates: list and export them, trust the local CA');
  for (const command of COMMANDS) certs.addCommand(command());
  return certs;
}

const COMMANDS = [listCommand, exportCommand, trustCommand, untrustCommand];

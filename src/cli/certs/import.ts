// `gatehouse certs import`: a certificate from elsewhere goes into service for the names it covers, and is renewed by the
// gateway from then on: the way over from certbot and its like.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { GatehouseError } from '../../base/errors.ts';
import type { CertificateFile } from '../../config/model/certificates.ts';
import { loadCertificateFile } from '../../tls/certificate.ts';
import { certificateStatus } from '../certificate-status.ts';
import { CONFIG_OPTION, JSON_OPTION } from '../options.ts';
import { DONE, printJson, report, say } from '../outcome.ts';
import { readConfig } from '../read-config.ts';
import { SELF } from '../self.ts';
import { becomeOwnerOf } from './owner.ts';

interface Options {
  readonly cert?: string;
  readonly key?: string;
  readonly pfx?: string;
  readonly passphraseFile?: string;
  readonly force?: true;
  readonly config: string;
  readonly json?: true;
}

export function importCommand(): Command {
  return new Command('import')
    .description('put a certificate from elsewhere into service; it is renewed by ACME later')
    .option('--cert <file>', 'PEM, leaf first with its chain')
    .option('--key <file>', 'PEM of its private key')
    .option('--pfx <file>', 'PKCS #12 with both, in place of --cert and --key')
    .option('--passphrase-file <file>', 'what opens the key, as the first line of a file')
    .option('--force', 'also one that has expired, or ends before the one in service')
    .addOption(CONFIG_OPTION())
    .addOption(JSON_OPTION())
    .addHelpText(
      'after',
      `
From certbot, without a moment in which clients are refused:
  ${SELF} certs import --cert /etc/letsencrypt/live/NAME/fullchain.pem --key /etc/letsencrypt/live/NAME/privkey.pem
A certificate that the gateway shall not replace belongs under certificates.files instead.`,
    )
    .action(async (options: Options) => {
      try {
        await importCertificate(options);
        process.exitCode = DONE;
      } catch (error) {
        process.exitCode = report(error, options.json);
      }
    });
}

async function importCertificate(options: Options): Promise<void> {
  const certificate = await loadCertificateFile(await fileOf(options));
  const config = readConfig(options.config);
  becomeOwnerOf(config.certificates.storage);
  // ACME and what it brings along take a while to load, and no other command waits for it.
  const { takeOver } = await import('../take-over.ts');
  const { names, isServed } = await takeOver(certificate, config, options.force === true);
  const { warnings } = certificate;
  if (options.json) printJson({ ...certificateStatus(certificate), importedFor: names, isServed, warnings });
  else tell(names, isServed, warnings);
}

async function fileOf({ cert, key, pfx, passphraseFile }: Options): Promise<CertificateFile> {
  const passphrase = passphraseFile === undefined ? undefined : await firstLine(passphraseFile);
  if (pfx !== undefined && cert === undefined && key === undefined) return { pfx: path.resolve(pfx), passphrase };
  if (pfx === undefined && cert !== undefined && key !== undefined) {
    return { cert: path.resolve(cert), key: path.resolve(key), passphrase };
  }
  throw refused('Name --cert and --key, or --pfx.');
}

async function firstLine(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).split(/\r?\n/, 1)[0] ?? '';
  } catch (error) {
    throw refused(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

function tell(names: readonly string[], isServed: boolean, warnings: readonly string[]): void {
  for (const warning of warnings) say(`warning: ${warning}`);
  const when = isServed ? 'served now' : 'served when the gateway starts; one that runs finds it at its next look';
  say(`Imported for ${names.join(', ')}: ${when}. The gateway renews it in time.`);
}

function refused(message: string): GatehouseError {
  return new GatehouseError('certificate_invalid', 'gateway', message);
}

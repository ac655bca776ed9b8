// `gatehouse certs`: the certificates that are served, and the local CA's root for those who must trust it.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { openLocalCa } from '../tls/local-ca.ts';
import { installRoot, uninstallRoot } from '../tls/trust.ts';
import { certificateStatus } from './certificate-status.ts';
import { inspectCertificates } from './check.ts';
import { CONFIG_OPTION, JSON_OPTION } from './options.ts';
import { DONE, FAILED, print, printJson, readConfig, report, say } from './outcome.ts';
import { SELF } from './self.ts';

const DAY_MS = 24 * 3_600_000;

export function certsCommand(): Command {
  return new Command('certs')
    .description('certificates: list them, trust the local CA')
    .addCommand(listCommand())
    .addCommand(trustCommand());
}

function listCommand(): Command {
  return new Command('list')
    .description('every certificate that the configuration serves')
    .addOption(CONFIG_OPTION())
    .addOption(JSON_OPTION())
    .action(async ({ config, json }: { config: string; json?: true }) => {
      try {
        const { certificates, warnings } = await inspectCertificates(readConfig(config));
        const rows = certificates.map(certificateStatus);
        if (json) {
          printJson({ certificates: rows, warnings });
        } else {
          for (const { names, keyType, notAfter, source } of rows) {
            const days = Math.floor((Date.parse(notAfter) - Date.now()) / DAY_MS);
            print(`${names.join(', ')}\n  ${keyType}, until ${notAfter} (${days} days), from ${source}`);
          }
          for (const warning of warnings) say(`warning: ${warning}`);
        }
        process.exitCode = DONE;
      } catch (error) {
        process.exitCode = report(error, json);
      }
    });
}

function trustCommand(): Command {
  return new Command('trust')
    .description("print the local CA's root certificate, or make this machine trust it")
    .addOption(CONFIG_OPTION())
    .option('--install', "put the root into this machine's trust store")
    .option('--uninstall', "take it out of this machine's trust store")
    .addOption(JSON_OPTION())
    .addHelpText(
      'after',
      `
Without an option the root is printed as PEM on stdout:
  ${SELF} certs trust > root.pem && curl --cacert root.pem https://localhost:8443/`,
    )
    .action(async (options: { config: string; install?: true; uninstall?: true; json?: true }) => {
      try {
        const { rootPem, rootPath, rootNotAfter } = openLocalCa(storageOf(options.config));
        if (options.install !== true && options.uninstall !== true) {
          if (options.json) printJson({ rootPath, rootPem, notAfter: rootNotAfter.toISOString() });
          else print(rootPem.trimEnd());
          say(`The root is stored in ${rootPath}. To make this machine trust it: ${SELF} certs trust --install`);
          process.exitCode = DONE;
          return;
        }
        const result = options.uninstall === true ? await uninstallRoot(rootPath) : await installRoot(rootPath);
        if (options.json) printJson(result);
        else say([result.message, ...result.commands.map((line) => `  ${line}`)].join('\n'));
        process.exitCode = result.installed === (options.install === true) ? DONE : FAILED;
      } catch (error) {
        process.exitCode = report(error, options.json);
      }
    });
}

/** Without a configuration in this folder: the folder that `demo` and `expose` use. */
function storageOf(file: string): string {
  return file === 'gatehouse.yaml' && !existsSync(file) ? path.resolve('certs') : readConfig(file).certificates.storage;
}

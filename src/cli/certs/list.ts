// `gatehouse certs list`: every certificate that the configuration serves.
import { Command } from 'commander';
import { certificateStatus } from '../certificate-status.ts';
import { inspectCertificates } from '../check.ts';
import { CONFIG_OPTION, JSON_OPTION } from '../options.ts';
import { DONE, print, printJson, readConfig, report, say } from '../outcome.ts';

const DAY_MS = 24 * 3_600_000;

export function listCommand(): Command {
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

// `gatehouse certs list`: every certificate that is served or ordered, as the running gateway says, else by its storage.
import { Command } from 'commander';
import type { ManagedStatus } from '../../acme/status.ts';
import { fetchStatus } from '../../admin/client.ts';
import type { CertificateStatus } from '../../admin/control.ts';
import { GatehouseError } from '../../base/errors.ts';
import type { Config } from '../../config/config.ts';
import { certificateStatus } from '../certificate-status.ts';
import { lifeLeft, managedInWords } from '../managed.ts';
import { CONFIG_OPTION, JSON_OPTION } from '../options.ts';
import { DONE, print, printJson, report, say } from '../outcome.ts';
import { readConfig } from '../read-config.ts';
import { viewStored } from '../stored.ts';

interface Listing {
  /** Who says so. */
  readonly from: 'gateway' | 'storage';
  readonly certificates: readonly CertificateStatus[];
  readonly managed: readonly ManagedStatus[];
  readonly warnings: readonly string[];
}

export function listCommand(): Command {
  return new Command('list')
    .description('every certificate that is served or ordered')
    .addOption(CONFIG_OPTION())
    .addOption(JSON_OPTION())
    .action(async ({ config, json }: { config: string; json?: true }) => {
      try {
        const listing = await listingOf(readConfig(config));
        if (json) printJson(listing);
        else printListing(listing);
        process.exitCode = DONE;
      } catch (error) {
        process.exitCode = report(error, json);
      }
    });
}

async function listingOf(config: Config): Promise<Listing> {
  const { socket } = config.admin;
  if (socket !== undefined) {
    try {
      const { certificates, managed, warnings } = await fetchStatus(socket);
      return { from: 'gateway', certificates, managed, warnings };
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
    }
  }
  const { loaded, managed, statuses } = await viewStored(config);
  const warnings = [...loaded.warnings, ...managed.warnings];
  return { from: 'storage', certificates: loaded.certificates.map(certificateStatus), managed: statuses, warnings };
}

function printListing({ from, certificates, managed, warnings }: Listing): void {
  const nowMs = Date.now();
  if (from === 'storage') say('No gateway runs with this configuration; this is what its storage has.');
  for (const { names, keyType, notAfter, source, issuer } of certificates) {
    // An ordered one is listed below with its future, unless it serves a name that is no longer ordered.
    if (source === 'acme' && managed.some(({ name }) => names.includes(name))) continue;
    print(`${names.join(', ')}  ${lifeLeft(notAfter, nowMs)}; ${keyType}, by ${issuer}; from ${source}`);
  }
  for (const status of managed) print(managedInWords(status, nowMs).join('\n'));
  for (const warning of warnings) say(`warning: ${warning}`);
}

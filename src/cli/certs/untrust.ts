// `gatehouse certs untrust`: this machine forgets the local CA.
import path from 'node:path';
import { Command } from 'commander';
import { uninstallRoot } from '../../tls/trust.ts';
import { CONFIG_OPTION, JSON_OPTION } from '../options.ts';
import { DONE, FAILED, report } from '../outcome.ts';
import { storageOf } from './storage.ts';
import { tell } from './trust.ts';

export function untrustCommand(): Command {
  return new Command('untrust')
    .description("take the local CA's root out of this machine's trust store")
    .addOption(CONFIG_OPTION())
    .addOption(JSON_OPTION())
    .action(async ({ config, json }: { config: string; json?: true }) => {
      try {
        // Not opened as an authority: one that is damaged or expired must be removable too, and none is made here.
        const result = await uninstallRoot(path.join(storageOf(config), 'internal/root.pem'));
        tell(result, json);
        process.exitCode = result.installed ? FAILED : DONE;
      } catch (error) {
        process.exitCode = report(error, json);
      }
    });
}

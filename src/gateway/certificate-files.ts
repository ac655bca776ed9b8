// Certificates that operators replace while the gateway runs: which files are watched, and what is said of a change.
import type { Problem } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import type { Records } from '../observe/records.ts';
import { certificateFiles } from '../tls/brought.ts';
import type { Runtime } from './runtime.ts';

/** Every file that certificates, client authorities and revocation lists are read from. */
export function watchedFiles(config: Config): string[] {
  const own = certificateFiles(config).flatMap((file) => ('pfx' in file ? [file.pfx] : [file.cert, file.key]));
  const clients = config.sites.flatMap(({ clientCertificates: asked }) => [asked?.ca, asked?.crl]);
  return [...own, ...clients.filter((path) => path !== undefined)];
}

/** One record for each certificate that is new, and for each file that cannot be used. */
export function tellRefresh(records: Records, before: Runtime, after: Runtime): void {
  const known = new Set(before.loaded.certificates.map(({ fingerprint256 }) => fingerprint256));
  for (const { names, notAfter, source, fingerprint256, warnings } of after.loaded.certificates) {
    if (known.has(fingerprint256)) continue;
    records.info('certificate', 'a new certificate is served', { names, notAfter: notAfter.toISOString(), source });
    for (const warning of warnings) records.warn('certificate', warning);
  }
  for (const [site, { id, anchors }] of after.clients.bySite) {
    if (before.clients.bySite.get(site)?.id === id) continue;
    records.info('certificate', 'client certificates are checked anew', { site, authorities: anchors.length });
  }
  const kept: readonly Problem[] = [...after.loaded.kept, ...after.clients.kept];
  for (const { file, message } of kept) {
    records.warn('certificate', `what was loaded before stays in force: ${message}`, { file });
  }
}

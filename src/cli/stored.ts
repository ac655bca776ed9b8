// What the storage has for a configuration, seen from a command: the certificates that would be served, and how the
// ordered ones stand. Nothing is ordered and nothing is made.
import type { ManagedStatus } from '../acme/status.ts';
import type { ManagedNames } from '../acme/wanted.ts';
import type { Config } from '../config/config.ts';
import type { Certificate } from '../tls/certificate.ts';
import { DEFAULT_SITE } from '../tls/plan.ts';
import type { LoadedCertificates } from '../tls/sites.ts';
import { inspectCertificates } from './inspect.ts';
import { say } from './outcome.ts';
import { storageFor } from './storage.ts';

export interface StoredView {
  readonly loaded: LoadedCertificates;
  /** What is ordered, of the names that need a certificate. */
  readonly managed: ManagedNames;
  /** Of those, and of the further ones. */
  readonly statuses: readonly ManagedStatus[];
  readonly find: (name: string) => Certificate | undefined;
}

/**
 * `further`: a name that the configuration does not list and that may be ordered on demand. Fails with a ProblemsError of
 * what cannot be served, a GatehouseError of the storage.
 */
export async function viewStored(config: Config, further: readonly string[] = []): Promise<StoredView> {
  if (config.certificates.issuer !== 'acme') {
    const loaded = await inspectCertificates(config);
    return { loaded, managed: { names: [], covered: [], warnings: [] }, statuses: [], find: () => undefined };
  }
  // ACME and what it brings along take a while to load.
  const { CertificateKeeper } = await import('../acme/keeper.ts');
  const { managedNames } = await import('../acme/wanted.ts');
  using opened = await storageFor(config);
  const keeper = new CertificateKeeper(config.certificates, opened.storage, (_, message) => say(message));
  try {
    const auto = config.sites.filter(({ certificate }) => certificate === 'auto');
    const names = auto.flatMap((site) => [site.name, ...site.aliases]).filter((name) => name !== DEFAULT_SITE);
    await keeper.load([...names, ...further]);
    const find = (name: string): Certificate | undefined => keeper.find(name);
    const loaded = await inspectCertificates(config, find);
    const managed = managedNames(loaded.wanted, config.certificates);
    const statuses = keeper.status().filter(({ name }) => [...managed.names, ...further].includes(name));
    return { loaded, managed, statuses, find };
  } finally {
    await keeper.stop();
  }
}

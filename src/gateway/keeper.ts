// The keeper of certificates for a configuration: the one that is there already, where it can go on, or another one.
import { isDeepStrictEqual } from 'node:util';
import type { CertificateKeeper } from '../acme/keeper.ts';
import type { Storage } from '../acme/storage/storage.ts';
import type { Config } from '../config/config.ts';
import type { Records } from '../observe/records.ts';
import { DEFAULT_SITE } from '../tls/plan.ts';
import type { Fellows } from './fellows.ts';
import type { Runtime } from './runtime.ts';

/** What is in force while the next configuration is made ready. */
export interface InForce {
  readonly runtime: Runtime;
  readonly keeper: CertificateKeeper | undefined;
}

/** With what is stored already. Undefined when no certificate is ordered, so that nothing of it is even loaded. */
export async function openKeeper(
  { certificates, sites }: Config,
  storage: Storage,
  records: Records,
  inForce: InForce | undefined,
): Promise<CertificateKeeper | undefined> {
  const names = sites.flatMap((site) => (site.certificate === 'auto' ? [site.name, ...site.aliases] : []));
  if (certificates.issuer !== 'acme' || names.length === 0) return undefined;
  const known = inForce?.keeper;
  const goesOn = known !== undefined && isDeepStrictEqual(inForce?.runtime.config.certificates, certificates);
  const keeper = goesOn ? known : await newKeeper(certificates, storage, records);
  await keeper.load(names.filter((name) => name !== DEFAULT_SITE));
  return keeper;
}

async function newKeeper(
  certificates: Config['certificates'],
  storage: Storage,
  records: Records,
): Promise<CertificateKeeper> {
  const { CertificateKeeper: Keeper } = await import('../acme/keeper.ts');
  return new Keeper(certificates, storage, (level, message, facts) => {
    if (level === 'error') records.error('certificate', message, facts.err, { ...facts, err: undefined });
    else records[level]('certificate', message, facts);
  });
}

export interface KeeperDuty {
  readonly wanted: readonly string[];
  /** Whether this is the process that orders. */
  readonly leads: boolean;
  readonly fellows: Fellows | undefined;
  /** Puts what has changed in force. */
  readonly refresh: () => void;
}

/** Beside the traffic: names without a certificate yet are served with what there is. May be called again. */
export function startKeeper(keeper: CertificateKeeper, { wanted, leads, fellows, refresh }: KeeperDuty): void {
  keeper.onChange = () => {
    refresh();
    if (leads) fellows?.certificatesChanged();
  };
  keeper.orderElsewhere = leads || fellows === undefined ? undefined : (name) => fellows.order(name);
  keeper.start(wanted);
}

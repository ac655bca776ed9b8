// What this machine has in common with others, opened with what the configuration says of it.
import { isDeepStrictEqual } from 'node:util';
import { openStorage, unsealed } from '../acme/storage/open.ts';
import type { Storage } from '../acme/storage/storage.ts';
import { GatehouseError } from '../base/errors.ts';
import { Seldom } from '../base/seldom.ts';
import type { Config } from '../config/config.ts';
import type { Records } from '../observe/records.ts';
import type { Shared, SharedStatus } from '../shared/shared.ts';

/** It outlives every configuration. */
export interface Sharing {
  /** undefined: this machine shares nothing. */
  readonly store: Shared | undefined;
  /** Of certificates; undefined: each configuration names a folder of this machine. */
  readonly storage: Storage | undefined;
}

/** How often the same fault in what is found there is told. */
const SAME_EVERY_MS = 30_000;

/** One that does not answer is no reason not to start. What nobody shares is not even loaded. */
export async function openSharing(config: Config, records: Records): Promise<Sharing> {
  const store = await openStore(config, records);
  if (store === undefined || !config.certificates.isShared) return { store, storage: undefined };
  const warning = unsealed(config);
  if (warning !== undefined) records.warn('certificate', warning);
  const seldom = new Seldom(SAME_EVERY_MS);
  const warn = (message: string): void => {
    if (seldom.isTime(message)) records.warn('certificate', message);
  };
  return { store, storage: await openStorage(config.certificates, { shared: store, keepsCopy: true, warn }) };
}

/** What it means, in words, that the shared store is of no use. */
export function aloneInWords({ certificates: { isShared } }: Config): string {
  if (!isShared) return 'this machine counts alone';
  return 'this machine counts alone, serves the certificates that it has, and orders none';
}

/** Fails with a GatehouseError for what only another start can change. */
export function refuseLateChange(before: Config, next: Config): void {
  if (isDeepStrictEqual(takenUpByStart(before), takenUpByStart(next))) return;
  const message =
    'shared, requestLimits.counters and a shared certificates.storage are taken up by a start only; nothing was reloaded';
  throw new GatehouseError('config_invalid', 'gateway', message);
}

function takenUpByStart({ shared, requestLimits, certificates: { isShared, storage } }: Config): unknown {
  return [shared, requestLimits.counters, isShared ? storage : undefined];
}

async function openStore(config: Config, records: Records): Promise<Shared | undefined> {
  if (config.shared === undefined) return undefined;
  const alone = aloneInWords(config);
  const { Shared: Store } = await import('../shared/shared.ts');
  const tell = ({ state, place, reason }: SharedStatus, when: string): void => {
    if (state === 'up') records.info('process', 'the shared store is up', { shared: place });
    else records.warn('process', `the shared store is of no use${when}; ${alone}`, { shared: place, state, reason });
  };
  const opened = new Store(config.shared, (status) => tell(status, ''));
  await opened.open();
  if (!opened.isUp) tell(opened.status, ' yet');
  return opened;
}

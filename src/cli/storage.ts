// The storage of certificates, for as long as a command needs it.
import { openStorage } from '../acme/storage/open.ts';
import type { Storage } from '../acme/storage/storage.ts';
import type { Config } from '../config/config.ts';
import { say } from './outcome.ts';

export interface CommandStorage extends Disposable {
  readonly storage: Storage;
}

/** A shared one that does not answer is waited for a second. Nothing of it is copied to this machine. */
export async function storageFor({ certificates, shared: settings }: Config): Promise<CommandStorage> {
  const warn = (message: string): void => say(`warning: ${message}`);
  if (!certificates.isShared || settings === undefined) {
    const storage = await openStorage(certificates, { shared: undefined, keepsCopy: false, warn });
    return { storage, [Symbol.dispose]: () => {} };
  }
  const { Shared } = await import('../shared/shared.ts');
  const shared = new Shared(settings, () => {});
  await shared.open();
  const storage = await openStorage(certificates, { shared, keepsCopy: false, warn });
  return { storage, [Symbol.dispose]: () => shared.close() };
}

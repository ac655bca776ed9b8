// Which storage a configuration means.
import { createPrivateKey } from 'node:crypto';
import type { Config } from '../../config/config.ts';
import type { CertificatesConfig } from '../../config/model/certificates.ts';
import type { Shared } from '../../shared/shared.ts';
import { readCertificate } from '../../tls/certificate.ts';
import { readStory } from '../story.ts';
import { FolderStorage } from './folder.ts';
import type { Storage } from './storage.ts';

export interface OpenOptions {
  /** undefined: nothing is shared. */
  readonly shared: Shared | undefined;
  /** False: what is found in a shared store is not copied to this machine, and nothing is mended. */
  readonly keepsCopy: boolean;
  /** Hears of what is refused, and of a copy that fails. */
  readonly warn: (message: string) => void;
}

/** What a shared storage needs is loaded only for one. */
export async function openStorage(config: CertificatesConfig, options: OpenOptions): Promise<Storage> {
  const { shared, keepsCopy, warn } = options;
  if (!config.isShared || shared === undefined) return new FolderStorage(config.storage);
  const { SharedStorage } = await import('./shared.ts');
  return new SharedStorage(shared, { copy: config.storage, keepsCopy, isSound, warn });
}

/** What the operator should hear of keys that others may read. */
export function unsealed({ certificates, shared }: Config): string | undefined {
  if (!certificates.isShared || shared?.secret !== undefined) return undefined;
  return 'private keys lie in the shared store as they are, and whoever writes there can have certificates issued: set shared.secret';
}

/** Whether a text can be what belongs under the key; for which name it is is looked at where that is known. */
export function isSound(key: string, text: string): boolean {
  try {
    if (key.endsWith('.pem')) return readCertificate(text, text, undefined, 'acme').names.length > 0;
    if (key.endsWith('.key')) return createPrivateKey(text).type === 'private';
    return !key.startsWith('certificates/') || readStory(text) !== undefined;
  } catch {
    return false;
  }
}

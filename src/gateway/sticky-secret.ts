// What sticky cookies are signed with where the configuration names no secret: made once, and kept with the certificates.
// So clients stay at their servers over a restart, and behind all gateways that share the storage.
import { randomBytes } from 'node:crypto';
import { FolderStorage } from '../acme/storage/folder.ts';
import type { Storage } from '../acme/storage/storage.ts';
import type { Config } from '../config/config.ts';

const KEY = 'sticky/secret';
const SECRET_BYTES = 32;
/** Another process that makes it at the same moment is done long before. */
const PATIENCE_MS = 10_000;

/** Undefined when nothing needs one. Fails with a GatehouseError when it cannot be kept. */
export async function stickySecret({ upstreams, certificates }: Config, storage: Storage): Promise<string | undefined> {
  const isNeeded = [...upstreams.values()].some(({ sticky }) => sticky !== undefined && sticky.secret === undefined);
  if (!isNeeded) return undefined;
  try {
    return await keptIn(storage);
  } catch (error) {
    if (!certificates.isShared) throw error;
    // The shared store is away: what this machine makes of its own holds until the next start.
    return keptIn(new FolderStorage(certificates.storage));
  }
}

async function keptIn(storage: Storage): Promise<string> {
  const kept = await storage.read(KEY);
  if (kept !== undefined) return kept;
  const lock = await storage.lock('sticky', AbortSignal.timeout(PATIENCE_MS));
  try {
    const meanwhile = await storage.read(KEY);
    if (meanwhile !== undefined) return meanwhile;
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    await storage.write(KEY, secret);
    return secret;
  } finally {
    await lock.release();
  }
}

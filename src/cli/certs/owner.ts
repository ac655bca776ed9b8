// Files that root makes in the storage could not be read by the gateway. So a command that root runs becomes the storage's
// owner before it touches it, and after it has read what only root can read.
import { statSync } from 'node:fs';

/** Does nothing for anybody but root, or while there is no storage yet. */
export function becomeOwnerOf(folder: string): void {
  if (process.geteuid?.() !== 0) return;
  const owner = statSync(folder, { throwIfNoEntry: false });
  if (owner === undefined || owner.uid === 0) return;
  process.setegid?.(owner.gid);
  process.seteuid?.(owner.uid);
}

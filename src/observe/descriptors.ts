// How many file descriptors this process has open, and may have. Each connection is one, and without any no client comes in.
import { openSync, readdirSync, readSync } from 'node:fs';

export interface Descriptors {
  readonly open: number;
  readonly max: number;
}

/** The file is short. */
const LIMITS_BYTES = 4096;

/** Stays open: when it matters nothing can be opened any more. undefined: this system does not tell. */
let limits: number | undefined;
try {
  limits = openSync('/proc/self/limits', 'r');
} catch {}

/** undefined: this system does not tell. */
export function descriptors(): Descriptors | undefined {
  const max = mostNow();
  if (max === undefined) return undefined;
  try {
    // The one that the folder is read by is closed again.
    return { open: readdirSync('/proc/self/fd').length - 1, max };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EMFILE' ? { open: max, max } : undefined;
  }
}

function mostNow(): number | undefined {
  if (limits === undefined) return undefined;
  const bytes = Buffer.alloc(LIMITS_BYTES);
  const text = bytes.toString('latin1', 0, readSync(limits, bytes, 0, LIMITS_BYTES, 0));
  const [, max] = /^Max open files\s+(\d+)/m.exec(text) ?? [];
  return max === undefined ? undefined : Number(max);
}

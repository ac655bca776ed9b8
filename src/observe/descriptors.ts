// How many file descriptors this process has open, and may have. Each connection is one, and without any no client comes in.
import { readdirSync, readFileSync } from 'node:fs';

export interface Descriptors {
  readonly open: number;
  readonly max: number;
}

/** undefined: this system does not tell. */
export function descriptors(): Descriptors | undefined {
  try {
    const [, max] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    // The one that the folder is read by is closed again.
    return max === undefined ? undefined : { open: readdirSync('/proc/self/fd').length - 1, max: Number(max) };
  } catch (error) {
    // Nothing can be opened any more, not even for this question.
    return (error as NodeJS.ErrnoException).code === 'EMFILE' ? { open: 1, max: 1 } : undefined;
  }
}

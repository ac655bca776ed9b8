// How the name of a certificate is written as the name of a file.
import { createHash } from 'node:crypto';

/** Beside endings and the marks of temporary files this keeps below the 255 bytes of a file name. */
const MAX_LENGTH = 150;

/**
 * `*` and `:` cannot stand in a file's name everywhere; `@` can, and no host name has it, so two names never become one.
 */
export function fileNameOf(name: string): string {
  const plain = name.includes(':') ? `@${name.replaceAll(':', '-')}` : name.replace('*', '@wildcard');
  if (plain.length <= MAX_LENGTH) return plain;
  return `${plain.slice(0, MAX_LENGTH / 2)}@${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}

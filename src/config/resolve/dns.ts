// The dns-01 challenge; not here yet.
import type { DnsConfig } from '../config.ts';
import type { Part } from '../part.ts';
export function resolveDns(_part: Part, _baseDir: string): DnsConfig | undefined {
  return undefined;
}

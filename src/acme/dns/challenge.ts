// The dns-01 challenge; not here yet.
import type { DnsConfig } from '../../config/config.ts';

export class Dns01 {
  readonly config: DnsConfig;

  constructor(config: DnsConfig) {
    this.config = config;
  }

  publish(name: string, _digest: string, _signal: AbortSignal): Promise<() => Promise<void>> {
    return Promise.reject(new Error(`no TXT record can be set for ${name}`));
  }
}

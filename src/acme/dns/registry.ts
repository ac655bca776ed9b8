// The providers by name. A new one is a file here, a line in this table, and its settings in
// config/schema/dns.ts.

import type { DnsProviderConfig } from '../../config/model/certificates.ts';
import { cloudflare } from './cloudflare.ts';
import { digitalocean } from './digitalocean.ts';
import { exec } from './exec.ts';
import type { DnsProvider } from './provider.ts';
import { rfc2136 } from './rfc2136.ts';
import { route53 } from './route53.ts';
import { webhook } from './webhook.ts';

type Name = DnsProviderConfig['name'];

const providers: { readonly [N in Name]: (settings: DnsProviderConfig & { name: N }) => DnsProvider } = {
  exec: (settings) => exec(settings),
  rfc2136: (settings) => rfc2136(settings),
  cloudflare: (settings) => cloudflare(settings),
  route53: (settings) => route53(settings),
  digitalocean: (settings) => digitalocean(settings),
  webhook: (settings) => webhook(settings),
};

export function makeProvider(settings: DnsProviderConfig): DnsProvider {
  const make = providers[settings.name] as (settings: DnsProviderConfig) => DnsProvider;
  return make(settings);
}

// Two groups of one site that set the same cookie would each overwrite what the other had remembered.

import type { SiteConfig } from '../model/sites.ts';
import type { Upstreams } from './upstreams.ts';

export function checkStickyNames(sites: readonly SiteConfig[], upstreams: Upstreams): void {
  for (const site of sites) {
    const owners = new Map<string, string>();
    for (const { upstream } of site.routes) {
      const cookie = upstreams.all().get(upstream)?.sticky?.cookie;
      if (cookie === undefined) continue;
      const owner = owners.get(cookie);
      if (owner !== undefined && owner !== upstream) {
        const text = `the site ${site.name} leads here and to ${owner}, which has this cookie too; give one of them another`;
        upstreams.part(upstream)?.at('sticky').fault('duplicate-name', text, 'key');
      }
      owners.set(cookie, upstream);
    }
  }
}

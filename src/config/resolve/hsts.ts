// HSTS of a site. What the preload list would refuse is a fault here, since nobody would hear of it otherwise.

import type { HstsConfig } from '../model/sites.ts';
import type { Part } from '../part.ts';

/** What https://hstspreload.org demands. */
const leastPreloadMs = 365 * 86_400_000;

/** undefined: the site says nothing. */
export function resolveHsts(part: Part): HstsConfig | undefined {
  if (!part.isGiven || part.isOff) return undefined;
  const isMap = part.text() === undefined;
  const maxAgeMs = (isMap ? part.at('maxAge') : part).durationMs();
  const includeSubdomains = isMap && part.at('includeSubdomains').flag();
  const preload = isMap && part.at('preload').flag();
  if (preload && (!includeSubdomains || maxAgeMs < leastPreloadMs)) {
    part.at('preload').fault('bad-value', 'preload needs includeSubdomains: true and a maxAge of at least 365d');
  }
  return { maxAgeSeconds: Math.floor(maxAgeMs / 1000), includeSubdomains, preload };
}

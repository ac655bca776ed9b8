// What is thrown away on somebody's word: one URL, all that begin alike, what has a tag, or everything. An order is plain
// data, so that one process can tell others.
import { canonicalTarget } from '../http/target.ts';

export type PurgeOrder =
  | { readonly kind: 'key'; readonly site: string; readonly key: string }
  | { readonly kind: 'prefix'; readonly site: string; readonly prefix: string }
  | { readonly kind: 'tag'; readonly site: string; readonly tag: string }
  | { readonly kind: 'all'; readonly site: string };

/** Under which the answers of a URL lie. Ports are no part of it, so that an invalidation reaches all. */
export function resourceKey(host: string, target: string): string {
  return host + target;
}

/** The same for a target that somebody wrote; undefined: no request for it would be taken. */
export function writtenKey(host: string, target: string): string | undefined {
  const canonical = canonicalTarget(target);
  return typeof canonical === 'string' ? undefined : resourceKey(host, canonical.path + canonical.query);
}

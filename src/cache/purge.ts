// What is thrown away on somebody's word: one URL, all that begin alike, what has a tag, or everything. An order is plain
// data, so that one process can tell others.

export type PurgeOrder =
  | { readonly kind: 'key'; readonly site: string; readonly key: string }
  | { readonly kind: 'prefix'; readonly site: string; readonly prefix: string }
  | { readonly kind: 'tag'; readonly site: string; readonly tag: string }
  | { readonly kind: 'all'; readonly site: string };

/** Under which the answers of a URL lie. Ports are no part of it, so that an invalidation reaches all. */
export function resourceKey(host: string, target: string): string {
  return host + target;
}

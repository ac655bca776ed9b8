// Reading Host and :authority strictly: one reading, or none. A lenient reader here is how a request
// reaches the site of another name (host confusion, cache poisoning).
import { isIPv6 } from 'node:net';

export interface Authority {
  /** Lower case, without a trailing dot; IPv6 in brackets. */
  readonly host: string;
  /** Undefined when none was given. */
  readonly port: number | undefined;
  /** Both, as everybody behind gets to see them. */
  readonly text: string;
}

const MAX_HOST_LENGTH = 255;
const MAX_CACHED = 1024;
const cache = new Map<string, Authority>();
/** The one that was asked for last, and its text: to compare is cheaper than to look up. */
let lastText: string | undefined;
let last: Authority | undefined;

/** `host [":" port]` (RFC 9110, 7.2; RFC 3986, 3.2.2) without userinfo; undefined for anything else. */
export function parseAuthority(text: string): Authority | undefined {
  if (text === lastText) return last;
  let authority = cache.get(text);
  if (authority === undefined) {
    authority = readAuthority(text);
    if (authority === undefined) return undefined;
    // Clients choose the key, so the table is emptied when full and never grows.
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(text, authority);
  }
  lastText = text;
  last = authority;
  return authority;
}

const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_-])?\.?)(?::([0-9]{1,5}))?$/i;

function readAuthority(text: string): Authority | undefined {
  if (text.length > MAX_HOST_LENGTH + 6) return undefined;
  const parts = AUTHORITY.exec(text);
  if (parts === null) return undefined;
  let host = (parts[1] as string).toLowerCase();
  if (host.length > MAX_HOST_LENGTH || host.includes('..')) return undefined;
  if (host.startsWith('[') && !isIPv6(host.slice(1, -1))) return undefined;
  if (host.endsWith('.')) host = host.slice(0, -1);
  const port = parts[2] === undefined ? undefined : Number(parts[2]);
  if (port !== undefined && (port < 1 || port > 65535)) return undefined;
  return { host, port, text: port === undefined ? host : `${host}:${port}` };
}

// Who the client is. Only a peer on the operator's list of trusted proxies is believed about anybody
// but itself; everybody else's forwarding fields are a claim (address spoofing).
import { isIP } from 'node:net';
import type { IpSet } from '../base/ip.ts';
import { plainAddress } from '../base/ip.ts';
import { headerList } from './headers.ts';

/** Longest chain of proxies that is looked through. */
const MAX_HOPS = 64;

/**
 * The address of the client: the right-most hop that is not a trusted proxy. X-Forwarded-For is read
 * when it is there, Forwarded (RFC 7239) only without it. A hop that is no address ends the walk:
 * what lies left of it cannot be vouched for.
 */
export function clientAddress(peer: string, headers: readonly string[], trusted: IpSet): string {
  if (!trusted.has(peer)) return peer;
  const list = headerList(headers, 'x-forwarded-for');
  const hops = list === undefined ? forwardedFor(headerList(headers, 'forwarded') ?? '') : list.split(',');
  let client = peer;
  for (let i = hops.length - 1, seen = 0; i >= 0 && seen < MAX_HOPS; i--, seen++) {
    const address = hopAddress((hops[i] as string).trim());
    if (address === undefined) break;
    client = address;
    if (!trusted.has(address)) break;
  }
  return client;
}

function forwardedFor(value: string): string[] {
  const hops: string[] = [];
  for (const element of value.split(',')) {
    for (const pair of element.split(';')) {
      const [name, node] = pair.split('=', 2);
      if (name?.trim().toLowerCase() === 'for' && node !== undefined) hops.push(node.trim().replace(/^"|"$/g, ''));
    }
  }
  return hops;
}

/** An address, perhaps with a port or in brackets; undefined for names such as `unknown` and `_hidden`. */
function hopAddress(hop: string): string | undefined {
  if (isIP(hop) !== 0) return plainAddress(hop);
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(hop)?.[1];
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? plainAddress(bracketed) : undefined;
  const withoutPort = /^([^:]+):\d{1,5}$/.exec(hop)?.[1];
  return withoutPort !== undefined && isIP(withoutPort) === 4 ? withoutPort : undefined;
}

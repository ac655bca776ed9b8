// Addresses: those to listen on (`:443`, `127.0.0.1:8443`, `[::1]:8443`, `localhost:8443`, or the port
// alone), and ranges of them (`10.0.0.0/8`, `2001:db8::/32`, or one address).

import { isIP, isIPv4, isIPv6 } from 'node:net';
import type { ListenAddress } from '../config.ts';
import { parseHostName } from './host-name.ts';
import type { Parsed } from './parsed.ts';

const example = 'write host:port, :port or a port, like 127.0.0.1:8443, [::1]:8443 or :8443';

/** Reads a text or a bare port number. `:port` and a port alone mean every address of the machine. */
export function parseListenAddress(written: string | number): Parsed<ListenAddress> {
  const text = String(written);
  if (text.includes('://')) return { fault: `holds a scheme; ${example}` };
  if (text.includes('/')) return { fault: `holds a slash; ${example}` };
  if (/^[0-9]+$/.test(text)) return withPort(undefined, text);
  if (isIPv6(text)) return { fault: `has no port, and IPv6 addresses stand in brackets; ${example}` };
  const colon = text.lastIndexOf(':');
  if (colon < 0 || text.endsWith(']')) return { fault: `has no port; ${example}` };
  const host = parseListenHost(text.slice(0, colon));
  return 'fault' in host ? host : withPort(host.value, text.slice(colon + 1));
}

/** True when listening on `a` already takes what `b` would listen on; port 0 takes nothing from anyone. */
export function coversAddress(a: ListenAddress, b: ListenAddress): boolean {
  if (a.port !== b.port || a.port === 0) return false;
  if (isEveryAddress(a) || a.host === b.host) return true;
  return a.host === '0.0.0.0' && b.host !== undefined && isIPv4(b.host);
}

/** No host, and `::` too: a socket on it takes IPv4 as well. */
export function isEveryAddress({ host }: ListenAddress): boolean {
  return host === undefined || host === '::';
}

/** The range as written; its address and prefix length are checked. */
export function parseCidr(text: string): Parsed<string> {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0 || address.includes('%')) {
    return { fault: 'is not an address range; write one like 10.0.0.0/8, 2001:db8::/32 or 192.0.2.7' };
  }
  if (prefix === undefined) return { value: text };
  const longest = family === 4 ? 32 : 128;
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(prefix) || Number(prefix) > longest) {
    return { fault: `has no prefix length from 0 to ${longest} after the slash` };
  }
  return { value: text };
}

/** An address to connect to. IPv6 stands in brackets. */
export function parseHostPort(text: string): Parsed<{ readonly host: string; readonly port: number }> {
  const parsed = parseListenAddress(text);
  if ('fault' in parsed) return parsed;
  const { host, port } = parsed.value;
  if (host === undefined || port === 0) return { fault: 'is not host:port, like 10.0.0.9:26379' };
  return { value: { host, port } };
}

function parseListenHost(text: string): Parsed<string | undefined> {
  if (text === '') return { value: undefined };
  if (isIPv4(text)) return { value: text };
  if (text.startsWith('[') && text.endsWith(']')) {
    const address = text.slice(1, -1);
    if (!isIPv6(address)) return { fault: `has no IPv6 address between its brackets; ${example}` };
    const zoneAt = address.indexOf('%');
    if (zoneAt >= 0) return { value: address };
    return { value: new URL(`http://[${address}]`).hostname.slice(1, -1) };
  }
  if (text.includes(':')) return { fault: `has more than one colon; IPv6 addresses stand in brackets, and ${example}` };
  const name = parseHostName(text);
  return 'fault' in name ? { fault: `has no valid host before the port; ${example}` } : { value: name.value };
}

function withPort(host: string | undefined, port: string): Parsed<ListenAddress> {
  if (!/^[0-9]+$/.test(port)) return { fault: `has no port number after the last colon; ${example}` };
  if (port.length > 5 || Number(port) > 65_535) return { fault: 'has a port above 65535' };
  return { value: { host, port: Number(port) } };
}

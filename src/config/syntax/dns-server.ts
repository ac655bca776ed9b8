// Addresses of DNS servers: those that are asked (an IP address, for a resolver cannot be looked up), and
// the one that takes updates (a host name too). The port is 53 unless one is written.

import { isIP, isIPv4, isIPv6 } from 'node:net';
import { parseHostName } from './host-name.ts';
import type { Parsed } from './parsed.ts';

const dnsPort = 53;

/** Where a DNS server listens. IPv6 addresses stand without brackets. */
export interface DnsServerAddress {
  readonly host: string;
  readonly port: number;
}

/** `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`. */
export function parseResolver(text: string): Parsed<DnsServerAddress> {
  const server = parseDnsServer(text);
  if ('fault' in server) return server;
  if (isIP(server.value.host) === 0) return { fault: 'is not an IP address; write one like 192.0.2.53 or [::1]:5353' };
  return server;
}

/** What `parseResolver` reads, and also `ns1.example.com` or `ns1.example.com:5353`. */
export function parseDnsServer(text: string): Parsed<DnsServerAddress> {
  if (text.includes('://')) return { fault: 'holds a scheme; write the host alone, or host:port' };
  if (isIPv6(text)) return text.includes('%') ? zoned : { value: { host: text, port: dnsPort } };
  const [, bracketed, host = bracketed, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::([0-9]{1,5}))?$/.exec(text) ?? [];
  if (host === undefined) return { fault: 'is not an address of a DNS server; write host or host:port' };
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535))
    return { fault: 'has no port from 1 to 65535' };
  let known = host;
  if (bracketed !== undefined) {
    if (!isIPv6(bracketed)) return { fault: 'has no IPv6 address between its brackets' };
    if (bracketed.includes('%')) return zoned;
  } else if (!isIPv4(host)) {
    const name = parseHostName(host);
    if ('fault' in name) return name;
    known = name.value;
  }
  return { value: { host: known, port: port === undefined ? dnsPort : Number(port) } };
}

/** `192.0.2.1:53` or `[2001:db8::1]:53`. */
export function formatDnsServer({ host, port }: DnsServerAddress): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

const zoned = { fault: 'has an interface (%) in its address, which a resolver cannot have' } as const;

// Host names as a site may carry them, in the one form in which requests are compared with them:
// lower-case ASCII (RFC 5891), no trailing dot, IPv6 in brackets.

import { isIPv4, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import type { Parsed } from './parsed.ts';

const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const maxNameLength = 253;

/** A name of a site: a host name, an IP address, `*.example.com`, or `default` for every other name. */
export function parseSiteName(text: string): Parsed<string> {
  return text === 'default' ? { value: 'default' } : parseAlias(text);
}

/** What `parseSiteName` reads, without `default`. */
export function parseAlias(text: string): Parsed<string> {
  if (text === 'default') return { fault: 'cannot be an alias; name a site default instead' };
  const misplaced = faultOfForm(text);
  if (misplaced !== undefined) return { fault: misplaced };
  if (!text.includes('*')) return parseHostName(text);
  if (text === '*') return { fault: 'is no host name; the site for every other name is called default' };
  const parent = text.slice(2);
  if (!text.startsWith('*.') || parent.includes('*')) {
    return { fault: 'has a * that is not the whole left-most label; write *.example.com' };
  }
  const name = parseHostName(parent);
  if ('fault' in name) return name;
  if (isIPv4(name.value) || name.value.startsWith('[')) return { fault: 'puts a * before an IP address' };
  return { value: `*.${name.value}` };
}

/** One host name or IP address; IPv6 in brackets. Names in other scripts become ASCII (xn--…). */
export function parseHostName(text: string): Parsed<string> {
  if (/^\[.*\]$/.test(text)) {
    const address = text.slice(1, -1);
    if (!isIPv6(address) || address.includes('%')) return { fault: 'has no IPv6 address between its brackets' };
    return { value: new URL(`http://${text}`).hostname };
  }
  if (!/^[\p{L}\p{M}\p{N}._-]+$/u.test(text)) return { fault: 'is not a host name like app.example.com' };
  const name = domainToASCII(text.endsWith('.') ? text.slice(0, -1) : text);
  if (isIPv4(name)) {
    return text === name
      ? { value: name }
      : { fault: 'is an unusual spelling of an IPv4 address; write it like 10.0.0.5' };
  }
  const labels = name.split('.');
  if (/^[0-9]+$/.test(labels.at(-1) ?? '')) return { fault: 'ends in a number but is not an IPv4 address' };
  if (name.length > maxNameLength || !labels.every((part) => label.test(part))) {
    return { fault: 'is not a host name: its labels hold letters, digits and inner hyphens, 1 to 63 of them' };
  }
  return { value: name };
}

/** Says in words what people put into a host name that belongs elsewhere. */
function faultOfForm(text: string): string | undefined {
  if (text.includes('://')) return 'holds a scheme; write the host name alone, like app.example.com';
  if (text.includes('${')) return `holds \${…}, which is not replaced in keys; write the host name itself`;
  if (text.includes('/')) return 'holds a path; write the host name alone, and paths under routes';
  if (text.includes('@')) return 'holds a user name; write the host name alone, like app.example.com';
  if (isIPv6(text)) return 'is an IPv6 address without brackets; write it like "[::1]"';
  if (/:[0-9]*$/.test(text) && !text.endsWith(']')) {
    return 'holds a port; write the host name alone, the port belongs in listen.https';
  }
  return undefined;
}

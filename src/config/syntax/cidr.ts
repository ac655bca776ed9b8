// Address ranges: `10.0.0.0/8`, `2001:db8::/32`, or one address.

import { isIP } from 'node:net';
import type { Parsed } from './parsed.ts';

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

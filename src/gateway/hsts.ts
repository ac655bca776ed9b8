// HSTS (RFC 6797): said with every answer that a site gives over TLS, refusals and error pages included, and never over
// plain HTTP, where anybody could have written it (7.2).
import type { HstsConfig } from '../config/model/sites.ts';
import type { Exchange } from '../http/exchange.ts';
import { setHeader } from '../http/headers.ts';
import type { Reply } from '../http/reply.ts';
import type { Router } from '../route/router.ts';

interface Promising {
  /** The value of the field; undefined: the site says nothing. */
  readonly hsts: string | undefined;
}

/** The backend's own word is replaced. Where no host could be read, the one that the connection was made for counts. */
export function addHsts(x: Exchange, { headers }: Reply, sites: Router<Promising>): void {
  const { tlsVersion, sni } = x.connection;
  if (tlsVersion === undefined) return;
  const { host } = x.request;
  const value = sites.find(host === '' && sni !== undefined ? sni.toLowerCase() : host)?.hsts;
  if (value !== undefined) setHeader(headers, 'strict-transport-security', value);
}

/** The field's value; undefined: the site says nothing. */
export function hstsValue(config: HstsConfig | undefined): string | undefined {
  if (config === undefined) return undefined;
  const { maxAgeSeconds, includeSubdomains, preload } = config;
  return `max-age=${maxAgeSeconds}${includeSubdomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`;
}

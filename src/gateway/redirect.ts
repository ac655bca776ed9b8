// What the plain-HTTP listener answers: the same address on TLS, for hosts that have a site.
import { errorReply } from '../http/error-page.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Reply } from '../http/reply.ts';
import type { Context } from './runtime.ts';

/** Undefined on a TLS connection. 308 keeps the method, so that a form posted to port 80 is not turned into a GET. */
export function redirectToHttps(x: Exchange, context: Context): Reply | undefined {
  if (x.connection.tlsVersion !== undefined) return undefined;
  const { host, path, query } = x.request;
  const site = context.runtime.sites.find(host);
  if (site === undefined) {
    x.reason = 'no-site';
    return errorReply(x, 404);
  }
  x.site = site.name;
  const { httpsPort } = context;
  const port = httpsPort === 443 ? '' : `:${httpsPort}`;
  const location = `https://${host}${port}${path === '*' ? '/' : path}${query}`;
  return { status: 308, headers: ['location', location, 'x-request-id', x.id], body: undefined };
}

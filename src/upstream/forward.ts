// The last stage of a request: send it to a backend and bring the answer's head back, with the paths,
// hosts and fields of both sides kept apart.
import type { HeaderChanges } from '../config/config.ts';
import type { ClientStream } from '../http/client-stream.ts';
import { removeCookie } from '../http/cookies.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Reply } from '../http/reply.ts';
import type { Backend } from './backend.ts';
import { Call } from './call.ts';
import { hostOverride, requestHeaders } from './request-head.ts';
import type { Mapping } from './response-head.ts';
import { responseHeaders } from './response-head.ts';
import type { Upstream } from './upstream.ts';

/** Where a route leads, resolved at load. */
export interface Target {
  readonly upstream: Upstream;
  /** Taken off the start of the path; undefined: nothing. */
  readonly stripPrefix: string | undefined;
  /** The site's, then the route's. */
  readonly requestChanges: readonly HeaderChanges[];
  readonly responseChanges: readonly HeaderChanges[];
}

/** Fails with a GatehouseError; the request body may then be partly consumed. */
export async function forward(x: Exchange, stream: ClientStream, target: Target): Promise<Reply> {
  const { request } = x;
  const { upstream, requestChanges, responseChanges } = target;
  const strippedPrefix = prefixOf(request.path, target.stripPrefix);
  const fields = requestHeaders(x, requestChanges, strippedPrefix === '' ? undefined : strippedPrefix);
  // The gateway's own cookie is no business of the application.
  if (upstream.sticky !== undefined) removeCookie(fields, upstream.sticky.cookie);
  const authority = hostOverride(requestChanges) ?? request.authority;
  const wish = upstream.wishOf(x);
  let mapping: Mapping | undefined;
  let used: Backend | undefined;
  const startedAt = performance.now();

  const makeCall = (backend: Backend): Call => {
    const basePath = backend.url.pathname.replace(/\/$/, '');
    mapping = { backend: backend.url, basePath, strippedPrefix };
    const rest = request.path.slice(strippedPrefix.length);
    const path = `${basePath}${rest.startsWith('/') || request.path === '*' ? '' : '/'}${rest}${request.query}`;
    const call = new Call(request.method, path, authority, fields, request.body);
    call.onInformational = (status, headers) => stream.inform(status, headers);
    used = backend;
    x.upstream = backend.origin;
    x.attempts++;
    x.whenGone = () => call.cancel();
    return call;
  };

  try {
    const result = request.isWebSocket
      ? await upstream.upgrade(makeCall, 'websocket', wish)
      : { reply: await upstream.send(makeCall, wish) };
    const reply = 'reply' in result ? result.reply : tunnelReply(result.headers, result);
    if (mapping !== undefined) reply.headers = responseHeaders(x, reply.headers, mapping, responseChanges);
    if (used !== undefined && used !== wish.backend && upstream.sticky !== undefined)
      reply.headers.push('set-cookie', upstream.sticky.setCookie(used));
    return reply;
  } finally {
    x.upstreamMs = performance.now() - startedAt;
  }
}

function tunnelReply(headers: readonly string[], tunnel: NonNullable<Reply['tunnel']>): Reply {
  return { status: 101, headers: [...headers], body: undefined, tunnel };
}

/** The part of the path that is really there to be taken off: a prefix ends where a segment ends. */
function prefixOf(path: string, prefix: string | undefined): string {
  if (prefix === undefined || !path.startsWith(prefix)) return '';
  const next = path.charAt(prefix.length);
  return next === '' || next === '/' ? prefix : '';
}

// The last stage of a request: send it to a backend and bring the answer's head back, with the paths,
// hosts and fields of both sides kept apart.
import type { HeaderChanges } from '../config/model/sites.ts';
import type { ClientStream } from '../http/client-stream.ts';
import { removeCookie } from '../http/cookies.ts';
import type { Exchange, RequestFacts } from '../http/exchange.ts';
import type { Headers } from '../http/headers.ts';
import { removeHeader } from '../http/headers.ts';
import type { Reply } from '../http/reply.ts';
import { isWhole } from '../http/reply.ts';
import { originalPath } from '../http/target.ts';
import type { Backend } from './backend.ts';
import { Call } from './call.ts';
import type { Upgraded } from './http1/upgrade.ts';
import { KeptBody, keepBody } from './kept-body.ts';
import { hostOverride, requestHeaders } from './request-head.ts';
import type { Mapping } from './response-head.ts';
import { interimHeaders, responseHeaders } from './response-head.ts';
import type { Upstream } from './upstream.ts';
import { Handshake, notSwitched } from './websocket.ts';

/** Where a route leads, resolved at load. */
export interface Target {
  readonly upstream: Upstream;
  /** Taken off the start of the path; undefined: nothing. */
  readonly stripPrefix: string | undefined;
  /** The backend gets the path as the client wrote it. */
  readonly keepsSpelling: boolean;
  /** The site's, then the route's. */
  readonly requestChanges: readonly HeaderChanges[];
  readonly responseChanges: readonly HeaderChanges[];
  /** `timeouts.stream`. */
  readonly streamMs: number;
}

/** Fails with a GatehouseError; the request body may then be partly consumed. */
export async function forward(x: Exchange, stream: Pick<ClientStream, 'inform'>, target: Target): Promise<Reply> {
  const { request } = x;
  const { upstream, requestChanges, responseChanges } = target;
  const strippedPrefix = prefixOf(request.path, target.stripPrefix);
  const spelledPath = target.keepsSpelling ? spelled(request, strippedPrefix) : request.path;
  const fields = requestHeaders(x, requestChanges, strippedPrefix === '' ? undefined : strippedPrefix);
  // The gateway's own cookie is no business of the application.
  if (upstream.sticky !== undefined) removeCookie(fields, upstream.sticky.cookie);
  const authority = hostOverride(requestChanges) ?? request.authority;
  const handshake = request.isWebSocket
    ? request.protocol === 'h2'
      ? Handshake.begin(fields)
      : Handshake.carryOn(fields)
    : undefined;
  const wish = upstream.wishOf(x);
  const body = keepBody(request.body, upstream.config.retries?.keepBodyBytes ?? 0);
  let mapping: Mapping | undefined;
  let used: Backend | undefined;
  /** The call to the server that the client has been with. */
  let atHome: Call | undefined;
  const startedAt = performance.now();

  const makeCall = (backend: Backend): Call => {
    const basePath = backend.url.pathname.replace(/\/$/, '');
    mapping = { backend: backend.url, basePath, strippedPrefix };
    const stripped = spelledPath.slice(strippedPrefix.length);
    // What follows `/api` in `/api//b` would be a host to whoever reads a target as a URL.
    const rest = strippedPrefix === '' ? stripped : stripped.replace(/^\/{2,}/, '/');
    const path = `${basePath}${rest.startsWith('/') || spelledPath === '*' ? '' : '/'}${rest}${request.query}`;
    const call = new Call(request.method, path, authority, fields, body);
    call.client = x.client;
    call.origin = x.connection;
    call.upload = x.upload;
    call.onInformational = (status, headers) => stream.inform(status, interimHeaders(headers, responseChanges));
    if (request.isGrpc) call.streamMs = target.streamMs;
    used = backend;
    if (backend === wish.backend) atHome = call;
    x.upstream = backend.origin;
    x.attempts++;
    x.whenGone = () => call.cancel();
    return call;
  };

  try {
    const result = request.isWebSocket
      ? await upstream.upgrade(makeCall, 'websocket', wish)
      : { reply: await upstream.send(makeCall, wish) };
    const reply = 'reply' in result ? result.reply : tunnelReply(result, handshake, target.streamMs);
    if (handshake?.isOurs === true && reply.tunnel === undefined && reply.status < 300) {
      drop(reply);
      throw notSwitched(reply.status);
    }
    if (mapping !== undefined) reply.headers = publicHeaders(x, reply, mapping, responseChanges);
    const cookie = used && upstream.cookieAfter(used, wish.backend, atHome?.hasFailed === true);
    if (cookie !== undefined) reply.headers.push('set-cookie', cookie);
    return reply;
  } finally {
    if (body instanceof KeptBody) body.drop();
    x.upstreamMs = performance.now() - startedAt;
  }
}

function publicHeaders(x: Exchange, reply: Reply, mapping: Mapping, changes: readonly HeaderChanges[]): Headers {
  try {
    return responseHeaders(x, reply.headers, mapping, changes);
  } catch (error) {
    drop(reply);
    throw error;
  }
}

/** Nobody will get it; what brings it is free. */
function drop({ body, tunnel }: Reply): void {
  if (body !== undefined && !isWhole(body)) body.cancel();
  tunnel?.socket.destroy();
}

function tunnelReply({ headers, socket, head }: Upgraded, handshake: Handshake | undefined, idleMs: number): Reply {
  // A switch has no content whose length could be told (RFC 9110, 8.6).
  removeHeader(headers, 'content-length');
  try {
    handshake?.check(headers);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return { status: 101, headers, body: undefined, tunnel: { socket, head, idleMs } };
}

/** The client's own spelling, where the prefix that goes is spelt as the operator has written it. */
function spelled(request: RequestFacts, strippedPrefix: string): string {
  const path = originalPath(request);
  return prefixOf(path, strippedPrefix) === strippedPrefix ? path : request.path;
}

/** The part of the path that is really there to be taken off: a prefix ends where a segment ends. */
function prefixOf(path: string, prefix: string | undefined): string {
  if (prefix === undefined || !path.startsWith(prefix)) return '';
  const next = path.charAt(prefix.length);
  return next === '' || next === '/' ? prefix : '';
}

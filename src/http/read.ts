// From a protocol's raw head to the canonical facts. Whatever HTTP leaves open to two readings is
// refused here, once, for HTTP/2 and HTTP/1.1 alike; what passes means one thing to everybody behind.
import { parseAuthority } from './authority.ts';
import type { BodySource } from './body.ts';
import type { Refusal, RequestFacts } from './exchange.ts';
import type { Glance } from './glance.ts';
import { glance } from './glance.ts';
import { isGrpc } from './grpc.ts';
import { headerValue } from './headers.ts';
import type { RawHead } from './raw-head.ts';
import { canonicalTarget } from './target.ts';

/** Bounds of a request head, from `requestLimits`. */
export interface HeadLimits {
  readonly headerBytes: number;
  readonly headers: number;
  readonly uriBytes: number;
  readonly bodyBytes: number;
  readonly ranges: number;
}

/** Facts always come back, so that even a refused request has its record. */
export function readHead(
  head: RawHead,
  limits: HeadLimits,
  body: BodySource | undefined,
): { facts: RequestFacts; refusal: Refusal | undefined } {
  const { protocol } = head;
  if (protocol === 'unknown') return refuse(head, 505, 'http-version');
  const fields = glance(head.headers);
  const refusal =
    checkBounds(head, fields, limits) ?? checkMethod(head) ?? checkFraming(head, fields) ?? checkFields(fields, limits);
  if (refusal !== undefined) return refuse(head, refusal.status, refusal.reason);

  const taken = takeAuthority(head, fields.host);
  if (typeof taken === 'string') return refuse(head, 400, taken);
  const authority = parseAuthority(taken.authority);
  if (authority === undefined) return refuse(head, 400, 'host-form');

  const target =
    taken.target === '*' && head.method === 'OPTIONS' ? { path: '*', query: '' } : canonicalTarget(taken.target);
  if (typeof target === 'string') return refuse(head, 400, target);

  const { contentLength } = fields;
  if (contentLength !== undefined && Number(contentLength) > limits.bodyBytes)
    return refuse(head, 413, 'body-too-large');
  return {
    facts: {
      protocol,
      version: head.version,
      method: head.method,
      target: head.target,
      path: target.path,
      query: target.query,
      authority: authority.text,
      host: authority.host,
      headers: head.headers,
      sentHeaders: head.sentHeaders,
      body,
      isWebSocket: body === undefined && head.isWebSocket,
      isGrpc: isGrpc(head),
    },
    refusal: undefined,
  };
}

function refuse(head: RawHead, status: number, reason: string): { facts: RequestFacts; refusal: Refusal } {
  const { version, method, target, headers, sentHeaders } = head;
  const protocol = head.protocol === 'unknown' ? 'http/1.1' : head.protocol;
  // For the records; nothing is routed any more.
  const authority = head.authority ?? headerValue(headers, 'host') ?? '';
  const named = { authority, host: parseAuthority(authority)?.host ?? '', path: '', query: '' };
  return {
    facts: {
      protocol,
      version,
      method,
      target,
      headers,
      sentHeaders,
      body: undefined,
      isWebSocket: false,
      isGrpc: false,
      ...named,
    },
    refusal: { status, reason },
  };
}

function checkBounds(head: RawHead, { bytes }: Glance, limits: HeadLimits): Refusal | undefined {
  if (head.target.length > limits.uriBytes) return { status: 414, reason: 'uri-too-long' };
  if (head.headers.length / 2 > limits.headers) return { status: 431, reason: 'too-many-headers' };
  const isOver = bytes + head.method.length + head.target.length > limits.headerBytes;
  return isOver ? { status: 431, reason: 'headers-too-large' } : undefined;
}

/** Methods tell case apart and none has small letters: `post` is past a rule for POST, and POST to a lax application. */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Z-]{1,32}$/;

function checkMethod({ method }: RawHead): Refusal | undefined {
  if (method === 'GET' || method === 'POST' || method === 'HEAD') return undefined;
  if (!METHOD.test(method)) return { status: 400, reason: 'method-form' };
  if (method === 'CONNECT') return { status: 501, reason: 'method-connect' };
  // TRACE would echo the client's cookies and our forwarding fields back to a script (cross-site tracing).
  return method === 'TRACE' ? { status: 405, reason: 'method-trace' } : undefined;
}

/**
 * Node's parser takes any coding that ends in chunked, and would hand over what lies under it as if it were the content
 * (RFC 9112, 6.1). HTTP/1.0 has no codings: who sends one may have been misled by somebody on the way.
 */
function checkFraming({ protocol }: RawHead, { transferEncoding }: Glance): Refusal | undefined {
  if (transferEncoding === undefined) return undefined;
  if (protocol === 'http/1.0') return { status: 400, reason: 'transfer-encoding-http10' };
  return transferEncoding.toLowerCase() === 'chunked' ? undefined : { status: 501, reason: 'transfer-encoding' };
}

const NEVER_HOP_BY_HOP = /^(?:host|authorization|cookie|content-.*|x-forwarded-.*|forwarded|x-real-ip|x-request-id)$/;

/** Fields that decide about more than one stage: each has one reading, or the request has none. */
function checkFields({ repeated, connection, range }: Glance, limits: HeadLimits): Refusal | undefined {
  if (repeated !== undefined) return { status: 400, reason: `${repeated}-repeated` };
  // `Connection: X-Forwarded-For` asks every proxy on the way to drop what a backend relies on.
  if (connection !== undefined && connection !== 'keep-alive') {
    for (const name of connection.split(',')) {
      if (NEVER_HOP_BY_HOP.test(name.trim().toLowerCase())) return { status: 400, reason: 'connection-field' };
    }
  }
  // Each range is a part of the answer with a head of its own (CVE-2011-3192); 416 is RFC 9110, 15.5.17.
  if (range !== undefined && range.split(',', limits.ranges + 1).length > limits.ranges)
    return { status: 416, reason: 'too-many-ranges' };
  return undefined;
}

/** One authority and an origin-form target, or the reason why there is none (RFC 9112, 3.2; RFC 9113, 8.3.1). */
function takeAuthority(head: RawHead, host: string | undefined): { authority: string; target: string } | string {
  if (head.protocol === 'h2') {
    // Of a proxy that ends TLS in front of us the other one may be right; anything else is no request for a gateway.
    if (head.scheme !== 'https' && head.scheme !== 'http') return 'scheme';
    const authority = head.authority ?? host;
    if (authority === undefined || authority === '') return 'host-missing';
    if (host !== undefined && host.toLowerCase() !== authority.toLowerCase()) return 'host-differs';
    return { authority, target: head.target };
  }
  if (host === undefined || host === '') return 'host-missing';
  if (head.target.startsWith('/') || head.target === '*') return { authority: host, target: head.target };
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(head.target);
  if (absolute === null) return 'target-form';
  if ((absolute[1] as string).toLowerCase() !== host.toLowerCase()) return 'host-differs';
  const rest = absolute[2] as string;
  return { authority: host, target: rest.startsWith('/') ? rest : `/${rest}` };
}

// What a backend is told of a request: the client's fields without those of its connection and those
// that claim what only the gateway knows, then the gateway's own.
import type { HeaderChanges } from '../config/config.ts';
import { clientCertificateFields, isClientCertificateField } from '../http/client-certificate.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Headers } from '../http/headers.ts';
import { headerList, headerValues, removeHeader, setHeader, words } from '../http/headers.ts';

/** How the gateway calls itself in Via (RFC 9110, 7.6.3): a name that tells nothing of the machine. */
const PSEUDONYM = 'gatehouse';

/**
 * Fields of one connection (RFC 9110, 7.6.1), of framing, and of spoofing: `Proxy` turns into
 * HTTP_PROXY in CGI (httpoxy), X-Original-URL and X-Rewrite-URL replace the path in some frameworks
 * after the gateway has judged it.
 */
const NEVER_FORWARDED = words(
  'connection keep-alive proxy-connection proxy-authorization proxy-authenticate te trailer ' +
    'transfer-encoding upgrade http2-settings content-length host expect proxy x-original-url ' +
    'x-rewrite-url x-forwarded-prefix',
);

/** Written by the gateway; a client's own are carried on only from a trusted proxy. */
const FORWARDING = words(
  'forwarded via x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto x-real-ip ' + 'x-request-id',
);

/** Fields for the backend, without host and framing. `prefix` is what was stripped from the path. */
export function requestHeaders(x: Exchange, changes: readonly HeaderChanges[], prefix: string | undefined): Headers {
  const { headers } = x.request;
  const out: Headers = [];
  const listed = connectionListed(headers);
  let cookies: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1] as string;
    if (NEVER_FORWARDED.has(name) || FORWARDING.has(name) || isClientCertificateField(name)) continue;
    // A name with `_` becomes the same variable as one with `-` in CGI and WSGI (header spoofing).
    if (name.includes('_') || listed?.has(name)) continue;
    // HTTP/2 clients may split the field; HTTP/1.1 allows only one (RFC 9113, 8.2.3).
    if (name === 'cookie') cookies = cookies === undefined ? value : `${cookies}; ${value}`;
    else out.push(name, value);
  }
  if (cookies !== undefined) out.push('cookie', cookies);
  addForwarding(out, x);
  if (x.clientCertificate !== undefined) out.push(...clientCertificateFields(x.clientCertificate));
  if (prefix !== undefined) out.push('x-forwarded-prefix', prefix);
  for (const change of changes) applyChanges(out, change);
  return out;
}

/** In place; `host` is not a field here, see `hostOverride`. */
export function applyChanges(headers: Headers, changes: HeaderChanges): void {
  for (const name of changes.remove) removeHeader(headers, name);
  for (const [name, value] of changes.set) if (name !== 'host') setHeader(headers, name, value);
}

/** The Host that the operator wants the backend to see instead of the client's. */
export function hostOverride(changes: readonly HeaderChanges[]): string | undefined {
  let host: string | undefined;
  for (const { set } of changes) host = set.get('host') ?? host;
  return host;
}

function connectionListed(headers: Headers): Set<string> | undefined {
  const list = headerList(headers, 'connection');
  if (list === undefined) return undefined;
  return new Set(list.split(',').map((name) => name.trim().toLowerCase()));
}

function addForwarding(out: Headers, x: Exchange): void {
  const { headers, authority, protocol } = x.request;
  const { peer, tlsVersion } = x.connection;
  const believed = (name: string): string | undefined =>
    x.fromTrustedProxy ? headerValues(headers, name).join(', ') || undefined : undefined;
  const scheme = tlsVersion === undefined ? 'http' : 'https';
  const version = protocol === 'h2' ? '2.0' : protocol.slice(5);
  const colon = authority.lastIndexOf(':');
  const hasPort = colon > authority.lastIndexOf(']') && colon !== -1;
  const port = hasPort ? authority.slice(colon + 1) : scheme === 'https' ? '443' : '80';
  const node = peer.includes(':') ? `"[${peer}]"` : peer;
  const element = `for=${node};host="${authority}";proto=${scheme}`;
  out.push('x-forwarded-for', append(believed('x-forwarded-for'), peer));
  out.push('x-forwarded-proto', believed('x-forwarded-proto') ?? scheme);
  out.push('x-forwarded-host', believed('x-forwarded-host') ?? authority);
  out.push('x-forwarded-port', believed('x-forwarded-port') ?? port);
  out.push('x-real-ip', x.client);
  out.push('forwarded', append(believed('forwarded'), element));
  out.push('via', append(believed('via'), `${version} ${PSEUDONYM}`));
  out.push('x-request-id', x.id);
}

function append(list: string | undefined, item: string): string {
  return list === undefined ? item : `${list}, ${item}`;
}

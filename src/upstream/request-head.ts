// What a backend is told of a request: the client's fields without those of its connection and those
// that claim what only the gateway knows, then the gateway's own.
import type { HeaderChanges } from '../config/model/sites.ts';
import { ADDRESS_CLAIMS, IDENTITY_CLAIMS, PLACE_CLAIMS } from '../http/claims.ts';
import { clientCertificateFields, isClientCertificateField } from '../http/client-certificate.ts';
import { passableTrailers } from '../http/client-stream.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Headers } from '../http/headers.ts';
import { headerList, headerValue, headerValues, removeHeader, setHeader } from '../http/headers.ts';

/** How the gateway calls itself in Via (RFC 9110, 7.6.3): a name that tells nothing of the machine. */
const PSEUDONYM = 'gatehouse';

const NEVER = 1;
const CLAIM = 2;

/** What a client may not tell a backend by itself; one look for each field. */
const KINDS: ReadonlyMap<string, number> = new Map([
  // Fields of one connection (RFC 9110, 7.6.1) and of framing.
  ...each(
    NEVER,
    'connection keep-alive proxy-connection proxy-authorization proxy-authenticate te trailer transfer-encoding ' +
      'upgrade http2-settings content-length host expect',
  ),
  // `Proxy` turns into HTTP_PROXY in CGI (httpoxy); the others replace path, host or method in some frameworks, after the
  // gateway has judged them.
  ...each(
    NEVER,
    'proxy x-original-url x-original-uri x-original-host x-original-method x-rewrite-url x-override-url ' +
      'x-http-destinationurl x-host x-http-host-override x-forwarded-prefix x-forwarded-path x-forwarded-uri ' +
      'x-forwarded-method x-forwarded-client-cert x-original-path x-rewrite-uri x-forwarded-request-uri ' +
      'x-ms-original-url x-waws-unencoded-url x-envoy-original-path x-script-name',
  ),
  // What a framework or server takes for its own: files that it sends, middleware that it skips, a second Range.
  ...each(NEVER, 'x-accel-mapping x-sendfile-type x-middleware-subrequest request-range'),
  // Written by the gateway, with what a trusted proxy has said.
  ...each(
    NEVER,
    'forwarded via x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto x-real-ip x-request-id',
  ),
  ...each(CLAIM, [...ADDRESS_CLAIMS, ...PLACE_CLAIMS, ...IDENTITY_CLAIMS].join(' ')),
]);

function each(kind: number, names: string): [string, number][] {
  return names.split(' ').map((name) => [name, kind]);
}

/** Fields for the backend, without host and framing. `prefix` is what was stripped from the path. */
export function requestHeaders(x: Exchange, changes: readonly HeaderChanges[], prefix: string | undefined): Headers {
  const { headers } = x.request;
  const out: Headers = [];
  const listed = connectionListed(headers);
  let cookies: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1] as string;
    const kind = KINDS.get(name);
    if (kind === NEVER || (kind === CLAIM && !x.fromTrustedProxy) || isClientCertificateField(name)) continue;
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

/** Those that a backend may get: one that merges them into its fields would believe what the gateway keeps from it. */
export function requestTrailers(trailers: readonly string[]): string[] {
  const passable = passableTrailers(trailers);
  const kept: string[] = [];
  for (let i = 0; i < passable.length; i += 2) {
    const name = passable[i] as string;
    if (!KINDS.has(name) && !name.includes('_')) kept.push(name, passable[i + 1] as string);
  }
  return kept;
}

/** In place; `host` is not a field here, see `hostOverride`. */
export function applyChanges(headers: Headers, changes: HeaderChanges): void {
  for (const name of changes.remove) removeHeader(headers, name);
  if (changes.defaults !== undefined) {
    for (const [name, value] of changes.defaults)
      if (headerValue(headers, name) === undefined) headers.push(name, value);
  }
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

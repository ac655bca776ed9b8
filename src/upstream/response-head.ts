// What a client is told of a backend's answer: nothing of the backend. Redirects and cookies that name
// it are rewritten to the address that the client knows.
import { GatehouseError } from '../base/errors.ts';
import type { HeaderChanges } from '../config/model/sites.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Headers } from '../http/headers.ts';
import { removeHeader, words } from '../http/headers.ts';
import { applyChanges } from './request-head.ts';

/** Fields of the connection to the backend; HTTP/2 forbids most of them outright (RFC 9113, 8.2.2). */
const NEVER_PASSED = words(
  'connection keep-alive proxy-connection proxy-authenticate transfer-encoding upgrade te ' +
    'http2-settings x-request-id',
);

/** Of two of these clients take the first, the last or both: a page that the rules saw as text, a redirect elsewhere. */
const SINGLE = words('content-type content-disposition content-location content-range location refresh');

/** How a client's address of a resource relates to the backend's. */
export interface Mapping {
  /** Where the backend was asked. */
  readonly backend: URL;
  /** In front of every path at the backend; empty: none. */
  readonly basePath: string;
  /** Taken off the client's path; empty: nothing. */
  readonly strippedPrefix: string;
}

/** The fields for the client. Fails with `upstream_protocol` where two of them contradict each other. */
export function responseHeaders(
  x: Exchange,
  headers: readonly string[],
  mapping: Mapping,
  changes: readonly HeaderChanges[],
): Headers {
  const out: Headers = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1] as string;
    if (NEVER_PASSED.has(name) || name.startsWith(':')) continue;
    if (SINGLE.has(name) && isKnown(headers, i, name, value)) continue;
    if (name === 'location' || name === 'content-location') out.push(name, publicLocation(x, value, mapping));
    else if (name === 'refresh') out.push(name, publicRefresh(x, value, mapping));
    else if (name === 'set-cookie') out.push(name, publicCookie(value, mapping));
    else out.push(name, value);
  }
  for (const change of changes) applyChanges(out, change);
  out.push('x-request-id', x.id);
  return out;
}

/** Whether the field at `at` says once more what one before it has said. */
function isKnown(headers: readonly string[], at: number, name: string, value: string): boolean {
  for (let i = 0; i < at; i += 2) {
    if (headers[i] !== name) continue;
    if (headers[i + 1] === value) return true;
    throw new GatehouseError(
      'upstream_protocol',
      'upstream',
      `the backend's answer has two fields ${name} that differ`,
    );
  }
  return false;
}

/** The fields of an interim answer (1xx) for the client. */
export function interimHeaders(headers: readonly string[], changes: readonly HeaderChanges[]): Headers {
  const out: Headers = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (!NEVER_PASSED.has(name)) out.push(name, headers[i + 1] as string);
  }
  for (const { remove } of changes) for (const name of remove) removeHeader(out, name);
  return out;
}

/** A reference to the backend becomes one to the public address; references elsewhere stay as they are. */
export function publicLocation(x: Exchange, location: string, mapping: Mapping): string {
  // Browsers read a backslash as a slash here.
  const absolute = /^(?:(https?):)?[/\\]{2}([^/?#\\]*)/i.exec(location);
  if (absolute === null) return location.startsWith('/') ? publicPath(location, mapping) : location;
  const authority = (absolute[2] as string).toLowerCase().replace(/^.*@/, '');
  const rest = location.slice(absolute[0].length);
  const base = `https://${x.request.authority}`;
  // The application was asked by plain HTTP and believes it is spoken to so: the client must stay on TLS.
  if (authority === x.request.authority) {
    return absolute[1]?.toLowerCase() === 'http' ? `${base}${publicPath(rest, mapping)}` : location;
  }
  return namesBackend(authority, mapping.backend) ? `${base}${publicPath(rest, mapping)}` : location;
}

function namesBackend(authority: string, backend: URL): boolean {
  if (authority === backend.host) return true;
  // With its default port spelt out, or with the port left off by an application that does not know it.
  const port = backend.port === '' ? (backend.protocol === 'https:' ? '443' : '80') : backend.port;
  return authority === `${backend.hostname}:${port}` || authority === backend.hostname;
}

function publicPath(path: string, { basePath, strippedPrefix }: Mapping): string {
  let rest = path;
  if (basePath !== '' && (rest === basePath || rest.startsWith(`${basePath}/`))) rest = rest.slice(basePath.length);
  if (strippedPrefix === '') return rest;
  // An application that reads X-Forwarded-Prefix has put it there itself.
  const isPrefixed =
    rest === strippedPrefix || (/^[/?#]/.test(rest.slice(strippedPrefix.length)) && rest.startsWith(strippedPrefix));
  return isPrefixed ? rest : `${strippedPrefix}${rest}`;
}

function publicRefresh(x: Exchange, value: string, mapping: Mapping): string {
  const parts = /^(\s*\d+\s*[;,]\s*url\s*=\s*)(.*)$/i.exec(value);
  return parts === null ? value : `${parts[1]}${publicLocation(x, parts[2] as string, mapping)}`;
}

/** `Domain` of the backend goes (the cookie is then for the host asked); `Path` moves with a stripped prefix. */
function publicCookie(cookie: string, mapping: Mapping): string {
  const [pair = '', ...attributes] = cookie.split(';');
  const kept = [pair];
  for (const attribute of attributes) {
    const equals = attribute.indexOf('=');
    const name = attribute
      .slice(0, equals === -1 ? undefined : equals)
      .trim()
      .toLowerCase();
    const value = equals === -1 ? '' : attribute.slice(equals + 1).trim();
    if (name === 'domain' && namesBackend(value.replace(/^\./, '').toLowerCase(), mapping.backend)) continue;
    if (name === 'path' && value.startsWith('/'))
      kept.push(` ${attribute.slice(0, equals).trim()}=${publicPath(value, mapping)}`);
    else kept.push(attribute);
  }
  return kept.join(';');
}

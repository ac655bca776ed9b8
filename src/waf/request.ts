// Fills a transaction with what a request consists of, before the rules of its phase run.

import { percentDecoded } from '../base/text.ts';
import { parseCookies } from './bodies/cookies.ts';
import { processorFor } from './bodies/processor.ts';
import { parseQuery } from './bodies/query.ts';
import type { Transaction } from './transaction.ts';
import { variableNumber } from './variables.ts';

/** A request head in plain strings of bytes. */
export interface RequestHead {
  readonly id: string;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
  readonly serverName: string;
  readonly method: string;
  /** As the client sent it. */
  readonly target: string;
  /** The canonical path, still percent-encoded: what routes and what the backend gets. Absent: the target's own. */
  readonly path?: string;
  /** `HTTP/1.1`, `HTTP/2.0`. */
  readonly protocol: string;
  /** Flat: name, value, name, value, …; order and repetition kept. */
  readonly headers: readonly string[];
}

const V = {
  argsGet: variableNumber('ARGS_GET'),
  argsGetNames: variableNumber('ARGS_GET_NAMES'),
  combinedSize: variableNumber('ARGS_COMBINED_SIZE'),
  authType: variableNumber('AUTH_TYPE'),
  remoteUser: variableNumber('REMOTE_USER'),
  basename: variableNumber('REQUEST_BASENAME'),
  cookies: variableNumber('REQUEST_COOKIES'),
  cookieNames: variableNumber('REQUEST_COOKIES_NAMES'),
  error: variableNumber('REQBODY_ERROR'),
  errorMsg: variableNumber('REQBODY_ERROR_MSG'),
  filename: variableNumber('REQUEST_FILENAME'),
  headers: variableNumber('REQUEST_HEADERS'),
  headerNames: variableNumber('REQUEST_HEADERS_NAMES'),
  line: variableNumber('REQUEST_LINE'),
  method: variableNumber('REQUEST_METHOD'),
  pathInfo: variableNumber('PATH_INFO'),
  segments: variableNumber('PATH_SEGMENTS'),
  protocol: variableNumber('REQUEST_PROTOCOL'),
  query: variableNumber('QUERY_STRING'),
  remoteAddress: variableNumber('REMOTE_ADDR'),
  remoteHost: variableNumber('REMOTE_HOST'),
  remotePort: variableNumber('REMOTE_PORT'),
  serverAddress: variableNumber('SERVER_ADDR'),
  serverName: variableNumber('SERVER_NAME'),
  serverPort: variableNumber('SERVER_PORT'),
  uniqueId: variableNumber('UNIQUE_ID'),
  uri: variableNumber('REQUEST_URI'),
  uriRaw: variableNumber('REQUEST_URI_RAW'),
  urlencodedError: variableNumber('URLENCODED_ERROR'),
  webAppId: variableNumber('WEBAPPID'),
} as const;

const BASIC = /^basic +([A-Za-z0-9+/=]+)$/i;

/** Everything that phase 1 can look at. */
export function addRequestHead(tx: Transaction, head: RequestHead, maxArguments: number): void {
  tx.setSingle(V.uniqueId, head.id);
  tx.setSingle(V.remoteAddress, head.clientAddress);
  tx.setSingle(V.remoteHost, head.clientAddress);
  tx.setSingle(V.remotePort, String(head.clientPort));
  tx.setSingle(V.serverAddress, head.serverAddress);
  tx.setSingle(V.serverPort, String(head.serverPort));
  tx.setSingle(V.serverName, head.serverName);
  if (tx.plan.settings.webAppId !== undefined) tx.setSingle(V.webAppId, tx.plan.settings.webAppId);
  addTarget(tx, head, maxArguments);
  addHeaders(tx, head.headers);
}

function addTarget(tx: Transaction, head: RequestHead, maxArguments: number): void {
  const { method, target, protocol } = head;
  tx.setSingle(V.method, method);
  tx.setSingle(V.protocol, protocol);
  tx.setSingle(V.line, `${method} ${target} ${protocol}`);
  tx.setSingle(V.uriRaw, target);
  const uri = withoutOrigin(target);
  tx.setSingle(V.uri, uri);
  const mark = uri.indexOf('?');
  // A rule that guards a path, or spares one, must see what the backend will: `/x/../admin` is `/admin`.
  const path = percentDecoded(head.path ?? (mark === -1 ? uri : uri.slice(0, mark)));
  tx.setSingle(V.filename, path);
  const unmerged = withEmptySegments(percentDecoded(mark === -1 ? uri : uri.slice(0, mark)));
  // A URL within a path is one only with both its slashes, which the canonical path has not: the rules see both forms.
  if (unmerged !== undefined && unmerged !== path) tx.add(V.filename, '', unmerged);
  tx.setSingle(V.pathInfo, path);
  if (tx.plan.reads.has(V.segments)) addSegments(tx, head.path ?? (mark === -1 ? uri : uri.slice(0, mark)));
  tx.setSingle(V.basename, path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1));
  const query = mark === -1 ? '' : uri.slice(mark + 1);
  tx.setSingle(V.query, query);
  const separator = tx.plan.settings.argumentSeparator;
  const parsed = parseQuery(query, separator === undefined ? { maxArguments } : { maxArguments, separator });
  let size = 0;
  for (const { name, value } of parsed.args) {
    tx.add(V.argsGet, name, value);
    tx.add(V.argsGetNames, name, name);
    size += name.length + value.length;
  }
  tx.argumentBytes = size;
  tx.setSingle(V.combinedSize, String(size));
  if (parsed.invalidEncoding) tx.setSingle(V.urlencodedError, '1');
  // A flag that only a body could raise otherwise: what is not read must not pass for read.
  if (parsed.tooMany) {
    tx.setSingle(V.error, '1');
    tx.setSingle(V.errorMsg, `more than ${maxArguments} parameters in the query`);
  }
}

/** Each segment by itself, so that a rule can tell where a value begins. */
function addSegments(tx: Transaction, path: string): void {
  for (const segment of path.split('/', MAX_SEGMENTS))
    if (segment !== '') tx.add(V.segments, '', percentDecoded(segment));
}

/** A path of more segments is looked at as a whole only. */
const MAX_SEGMENTS = 100;

/** A path whose dot segments are resolved and whose empty segments are kept; undefined: it has none. */
function withEmptySegments(path: string): string | undefined {
  if (!path.includes('//')) return undefined;
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  return kept.join('/');
}

/** `http://host/path` (RFC 9112, 3.2.2) without the part that names the server. */
function withoutOrigin(target: string): string {
  const origin = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/.exec(target);
  return origin === null ? target : target.slice(origin[0].length) || '/';
}

/** Fields that come behind the body (RFC 9110, 6.5): a backend may take them for fields of the head, and so do the rules. */
export function addTrailers(tx: Transaction, trailers: readonly string[]): void {
  for (let i = 0; i < trailers.length; i += 2) {
    tx.add(V.headers, trailers[i] as string, trailers[i + 1] as string);
    tx.add(V.headerNames, trailers[i] as string, trailers[i] as string);
  }
}

function addHeaders(tx: Transaction, headers: readonly string[]): void {
  let contentType = '';
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1] as string;
    tx.add(V.headers, name, value);
    tx.add(V.headerNames, name, name);
    switch (name.toLowerCase()) {
      case 'content-type':
        contentType = value;
        break;
      case 'cookie':
        addCookies(tx, value);
        break;
      case 'authorization':
        addAuthorization(tx, value);
        break;
    }
  }
  tx.contentType = contentType;
  const processor = processorFor(contentType);
  if (processor !== undefined) tx.setBodyProcessor(processor);
}

function addCookies(tx: Transaction, header: string): void {
  for (const { name, value } of parseCookies(header)) {
    tx.add(V.cookies, name, value);
    tx.add(V.cookieNames, name, name);
  }
}

function addAuthorization(tx: Transaction, value: string): void {
  const [scheme] = value.split(' ', 1);
  if (scheme !== undefined) tx.setSingle(V.authType, scheme);
  const basic = BASIC.exec(value);
  if (basic === null) return;
  const [user] = Buffer.from(basic[1] as string, 'base64')
    .toString('latin1')
    .split(':', 1);
  tx.setSingle(V.remoteUser, user ?? '');
}

// The head of a request as one string. The front has checked all of this already; it is checked again
// where the bytes are made, because a line end let through here is a second request at the backend.
import { GatehouseError } from '../../base/errors.ts';
import type { Call } from '../call.ts';
import { AUTHORITY, isAll, isEmptyOrAll, isLowerToken, isValue, TARGET, TOKEN } from './syntax.ts';

/** Methods for which the absence of a body is said, since backends await one (RFC 9110, 8.6). */
const EXPECTS_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** Framing and connection belong to this client alone: a second one is request smuggling. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Writes the head of a request; `upgrade` names the protocol to switch to, if any. Throws 'bad_request'
 * for whatever HTTP/1.1 cannot say without a doubt; then nothing may be sent.
 */
export function writeRequestHead(call: Call, upgrade: string | undefined): string {
  const { method, path, authority, headers } = call;
  // CONNECT has no origin-form and an answer without framing (RFC 9112, 6.3).
  if (!isAll(method, TOKEN) || method === 'CONNECT') throw refusal('the method');
  if (!isTarget(path, method)) throw refusal('the path');
  if (!isAll(authority, AUTHORITY)) throw refusal('the authority');
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${authority}\r\n`;
  let hasTe = false;
  if ((headers.length & 1) !== 0) throw refusal('the field list');
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1] as string;
    if (!isLowerToken(name) || OWN_FIELDS.has(name)) throw refusal('a field name');
    if (!isValue(value)) throw refusal('a field value');
    if (name === 'te') hasTe = true;
    head += `${name}: ${value}\r\n`;
  }
  if (upgrade !== undefined) head += upgradeFields(call, upgrade);
  else if (hasTe) head += 'connection: te\r\n'; // RFC 9110, 10.1.4.
  return `${head}${framingField(call)}\r\n`;
}

/** Origin-form, or `*` for OPTIONS (RFC 9112, 3.2). */
function isTarget(path: string, method: string): boolean {
  if (path === '*') return method === 'OPTIONS';
  return path.charCodeAt(0) === 47 && isEmptyOrAll(path, TARGET);
}

/**
 * The body's framing, whatever the method: a body of GET, DELETE or OPTIONS without it arrives as a
 * second request at the backend (request smuggling).
 */
function framingField(call: Call): string {
  const { body } = call;
  if (body === undefined) return EXPECTS_BODY.has(call.method) ? 'content-length: 0\r\n' : '';
  const { length } = body;
  if (length === undefined) return 'transfer-encoding: chunked\r\n';
  if (!Number.isSafeInteger(length) || length < 0) throw refusal('the length of the body');
  return `content-length: ${length}\r\n`;
}

function upgradeFields(call: Call, protocol: string): string {
  // A body ahead of the switch would make it uncertain where the other protocol begins.
  if (call.body !== undefined) throw refusal('an upgrade with a body');
  if (!protocol.split('/').every((part) => isAll(part, TOKEN))) throw refusal('the protocol to upgrade to');
  return `connection: Upgrade\r\nupgrade: ${protocol}\r\n`;
}

function refusal(what: string): GatehouseError {
  return new GatehouseError('bad_request', 'client', `${what} of the request cannot be sent as HTTP/1.1`);
}

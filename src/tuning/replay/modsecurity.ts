// Audit logs in JSON: of ModSecurity 3 and Coraza (all in `transaction`), and of ModSecurity 2 (sections beside each other).
import { bytesOf, isMap, NOTHING_KNOWN, type PastRequest, textOf, withBody } from './request.ts';

type Fields = Readonly<Record<string, unknown>>;

/** undefined: it is no record of one. */
export function readModSecurity(line: Fields, name: string): PastRequest | undefined {
  const { transaction } = line;
  if (!isMap(transaction)) return undefined;
  if (isMap(transaction.request)) return readVersion3(transaction, transaction.request, name);
  return isMap(line.request) ? readVersion2(line, transaction, line.request, name) : undefined;
}

function readVersion3(transaction: Fields, request: Fields, name: string): PastRequest | undefined {
  const target = textOf(request.uri);
  if (target === '') return undefined;
  const version = textOf(request.http_version) || textOf(request.protocol).replace(/^HTTP\//, '') || '1.1';
  const response = isMap(transaction.response) ? transaction.response : {};
  const messages = Array.isArray(transaction.messages) ? transaction.messages.filter(isMap) : [];
  const interrupted = transaction.is_interrupted;
  const status = Number(textOf(response.http_code) || textOf(response.status));
  const headers = headersOf(request.headers);
  return {
    ...NOTHING_KNOWN,
    name: textOf(transaction.unique_id) || textOf(transaction.id) || name,
    site: undefined,
    client: textOf(transaction.client_ip) || '127.0.0.1',
    method: textOf(request.method) || 'GET',
    target: bytesOf(target),
    protocol: `HTTP/${/^\d$/.test(version) ? `${version}.0` : version}`,
    headers,
    ...withBody(Buffer.from(textOf(request.body), 'utf8'), headers),
    // Older versions do not say whether they stopped it; what they stop they answer with 403.
    wasStopped: typeof interrupted === 'boolean' ? interrupted : status === 403 && messages.length > 0,
    rules: messages.flatMap((message) => ruleOf(message)),
  };
}

function ruleOf(message: Fields): PastRequest['rules'] {
  const details = isMap(message.details) ? message.details : isMap(message.data) ? message.data : {};
  const id = Number(textOf(details.ruleId) || textOf(details.id));
  return Number.isInteger(id) && id > 0 ? [{ id, fields: [] }] : [];
}

function readVersion2(line: Fields, transaction: Fields, request: Fields, name: string): PastRequest | undefined {
  const [, method, target, protocol] = /^(\S+) (\S+)(?: (\S+))?$/.exec(textOf(request.request_line)) ?? [];
  if (method === undefined || target === undefined) return undefined;
  const audit = isMap(line.audit_data) ? line.audit_data : {};
  const messages = Array.isArray(audit.messages) ? audit.messages.map(textOf) : [];
  const action = isMap(audit.action) ? audit.action : {};
  const headers = headersOf(request.headers);
  const body = Array.isArray(request.body) ? request.body.map(textOf).join('') : textOf(request.body);
  return {
    ...NOTHING_KNOWN,
    name: textOf(transaction.transaction_id) || name,
    site: undefined,
    client: textOf(transaction.remote_address) || '127.0.0.1',
    method,
    target: bytesOf(target),
    protocol: protocol ?? 'HTTP/1.0',
    headers,
    ...withBody(Buffer.from(body, 'utf8'), headers),
    wasStopped: action.intercepted === true,
    rules: messages.flatMap((message) => {
      const id = /\[id "(\d{1,15})"\]/.exec(message)?.[1];
      return id === undefined ? [] : [{ id: Number(id), fields: [] }];
    }),
  };
}

/** A value may be a list: of Coraza always, of ModSecurity when a field was repeated. */
function headersOf(headers: unknown): string[] {
  if (!isMap(headers)) return [];
  return Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((each) => [bytesOf(name), bytesOf(textOf(each))]),
  );
}

// A request as a test writes it down, made into what the engine is given: bytes, as a client would send them.
import type { Part } from '../../config/part.ts';
import { METHOD_KEYS } from './request-schema.ts';

/** Strings of bytes. */
export interface TestRequest {
  readonly method: string;
  readonly target: string;
  /** Flat: name, value, … */
  readonly headers: readonly string[];
  readonly body: string;
  /** undefined: the answer is of no interest. */
  readonly response: TestResponse | undefined;
}

export interface TestResponse {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
}

const BOUNDARY = 'gatehouse-test-boundary';

export function readTestRequest(part: Part): TestRequest {
  const key = METHOD_KEYS.find((name) => part.at(name).isGiven);
  const body = bodyOf(part);
  const method = part.at('method').text() ?? key?.toUpperCase() ?? (body === undefined ? 'GET' : 'POST');
  const written = part.at(key ?? 'target').text() ?? '/';
  const query = part.at('query').entries().map(pairOf).join('&');
  const target = query === '' ? written : `${written}${written.includes('?') ? '&' : '?'}${query}`;
  const given = fieldsOf(part.at('headers'));
  const type = part.at('type').text() ?? body?.type;
  const cookies = part
    .at('cookies')
    .entries()
    .map(([name, value]) => `${name}=${value.text() ?? ''}`);
  const headers = [
    ...(hasField(given, 'host') ? [] : ['host', 'app.example.com']),
    ...given,
    ...(type === undefined || hasField(given, 'content-type') ? [] : ['content-type', type]),
    ...(cookies.length === 0 ? [] : ['cookie', cookies.join('; ')]),
  ];
  return {
    method,
    target: encodeTarget(target),
    headers: headers.map(bytes),
    body: body?.bytes ?? '',
    response: responseOf(part.at('response')),
  };
}

function responseOf(part: Part): TestResponse | undefined {
  if (!part.isGiven) return undefined;
  const headers = fieldsOf(part.at('headers'));
  return {
    status: part.at('status').number(),
    headers: (hasField(headers, 'content-type') ? headers : ['content-type', 'text/html', ...headers]).map(bytes),
    body: bytes(part.at('body').text() ?? ''),
  };
}

interface Body {
  readonly type: string;
  readonly bytes: string;
}

function bodyOf(part: Part): Body | undefined {
  const files = part.at('files').items();
  const form = part.at('form').entries();
  const { json, xml, body, base64 } = {
    json: part.at('json'),
    xml: part.at('xml'),
    body: part.at('body'),
    base64: part.at('base64'),
  };
  if (files.length > 0) return { type: `multipart/form-data; boundary=${BOUNDARY}`, bytes: multipart(form, files) };
  if (form.length > 0) return { type: 'application/x-www-form-urlencoded', bytes: form.map(pairOf).join('&') };
  if (json.isGiven) return { type: 'application/json', bytes: bytes(JSON.stringify(json.value)) };
  if (xml.isGiven) return { type: 'application/xml', bytes: bytes(xml.text() ?? '') };
  if (base64.isGiven)
    return { type: 'application/octet-stream', bytes: Buffer.from(base64.text() ?? '', 'base64').toString('latin1') };
  return body.isGiven ? { type: 'text/plain', bytes: bytes(body.text() ?? '') } : undefined;
}

function multipart(form: readonly [string, Part][], files: readonly Part[]): string {
  const fields = form.map(
    ([name, value]) => `Content-Disposition: form-data; name="${name}"\r\n\r\n${value.text() ?? ''}`,
  );
  const uploads = files.map((file) => {
    const text = (key: string): string => file.at(key).text() ?? '';
    const head = `Content-Disposition: form-data; name="${text('field')}"; filename="${text('name')}"`;
    return `${head}\r\nContent-Type: ${text('type')}\r\n\r\n${text('content')}`;
  });
  const parts = [...fields, ...uploads].map((each) => `--${BOUNDARY}\r\n${bytes(each)}\r\n`);
  return `${parts.join('')}--${BOUNDARY}--\r\n`;
}

function pairOf([name, value]: readonly [string, Part]): string {
  return `${encodeURIComponent(name)}=${encodeURIComponent(value.text() ?? '')}`;
}

function fieldsOf(part: Part): string[] {
  return part.entries().flatMap(([name, value]) => [name.toLowerCase(), value.text() ?? '']);
}

function hasField(fields: readonly string[], name: string): boolean {
  return fields.some((field, index) => index % 2 === 0 && field === name);
}

/** What no client can send as it is: blanks, controls, and what is not ASCII. */
function encodeTarget(target: string): string {
  return target.replace(/[^\x21-\x7e]+/g, (text) => encodeURIComponent(text));
}

function bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

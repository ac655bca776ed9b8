// Recordings of browsers: HAR 1.2 (the archive format that the developer tools of all browsers save).
import { bytesOf, isMap, NOTHING_KNOWN, type PastRequest, textOf, withBody } from './request.ts';

/** undefined: the document is no archive. */
export function readHar(document: unknown, name: string): PastRequest[] | undefined {
  const log = isMap(document) ? document.log : undefined;
  if (!isMap(log) || !Array.isArray(log.entries)) return undefined;
  return log.entries.flatMap((entry, i) => {
    const request = isMap(entry) ? entry.request : undefined;
    return isMap(request) ? (readRequest(request, `${name}#${i + 1}`) ?? []) : [];
  });
}

function readRequest(request: Readonly<Record<string, unknown>>, name: string): PastRequest | undefined {
  const url = URL.parse(textOf(request.url));
  if (url === null || !url.protocol.startsWith('http')) return undefined;
  const version = textOf(request.httpVersion).toUpperCase();
  const isHttp2 = /^(?:H2|H3|HTTP\/[23])/.test(version);
  const fields = Array.isArray(request.headers) ? request.headers.filter(isMap) : [];
  const headers = fields
    .map((field) => [bytesOf(textOf(field.name)), bytesOf(textOf(field.value))] as const)
    .filter(([key]) => key !== '' && !key.startsWith(':'));
  const hasHost = headers.some(([key]) => key.toLowerCase() === 'host');
  return {
    ...NOTHING_KNOWN,
    name,
    site: undefined,
    client: '127.0.0.1',
    method: textOf(request.method) || 'GET',
    target: `${url.pathname}${url.search}`,
    protocol: isHttp2 ? 'HTTP/2.0' : 'HTTP/1.1',
    headers: [...(hasHost ? [] : ['Host', url.host]), ...headers.flatMap((field) => asForm(field, request.postData))],
    ...withBody(bodyOf(request.postData), headers.flat()),
  };
}

/** A form whose fields alone were kept is sent as an ordinary one, whatever it was. */
function asForm([name, value]: readonly [string, string], data: unknown): readonly string[] {
  const isOfFields = isMap(data) && textOf(data.text) === '' && Array.isArray(data.params);
  const isType = name.toLowerCase() === 'content-type';
  return [name, isOfFields && isType ? 'application/x-www-form-urlencoded' : value];
}

/** `params` stand there in place of the text when the browser kept only the fields of a form. */
function bodyOf(data: unknown): Buffer {
  if (!isMap(data)) return Buffer.alloc(0);
  if (typeof data.text === 'string' && data.text !== '') {
    return Buffer.from(data.text, data.encoding === 'base64' ? 'base64' : 'utf8');
  }
  const params = Array.isArray(data.params) ? data.params.filter(isMap) : [];
  const form = new URLSearchParams(params.map(({ name, value }) => [textOf(name), textOf(value)]));
  return Buffer.from(form.toString());
}

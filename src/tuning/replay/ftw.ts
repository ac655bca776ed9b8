// Tests of go-ftw (the YAML files beside the Core Rule Set): the requests of their stages.
import { parse } from 'yaml';
import { bytesOf, isMap, NOTHING_KNOWN, type PastRequest, textOf } from './request.ts';

type Fields = Readonly<Record<string, unknown>>;

/** undefined: the text holds no tests. */
export function readFtw(text: string, name: string): PastRequest[] | undefined {
  const document = parse(text, { schema: 'failsafe', logLevel: 'silent' }) as unknown;
  if (!isMap(document) || !Array.isArray(document.tests)) return undefined;
  return document.tests.filter(isMap).flatMap((test) => {
    const id = textOf(test.test_title) || `${textOf(document.rule_id) || name}-${textOf(test.test_id)}`;
    const stages = Array.isArray(test.stages) ? test.stages.filter(isMap) : [];
    return stages.flatMap((each) => {
      const stage = isMap(each.stage) ? each.stage : each;
      return isMap(stage.input) ? (readInput(stage.input, id) ?? []) : [];
    });
  });
}

function readInput(input: Fields, name: string): PastRequest | undefined {
  const encoded = textOf(input.encoded_request);
  if (encoded !== '') return readRaw(Buffer.from(encoded, 'base64').toString('latin1'), name);
  const fields = isMap(input.headers) ? Object.entries(input.headers) : [];
  const headers = fields.flatMap(([key, value]) => [bytesOf(key), bytesOf(textOf(value))]);
  const has = (key: string): boolean => fields.some(([known]) => known.toLowerCase() === key);
  const body = Buffer.from(textOf(input.data), 'utf8');
  // What go-ftw adds unless the test says otherwise.
  if (body.length > 0 && !has('content-length') && input.autocomplete_headers !== 'false') {
    if (!has('content-type')) headers.push('Content-Type', 'application/x-www-form-urlencoded');
    headers.push('Content-Length', String(body.length));
  }
  return {
    ...NOTHING_KNOWN,
    name,
    site: undefined,
    client: '127.0.0.1',
    method: textOf(input.method) || 'GET',
    target: bytesOf(textOf(input.uri)) || '/',
    protocol: textOf(input.version) || 'HTTP/1.1',
    headers,
    body,
  };
}

function readRaw(raw: string, name: string): PastRequest | undefined {
  const end = raw.search(/\r?\n\r?\n/);
  const [line = '', ...fields] = (end === -1 ? raw : raw.slice(0, end)).split(/\r?\n/);
  const [method, target, protocol = 'HTTP/1.1'] = line.split(' ');
  if (method === undefined || target === undefined || method === '') return undefined;
  const headers = fields.flatMap((field) => {
    const colon = field.indexOf(':');
    return colon === -1 ? [] : [field.slice(0, colon), field.slice(colon + 1).trim()];
  });
  const body = end === -1 ? '' : raw.slice(end).replace(/^\r?\n\r?\n/, '');
  const facts = { ...NOTHING_KNOWN, name, site: undefined, client: '127.0.0.1' };
  return { ...facts, method, target, protocol, headers, body: Buffer.from(body, 'latin1') };
}

// A test's request as bytes, written the way go-ftw writes it: what a test gives is sent as given, right or wrong,
// and only what autocompletion adds is ours.
import type { Input } from './suite.ts';

const FORM = 'application/x-www-form-urlencoded';
/** As go-ftw has it, anchors on the first and last name only. */
const METHOD_WITH_BODY = /^POST|PUT|PATCH|DELETE$/;

export function requestBytes(input: Input): Buffer {
  if (input.raw !== undefined) return input.raw;
  const headers = [...input.headers];
  const has = (name: string): boolean => headers.some(([given]) => given.toLowerCase() === name);
  const hasValue = (name: string, test: (value: string) => boolean): boolean =>
    headers.some(([given, value]) => given.toLowerCase() === name && test(value.toLowerCase()));

  let { data } = input;
  if (input.autocomplete && data.length > 0) {
    if (!has('content-type')) headers.push(['Content-Type', FORM]);
    if (hasValue('content-type', (value) => value === FORM)) data = encodeForm(data);
  }
  // In a YAML block a line ends in LF, in multipart in CRLF (RFC 2046, 5.1.1).
  if (hasValue('content-type', (value) => value.includes('multipart/form-data;'))) data = linesEndInCrlf(data);
  if (input.autocomplete) {
    if (!has('connection')) headers.push(['Connection', 'close']);
    if (!has('content-length') && (data.length > 0 || METHOD_WITH_BODY.test(input.method))) {
      headers.push(['Content-Length', String(data.length)]);
    }
  }
  const fields = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([Buffer.from(`${input.method} ${input.uri} ${input.version}\r\n${fields}\r\n`), data]);
}

/** Names and values of a form are encoded, unless something in it looks encoded already. */
function encodeForm(data: Buffer): Buffer {
  const form = data.toString('latin1');
  if (/[%+]/.test(form)) return data;
  const pairs = form.split('&');
  if (pairs.at(-1) === '') pairs.pop();
  const encoded = pairs.map((pair) => {
    const at = pair.indexOf('=');
    return at < 0 ? escapeQuery(pair) : `${escapeQuery(pair.slice(0, at))}=${escapeQuery(pair.slice(at + 1))}`;
  });
  return Buffer.from(encoded.join('&'), 'latin1');
}

/** Go's url.QueryEscape, byte by byte. */
function escapeQuery(bytes: string): string {
  return bytes.replace(/[^A-Za-z0-9_.~-]/g, (byte) => {
    return byte === ' ' ? '+' : `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

function linesEndInCrlf(data: Buffer): Buffer {
  return Buffer.from(data.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
}

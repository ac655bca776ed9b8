// Where in a request a payload can stand.
import type { Random } from './random.ts';
import type { Sketch } from './request.ts';

const NAMES = [
  'q',
  'id',
  'name',
  'search',
  'user',
  'comment',
  'file',
  'url',
  'page',
  'data',
  'email',
  'cat',
  'value',
  'message',
  'filter',
];
const PATHS = ['/', '/search', '/api/items', '/index.php', '/products/list', '/login', '/api/v1/users', '/comments'];
const HEADERS = [
  'x-forwarded-for',
  'x-api-version',
  'x-custom',
  'x-request-id',
  'accept-language',
  'origin',
  'authorization',
  'x-forwarded-host',
  'from',
  'x-requested-with',
  'if-none-match',
  'x-client',
];
const BOUNDARY = '----WebKitFormBoundary7MA4YWxkTrZu0gW';

type Place = (text: string, random: Random) => Sketch;

const encode = (text: string): string => encodeURIComponent(text.toWellFormed()).replaceAll('%20', '+');
const xml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

export const PLACEMENTS = {
  query: (text, random) => ({
    target: `${random.of(PATHS)}?${random.of(NAMES)}=${encode(text)}&page=${random.below(9)}`,
  }),
  form: (text, random) => ({
    target: random.of(PATHS),
    type: 'application/x-www-form-urlencoded',
    body: `token=${random.hex(16)}&${random.of(NAMES)}=${encode(text)}`,
  }),
  json: (text, random) => ({
    target: random.of(PATHS),
    type: 'application/json',
    body: JSON.stringify({ id: random.below(999), [random.of(NAMES)]: text }),
  }),
  nested: (text, random) => ({
    target: random.of(PATHS),
    type: 'application/json; charset=utf-8',
    body: JSON.stringify({ data: { items: [{ [random.of(NAMES)]: text, count: 1 }] }, ok: true }),
  }),
  header: (text, random) => ({ target: random.of(PATHS), headers: [[random.of(HEADERS), text]] }),
  referer: (text, random) => ({
    target: random.of(PATHS),
    headers: [['referer', `https://shop.example.com/?${random.of(NAMES)}=${encode(text)}`]],
  }),
  plainreferer: (text, random) => ({ target: random.of(PATHS), headers: [['referer', text]] }),
  agent: (text, random) => ({ target: random.of(PATHS), headers: [['user-agent', text]] }),
  cookie: (text, random) => ({
    target: random.of(PATHS),
    headers: [['cookie', `sid=${random.hex(16)}; ${random.of(NAMES)}=${encodeURIComponent(text.toWellFormed())}`]],
  }),
  path: (text) => ({ target: `/${encodeURIComponent(text.toWellFormed()).replaceAll('%2F', '/')}` }),
  segment: (text) => ({ target: `/items/${encodeURIComponent(text.toWellFormed())}/view` }),
  part: (text, random) => multipart(`Content-Disposition: form-data; name="${random.of(NAMES)}"\r\n\r\n${text}`),
  filename: (text) =>
    multipart(
      `Content-Disposition: form-data; name="f"; filename="${text.replace(/["\r\n]/g, (char) => encodeURIComponent(char))}"\r\nContent-Type: image/png\r\n\r\nx`,
    ),
  content: (text) =>
    multipart(`Content-Disposition: form-data; name="f"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n${text}`),
  xml: (text, random) => ({
    target: random.of(PATHS),
    type: random.of(['application/xml', 'text/xml']),
    body: `<?xml version="1.0"?><order><id>${random.below(99)}</id><note>${xml(text)}</note></order>`,
  }),
  soap: (text) => ({
    target: '/ws',
    type: 'text/xml; charset=utf-8',
    headers: [['soapaction', '"get"']],
    body: `<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><get><a>${xml(text)}</a></get></soap:Body></soap:Envelope>`,
  }),
  raw: (text, random) => ({
    target: random.of(PATHS),
    type: random.of(['text/plain', 'application/octet-stream', 'text/plain;charset=UTF-8']),
    body: text,
  }),
  variable: (text) => ({
    target: '/graphql',
    type: 'application/json',
    body: JSON.stringify({ query: 'query Q($a: String!) { find(a: $a) { id name } }', variables: { a: text } }),
  }),
  name: (text) => ({ target: `/search?${encode(text)}=1` }),
  inner: (text, random) => ({ target: `/search?filter=${encode(JSON.stringify({ [random.of(NAMES)]: text, n: 1 }))}` }),
  grpc: (text) => ({
    target: '/shop.Items/Find',
    type: 'application/grpc',
    body: grpc(text),
    headers: [['te', 'trailers']],
  }),
} as const satisfies Readonly<Record<string, Place>>;

export type Placement = keyof typeof PLACEMENTS;

export function multipart(part: string | Buffer): Sketch {
  const body = Buffer.concat([
    Buffer.from(`--${BOUNDARY}\r\n`),
    Buffer.from(part),
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ]);
  return { target: '/upload', type: `multipart/form-data; boundary=${BOUNDARY}`, body };
}

/** One message with the text in field 1. */
export function grpc(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest >= 0x80; rest >>= 7) length.push((rest & 0x7f) | 0x80);
  const message = Buffer.concat([Buffer.from([0x0a, ...length, rest]), bytes]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

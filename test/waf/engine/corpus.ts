// Requests and answers made of everyday text and of soup from the kitchens of attackers, in every place where a client
// can put something, each piece in one of many disguises.
import fc from 'fast-check';
import { DISGUISES, each, hex } from './disguises.ts';
import pieces from './pieces.json' with { type: 'json' };
import type { Sent } from './support.ts';

const one = <T>(choices: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...choices);
const words = (list: string): fc.Arbitrary<string> => one(list.split(' '));
const latin = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

const piece = fc
  .tuple(
    fc.oneof({ arbitrary: one(pieces.benign), weight: 2 }, { arbitrary: one(pieces.soup), weight: 3 }),
    one(DISGUISES),
  )
  .map(([text, disguise]) => disguise(latin(text)));
const bytes = fc.uint8Array({ maxLength: 60 }).map((all) => Buffer.from(all).toString('latin1'));

/** Text of a client: mostly one or two pieces, sometimes bytes of any kind. */
const value: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: one(pieces.benign).map(latin), weight: 3 },
  { arbitrary: piece, weight: 5 },
  { arbitrary: fc.array(piece, { minLength: 2, maxLength: 4 }).map((all) => all.join(' ')), weight: 2 },
  { arbitrary: bytes, weight: 1 },
);
const name = fc.oneof(
  {
    arbitrary: words('id q page user.name x_y ID redirect_to items[0] pass file '),
    weight: 8,
  },
  { arbitrary: piece, weight: 1 },
);
const pairs = fc.array(fc.tuple(name, value), { maxLength: 4 });

/** Only what would end the value is escaped: the rest of a disguise goes on the line as it is. */
const sparing = each((byte) => (/[&=+# ]|[^\x21-\x7e]/.test(byte) ? `%${hex(byte)}` : byte));
const careful = each((byte) => (/[A-Za-z0-9._-]/.test(byte) ? byte : `%${hex(byte)}`));
const query = fc
  .tuple(pairs, fc.boolean())
  .map(([all, isSparing]) => all.map((pair) => pair.map(isSparing ? sparing : careful).join('=')).join('&'));

const oneLine = (text: string): string => text.replace(/[\r\n\0]/g, ' ').trim();

const jsonBody = pairs.map((all) => {
  const [first, ...rest] = all.map(([key, raw]) => [key, raw] as const);
  return JSON.stringify({
    ...Object.fromEntries(rest),
    list: [1, null, true, { [first?.[0] ?? 'a']: first?.[1] ?? '' }],
  });
});
const xmlText = each((byte) => (byte < ' ' || '<&>"'.includes(byte) ? `&#x${hex(byte)};` : byte));
const xmlBody = pairs.map(
  (all) =>
    `<?xml version="1.0"?><r>${all.map(([, raw], i) => `<e a${i}="${xmlText(raw)}">${xmlText(raw)}</e>`).join('')}</r>`,
);
const multipartBody = fc.array(fc.tuple(name, value, fc.option(value), fc.boolean()), { maxLength: 3 }).map((parts) => {
  const quoted = (text: string): string => oneLine(text).replace(/["\\]/g, '\\$&');
  const written = parts.map(([key, raw, file, hasType]) => {
    const fileName = file === null ? '' : `; filename="${quoted(file)}"`;
    const type = hasType ? `Content-Type: ${oneLine(raw).slice(0, 30)}\r\n` : '';
    return `--BoUnd\r\nContent-Disposition: form-data; name="${quoted(key)}"${fileName}\r\n${type}\r\n${raw}\r\n`;
  });
  return `${written.join('')}--BoUnd--\r\n`;
});

const body: fc.Arbitrary<readonly [type: string, text: string]> = fc.oneof(
  { arbitrary: fc.constant(['', ''] as const), weight: 3 },
  { arbitrary: query.map((text) => ['application/x-www-form-urlencoded', text] as const), weight: 3 },
  { arbitrary: jsonBody.map((text) => ['application/json', latin(text)] as const), weight: 2 },
  { arbitrary: xmlBody.map((text) => ['text/xml; charset=utf-8', text] as const), weight: 2 },
  { arbitrary: multipartBody.map((text) => ['multipart/form-data; boundary=BoUnd', text] as const), weight: 2 },
  { arbitrary: fc.tuple(words('application/json text/xml text/plain multipart/form-data'), value), weight: 1 },
);

const header = fc.tuple(
  words(
    'user-agent referer accept accept-language x-forwarded-for authorization range x.y x_z content-length ' +
      'transfer-encoding accept-encoding x-file-name',
  ),
  value,
);

/** An exchange as a browser or an attacker would have it. */
export const anyExchange: fc.Arbitrary<Sent> = fc
  .record({
    method: words('GET GET POST POST PUT HEAD TRACE x'),
    path: words('/ /index.php /a/b.html /.git/config /shop/..%2f..%2fetc/passwd /x%00y /%ff /wp-login.php'),
    protocol: words('HTTP/1.1 HTTP/1.1 HTTP/2.0 HTTP/1.0 HTTP/0.9'),
    host: words('app.example.com 127.0.0.1 '),
    query,
    body,
    cookies: pairs,
    headers: fc.array(header, { maxLength: 5 }),
    status: one([200, 200, 404, 500]),
    page: value,
  })
  .map(({ method, path, protocol, host, query: asked, body: [type, text], cookies, headers, status, page }) => ({
    method,
    target: path + (asked === '' ? '' : `?${asked}`),
    protocol,
    headers: [
      ...(host === '' ? [] : ['host', host]),
      ...headers.flatMap(([key, raw]) => [key, oneLine(raw)]),
      ...(cookies.length === 0
        ? []
        : ['cookie', oneLine(cookies.map(([key, raw]) => `${key}=${raw.replaceAll(';', ',')}`).join('; '))]),
      ...(type === '' ? [] : ['content-type', type, 'content-length', String(text.length)]),
    ],
    body: text,
    response: {
      status,
      headers: ['content-type', 'text/html; charset=utf-8', 'x-powered-by', oneLine(page)],
      body: page,
    },
  }));

// Random exchanges that speak of the names and bytes that the random rules speak of.
import fc from 'fast-check';
import { randomValue } from '../pattern/random-pattern.ts';
import { DISGUISES } from './disguises.ts';
import pieces from './pieces.json' with { type: 'json' };
import type { Sent } from './support.ts';

const one = <T>(...choices: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...choices);

const value = fc.array(one(...pieces.fragments), { maxLength: 4 }).map((pieces) => pieces.join(''));
const name = one('a', 'b', 'A', 'ab', 'x_c', 'x.d', 'ba', '');
const pairs = fc.array(fc.tuple(name, value), { maxLength: 4 });

const escaped = (raw: string): string =>
  raw.replace(/[&=%+#? \0\n]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
const query = pairs.map((all) => all.map(([key, raw]) => `${key}=${escaped(raw)}`).join('&'));

const body: fc.Arbitrary<readonly [type: string, body: string]> = fc.oneof(
  fc.constant(['', ''] as const),
  query.map((all) => ['application/x-www-form-urlencoded', all] as const),
  pairs.map((all) => ['application/json', JSON.stringify(Object.fromEntries(all))] as const),
  value.map((raw) => ['text/xml', `<r b="${raw.replace(/[<&"]/g, '')}">${raw}</r>`] as const),
  fc
    .tuple(name, value)
    .map(
      ([key, raw]) =>
        [
          'multipart/form-data; boundary=B',
          `--B\r\nContent-Disposition: form-data; name="${key}"; filename="${raw.replace(/[\r\n"\\]/g, '')}"\r\n\r\n${raw}\r\n--B--\r\n`,
        ] as const,
    ),
  value.map((raw) => ['application/json', raw] as const),
  value.map((raw) => ['text/plain', raw] as const),
);

/** An exchange with a body of any type. */
export const randomExchange: fc.Arbitrary<Sent> = fc
  .record({
    query,
    body,
    cookies: pairs,
    headers: pairs,
    page: value,
    status: one(200, 404, 500),
    method: one('GET', 'POST', 'a'),
  })
  .map(({ query: asked, body: [type, sent], cookies, headers, page, status, method }) => ({
    method,
    target: `/${asked === '' ? '' : `?${asked}`}`,
    headers: [
      ...headers.flatMap(([key, raw]) => [key === '' ? 'x' : key, raw]),
      'cookie',
      cookies.map(([key, raw]) => `${key}=${raw}`).join('; '),
      ...(type === '' ? [] : ['content-type', type]),
    ],
    body: sent,
    response: { status, body: page, headers: ['a', page, 'content-type', 'text/html'] },
  }));

const disguised = fc
  .tuple(
    fc.oneof(
      one(...pieces.fragments),
      randomValue,
      one('<script', "' or", 'union select', '/etc/passwd', '../', 'aaa', 'ab 1', 'AB'),
    ),
    fc.array(one(...DISGUISES), { maxLength: 3 }),
  )
  .map(([raw, all]) => all.reduce((text, disguise) => disguise(text).slice(0, 3_000), raw));
const texts = fc.array(disguised, { minLength: 1, maxLength: 3 }).map((all) => all.join(''));

/** An exchange with a few texts in many disguises. */
export const scannedExchange: fc.Arbitrary<Sent> = fc
  .record({ pairs: fc.array(fc.tuple(one('a', 'ab', 'b', 'A'), texts), { maxLength: 6 }), header: texts, page: texts })
  .map(({ pairs: all, header, page }) => ({
    target: `/?${all.map(([key, raw]) => `${key}=${escaped(raw)}`).join('&')}`,
    headers: ['b', header],
    response: { body: page },
  }));

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCookies } from '../../../src/waf/bodies/cookies.ts';
import { parseQuery } from '../../../src/waf/bodies/query.ts';
import { parseUrlencoded } from '../../../src/waf/bodies/urlencoded.ts';
import { bytes, pairs } from './shape.ts';
import cookieVectors from './vectors/cookies.json' with { type: 'json' };
import queryVectors from './vectors/query.json' with { type: 'json' };

const byteString = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array).toString('latin1'));

describe('query', () => {
  test.for(queryVectors)('$text', ({ text, args, invalidEncoding = false }) => {
    const result = parseQuery(text, { maxArguments: 100 });
    expect({ ...result, args: pairs(result.args) }).toEqual({ args, invalidEncoding, tooMany: false });
  });

  test('ASCII text is read as URLSearchParams reads it, but empty pieces count', () => {
    const piece = fc.stringMatching(/^[a-z=+%0-9]{0,12}$/).map((text) => text.replaceAll(/%(?![0-7][0-9a-f])/g, '%2'));
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.filter((p) => p !== '').join('&');
        const { args } = parseQuery(text, { maxArguments: 1000 });
        const standard = [...new URLSearchParams(text)];
        expect(pairs(args)).toEqual(standard);
      }),
    );
  });

  test('every byte survives being escaped', () => {
    fc.assert(
      fc.property(byteString, byteString, (name, value) => {
        const hex = (text: string): string => bytes(text).toString('hex').replaceAll(/../g, '%$&');
        const { args, invalidEncoding } = parseQuery(`${hex(name)}=${hex(value)}`, { maxArguments: 1 });
        expect([args, invalidEncoding]).toEqual([[{ name, value }], false]);
      }),
    );
  });

  test('any bytes are read, and a body gives what the text gives', () => {
    fc.assert(
      fc.property(byteString, (text) => {
        const options = { maxArguments: 50 };
        const result = parseQuery(text, options);
        expect(result.args.length).toBeLessThanOrEqual(50);
        expect(parseUrlencoded(bytes(text), options)).toEqual(result);
      }),
    );
  });

  test('another separator can be set', () => {
    expect(pairs(parseQuery('a=1&b;c=2', { separator: ';', maxArguments: 9 }).args)).toEqual([
      ['a', '1&b'],
      ['c', '2'],
    ]);
  });

  test('reading ends at the bound', () => {
    const text = 'a&'.repeat(100_000);
    expect(parseQuery(text, { maxArguments: 100_000 })).toMatchObject({ tooMany: false });
    const bounded = parseQuery(text, { maxArguments: 99_999 });
    expect([bounded.args.length, bounded.tooMany]).toEqual([99_999, true]);
  });
});

describe('cookies', () => {
  test.for(cookieVectors)('$header', ({ header, cookies }) => {
    expect(pairs(parseCookies(header))).toEqual(cookies);
  });

  test('no byte but separators and leading blanks is lost', () => {
    fc.assert(
      fc.property(byteString, (header) => {
        const written = parseCookies(header).map(({ name, value }) => name.length + value.length);
        const kept = header.split(';').map((piece) => piece.replace(/^[ \t\n\v\f\r]+/, '').replace('=', '').length);
        expect(written.reduce((a, b) => a + b, 0)).toBe(kept.reduce((a, b) => a + b, 0));
      }),
    );
  });
});

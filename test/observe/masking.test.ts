import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Masking } from '../../src/observe/masking.ts';

const masking = new Masking(['password', 'token', 'authorization']);
const secret = fc
  .string({ unit: fc.constantFrom(...'abcdefXYZ0123456789-_.~'.split('')), minLength: 8, maxLength: 24 })
  .map((text) => `s3cr3t${text}`);

function body(type: string, text: string): string {
  return masking.request({ target: '/', headers: ['Content-Type', type], body: text }).body;
}

describe('a masked request', () => {
  test('of JSON is JSON of the same form, without the secret', () => {
    const other = fc.jsonValue({ maxDepth: 2 });
    fc.assert(
      fc.property(secret, other, fc.constantFrom('password', 'Token', 'TOKEN'), (value, rest, name) => {
        const given = { a: [{ [name]: value, rest }], keep: 1 };
        const masked = body('application/json', JSON.stringify(given));
        expect(masked).not.toContain(value);
        expect(JSON.parse(masked)).toEqual(JSON.parse(JSON.stringify({ a: [{ [name]: 'redacted', rest }], keep: 1 })));
      }),
    );
  });

  test.for(['password', 'user[password]', 'login.token', 'TOKEN', 'user%5Bpassword%5D'])(
    'of a form hides %s',
    (name) => {
      fc.assert(
        fc.property(secret, (value) => {
          const text = `a=1&${name}=${value}&b=2`;
          expect(body('application/x-www-form-urlencoded', text)).toBe(`a=1&${name}=redacted&b=2`);
          const { target } = masking.request({ target: `/p?${text}`, headers: [], body: '' });
          expect(target).toBe(`/p?a=1&${name}=redacted&b=2`);
        }),
      );
    },
  );

  test('hides what a header holds wherever it is quoted', () => {
    fc.assert(
      fc.property(secret, (value) => {
        const headers = ['Authorization', `Bearer ${value}`, 'Cookie', `a=${value}; b=c`, 'X-Copy', value];
        const masked = masking.request({ target: `/${value}?q=${value}`, headers, body: `x ${value}` });
        expect(JSON.stringify({ ...masked, headers: masked.headers.slice(4) })).not.toContain(value);
        expect(masked.headers[1]).toBe('redacted');
        expect(masked.headers[3]).toBe('a=redacted; b=redacted');
      }),
    );
  });

  test.for([
    [
      '{"password":{"old":"S","new":["S",1]},"token":[1,{"b":2}],"x":3}',
      '{"password":{"old":"redacted","new":["redacted","redacted"]},"token":["redacted",{"b":"redacted"}],"x":3}',
    ],
    ['{"pass\\u0077ord":"S"}', '{"pass\\u0077ord":"redacted"}'],
    [
      '{"confirmPassword":"S","apiKey":"S","tokens":3}',
      '{"confirmPassword":"redacted","apiKey":"redacted","tokens":3}',
    ],
    ['{"inner":"{\\"password\\":\\"S\\"}"}', '{"inner":"{\\"password\\":\\"redacted\\"}"}'],
    ['{"next":"/cb?token=S&a=1"}', '{"next":"/cb?token=redacted&a=1"}'],
    ['{"password":{"old":"cut', '{"password":{"old":"redacted"'],
    ['{"password":null,"token":12.5e3}', '{"password":"redacted","token":"redacted"}'],
    ['{"password":"a\\"b\\\\"}', '{"password":"redacted"}'],
    ['{"password":"cut off', '{"password":"redacted"'],
    ['{"note":"my password: x"}', '{"note":"my password: redacted"}'],
    ['{"note":"the password is gone","x":1}', '{"note":"the password is gone","x":1}'],
  ])('of %s is %s', ([text = '', expected]) => {
    expect(body('application/json', text)).toBe(expected);
  });

  test.for([
    ['text/plain', 'a=1 password=S', 'a=1 password=redacted'],
    [
      'text/xml',
      '<a password="S" b="1"><newPassword>S</newPassword></a>',
      '<a password="redacted" b="1"><newPassword>redacted</newPassword></a>',
    ],
    ['text/xml', '<token><![CDATA[S]]></token>', '<token><![CDATA[redacted]]></token>'],
    ['application/x-www-form-urlencoded', 'next=%2Fcb%3Ftoken%3DS&a=%41', 'next=%2Fcb%3Ftoken%3Dredacted&a=%41'],
    ['application/x-www-form-urlencoded', 'j=%7B%22token%22%3A%22S%22%7D', 'j=%7B%22token%22%3A%22redacted%22%7D'],
  ])('of %s with %s is %s', ([type = '', text = '', expected]) => {
    expect(body(type, text)).toBe(expected);
  });

  test('hides credentials for a proxy, and what the query of a referrer holds', () => {
    const headers = ['Proxy-Authorization', 'Basic UzpT', 'Referer', 'https://a.test/x?a=1&reset_token=SSS#t'];
    expect(masking.request({ target: '/', headers, body: '' }).headers).toEqual([
      'Proxy-Authorization',
      'redacted',
      'Referer',
      'https://a.test/x?a=1&reset_token=redacted#t',
    ]);
  });

  test('is made in time that grows with the length of the body, whatever it holds', () => {
    const hostile = ['"password":"\\', '"', '{"password":', '<password>', 'name="password"\r\n', '\\"', 'name="'];
    for (const piece of hostile) {
      const text = piece.repeat(Math.ceil(65_536 / piece.length));
      expect(body('application/json', text).length).toBeGreaterThan(0);
    }
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SecretNames } from '../../../src/observe/secrets/names.ts';
import { SecretReading } from '../../../src/observe/secrets/reading.ts';

const reading = new SecretReading(new SecretNames(['sid']), '#');
const NOTHING = reading.secretsOf({ target: '/', headers: [], body: '' });

function shown(text: string): string {
  return reading.hide(text, NOTHING);
}

describe('a text', () => {
  test.for([
    ['q={"password":"S","a":1}', 'q={"password":"#","a":1}'],
    ['q=%7B%22password%22%3A%22S%22%7D&b=%41', 'q=%7B%22password%22%3A%22#%22%7D&b=%41'],
    ['next=%252Fcb%253Ftoken%253DS%2526a%253D1', 'next=%252Fcb%253Ftoken%253D#%2526a%253D1'],
    ["{'password': 'S', 'a': 1}", "{'password': '#', 'a': 1}"],
    ['login(password: "S", a: "b")', 'login(password: "#", a: "b")'],
    ['["token=S&a=1",{"sid":[1,{"x":null}]}]', '["token=#&a=1",{"sid":["#",{"x":"#"}]}]'],
    ['{"a":"b\\n","password":\'S\'}', '{"a":"b\\n","password":"#"}'],
    ['{"password":}', '{"password":}'],
    ['{"password":"S', '{"password":"#"'],
    ['{"p\\u0061ssword":"S"}', '{"p\\u0061ssword":"#"}'],
    ['password = S', 'password = #'],
    ["password='a b' c", "password='#' c"],
    ['token=ab\'cd"ef;gh&x=1', 'token=#&x=1'],
    ['password=two words&x=1', 'password=#&x=1'],
    ['saw token=S here', 'saw token=# here'],
    ['token: "a" b\nnext', 'token: #\nnext'],
    ['<password>S</password><b>x</b>', '<password>#</password><b>x</b>'],
    ['<w:Password a="b>c">S<!-- --></w:Password><b>x</b>', '<w:Password a="b>c">#</w:Password><b>x</b>'],
    ['<password><password>S</password>T</password>x', '<password><password>#</password>#</password>x'],
    ['<password/>x<password>S', '<password/>x<password>#'],
    ['<token><![CDATA[a<b>]]></token>x', '<token><![CDATA[#]]></token>x'],
    ['<a token="S" b="c"/>', '<a token="#" b="c"/>'],
    ['a<password=S', 'a<password=#'],
    [
      '--b\r\nContent-Disposition: form-data; name="sid"; filename="x"\r\nA: b\r\n\r\n1\r\n--2\r\n--b--',
      '--b\r\nContent-Disposition: form-data; name="sid"; filename="x"\r\nA: b\r\n\r\n#\r\n--b--',
    ],
    ['<input name="password" value="">\n\ntext', '<input name="password" value="">\n\ntext'],
    ['12:30 a=b: c; {"a":"b"} <b>x</b> 100%', '12:30 a=b: c; {"a":"b"} <b>x</b> 100%'],
  ])('%j is shown as %j', ([text = '', expected]) => {
    expect(shown(text)).toBe(expected);
  });

  test('without names of secrets is shown as it is, whatever it holds', () => {
    const unit = fc.constantFrom(...'ab1{}[]"\'\\:=&;,<>/?#%+ \r\n-.'.split(''), '%41', '\\u00e9', '\xc3', '&amp;');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 200 }), (text) => {
        expect(shown(text)).toBe(text);
      }),
      { numRuns: 3_000 },
    );
  });

  test('of any kind hides a secret to its end', () => {
    const piece = fc.constantFrom(
      '{"',
      '":"',
      '","',
      'a=1&',
      'x: y\r\n',
      '<a b="',
      '">',
      '%22',
      '%7B',
      '; ',
      '\\"',
      ' ',
    );
    const name = fc.constantFrom(
      'password=',
      '"password":"',
      'token: ',
      '<sid>',
      'user%5Bsid%5D=',
      'name="token"\r\n\r\n',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }),
        name,
        fc.array(piece, { maxLength: 6 }),
        (before, named, after) => {
          expect(shown(`${before.join('')}\n${named}S3CR3T${after.join('')}`)).not.toContain('S3CR3T');
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test('is read in time that grows with its length, whatever it holds', () => {
    const hostile = [
      '"',
      '\\"',
      ',"\\',
      ',"\n',
      '{"a":',
      '"password":',
      '{"password":',
      '=',
      '%',
      '%,',
      "%('",
      '=%',
      'a=%41&',
      'password=a&',
      "password='",
      'password="',
      'token = ',
      'token:"a" b',
      ' ',
      '\t',
      ' +',
      ';a',
      "'",
      'a ',
      '%2525',
      '<',
      '<a ',
      "<a '",
      '<password>',
      '<password a="',
      '<password><![CDATA[',
      '<password></a>',
      '</password>',
      'name="password"\r\n',
      'name="password";',
      'name="password"\r\n\r\n',
      '--a\r\nname="password"\r\n\r\n',
      '\n--',
      '{"a":"{\\"b\\":\\"c\\"}",',
      '"a":"\\n%41=",',
      'password=a b\n',
      '[',
      '&#',
    ];
    for (const piece of hostile) {
      const text = piece.repeat(Math.ceil(262_144 / piece.length));
      expect(shown(text).length).toBeGreaterThan(0);
    }
  });
});

describe('what is known of a request', () => {
  const secrets = reading.secretsOf({
    target: '/?sid=a%20b%2Bc&next=%2F%3Ftoken%3Dnested-one&token="a b" c;d=e',
    headers: ['content-type', 'text/xml', 'referer', 'https://a.test/?token=referred'],
    body: '<a><password>o&#x27;n&amp;e<![CDATA[ two ]]></password><pin>1234</pin></a>',
  });

  test.for([
    ['a b+c', '#'],
    ['x=1&token="a b" c;d=e&y=2', 'x=1&token=#&y=2'],
    ['A%20B%2bC', '#'],
    ['saw nested-one and referred', 'saw # and #'],
    ["bob o'n&e two x", 'bob #x'],
    ['1234', '1234'],
    ['q=nested%2Done', 'q=#'],
    ['{"q":"o\'n\\u0026e"}', '{"q":"#"}'],
  ])('hides %j as %j', ([text = '', expected]) => {
    expect(reading.hide(text, secrets)).toBe(expected);
  });
});

// Values within values: what rules see that ask for INNER_ARGS and its kin, and that nobody else pays for it.
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { members, type Sent } from './support.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64url');
const post = (type: string, body: string | Buffer): Sent => ({
  method: 'POST',
  headers: ['content-type', type],
  body: Buffer.from(body).toString('latin1'),
});

/** A message with a text in field 1 and a message in field 2 that has one in field 3. */
const MESSAGE = Buffer.from([0x0a, 0x02, 0x68, 0x69, 0x12, 0x05, 0x1a, 0x03, 0x3c, 0x62, 0x3e, 0x18, 0x07]);

function frame(message: Buffer, isCompressed = false): Buffer {
  const prefix = Buffer.from([Number(isCompressed), 0, 0, 0, 0]);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

describe('values within a parameter', () => {
  const json = '{"a":{"$ne":"x y"},"b":["1","<b>"]}';

  test.for([
    ['as it is', encodeURIComponent(json)],
    ['encoded twice', encodeURIComponent(encodeURIComponent(json))],
    ['in base64', base64(json)],
    ['marked by Express', encodeURIComponent(`j:${json}`)],
  ])('are members of a JSON text, %s', ([, value]) => {
    const sent = { target: `/?q=${value}` };
    expect(members('INNER_ARGS', sent)).toEqual(['INNER_ARGS:q=x y', 'INNER_ARGS:q=1', 'INNER_ARGS:q=<b>']);
    expect(members('INNER_NAMES', { target: sent.target })).toEqual([]);
    expect(members('INNER_ARGS|INNER_NAMES', sent)).toContain('INNER_NAMES:q=json.a.$ne');
  });

  test('are the claims of a token, and path and parameters of a URL', () => {
    const token = `${base64('{"alg":"none"}')}.${base64('{"sub":"me"}')}.`;
    expect(members('INNER_ARGS', { target: `/?t=${token}` })).toEqual(['INNER_ARGS:t=none', 'INNER_ARGS:t=me']);
    const url = encodeURIComponent('https://a.example/x?b=1%202&c=d#e');
    expect(members('INNER_ARGS', { target: `/?u=${url}` })).toEqual([
      'INNER_ARGS:u=x',
      'INNER_ARGS:u=1 2',
      'INNER_ARGS:u=d',
    ]);
  });

  test('are the texts that are written out in a query of GraphQL', () => {
    const query = 'query A($a: Int) { find(name: "x \\"y\\"", n: $a) { id } b(c: "") }';
    expect(members('INNER_ARGS', { target: `/?query=${encodeURIComponent(query)}` })).toEqual([
      'INNER_ARGS:query=x "y"',
    ]);
  });

  test('are found in cookies, headers and bodies too', () => {
    const headers = [
      'cookie',
      `s=${base64('{"user":"root"}')}`,
      'referer',
      'https://a.example/?q=%27x',
      'x-a',
      '["z"]',
    ];
    expect(members('INNER_COOKIES', { headers })).toEqual(['INNER_COOKIES:s=root']);
    expect(members('INNER_HEADERS', { headers })).toEqual(["INNER_HEADERS:referer='x", 'INNER_HEADERS:x-a=z']);
    const body = JSON.stringify({ filter: JSON.stringify({ where: 'x' }) });
    expect(members('INNER_ARGS', post('application/json', body))).toEqual(['INNER_ARGS:json.filter=x']);
  });

  test('are not looked for deeper than three levels, nor without an end', () => {
    const nested = (levels: number): string => (levels === 0 ? '"end"' : JSON.stringify({ a: nested(levels - 1) }));
    const found = (levels: number) => members('INNER_ARGS', { target: `/?q=${encodeURIComponent(nested(levels))}` });
    expect(found(3).at(-1)).toBe('INNER_ARGS:q="end"');
    expect(found(5)).toHaveLength(3);
    const many = encodeURIComponent(JSON.stringify(Array.from({ length: 1000 }, () => 'x')));
    expect(members('INNER_ARGS', { target: `/?q=${many}` })).toHaveLength(256);
  });
});

describe('lines of a text', () => {
  const text = ['Good morning to you', 'it was a nice day', "x' or 1=1 -- ", 'and see you soon', 'yours, Anna'].join(
    '\n',
  );
  const line = "INNER_ARGS:q=x' or 1=1 --";

  test.for([
    ['as it is', encodeURIComponent(text)],
    ['encoded twice', encodeURIComponent(encodeURIComponent(text))],
    ['in base64', base64(text)],
    [
      'in escapes of a script',
      encodeURIComponent(
        text.replace(/[^\w ]/g, (char) => `\\x0${char.charCodeAt(0).toString(16)}`.replace(/0(..)$/, '$1')),
      ),
    ],
    ['in references by number', encodeURIComponent(text.replace(/[^\w ]/g, (char) => `&#${char.charCodeAt(0)};`))],
  ])('are looked at by themselves, %s', ([, value]) => {
    expect(members('INNER_ARGS', { target: `/?q=${value}` })).toEqual([line]);
  });

  test('in full-width characters are, and those that are set with full-width marks only are not', () => {
    const wide = text.replaceAll("'", '＇').replaceAll('=', '＝').replaceAll('-', 'x');
    expect(members('INNER_ARGS', { target: `/?q=${encodeURIComponent(wide)}` })).toHaveLength(1);
    const prose = '早上好，\n你好吗？\n天气很好！（真的）\n再见；安娜';
    expect(members('INNER_ARGS', { target: `/?q=${encodeURIComponent(prose)}` })).toEqual([]);
  });

  test('are so in XML and in uploads of texts', () => {
    const xml = `<a><b>${text}</b></a>`;
    expect(members('INNER_XML', post('text/xml', xml))).toContain("INNER_XML:xml=x' or 1=1 --");
    const part = `--b\r\nContent-Disposition: form-data; name="q"; filename="a.txt"\r\n\r\n${text}\r\n--b--\r\n`;
    expect(members('INNER_FILES|FILES_TEXT', post('multipart/form-data; boundary=b', part))).toContain(
      line.replace('ARGS', 'FILES'),
    );
  });
});

describe('a body that no processor reads', () => {
  test.for([
    ['application/x-protobuf', MESSAGE],
    ['application/grpc', frame(MESSAGE)],
    ['application/grpc+proto', frame(gzipSync(MESSAGE), true)],
    ['application/grpc-web-text', frame(MESSAGE).toString('base64')],
  ] as const)('gives the texts of its fields, %s', ([type, body]) => {
    expect(members('INNER_ARGS', post(type, body))).toEqual(['INNER_ARGS:1=hi', 'INNER_ARGS:2.3=<b>']);
  });

  test.for([
    ['text/plain', '{"a":"x"}', ['INNER_ARGS:json.a=x']],
    ['application/x-ndjson', '{"a":"x"}\n{"b":"y"}', ['INNER_ARGS:json.a=x', 'INNER_ARGS:json.b=y']],
    ['', 'a=1%202&b=%27', ['INNER_ARGS:a=1 2', "INNER_ARGS:b='"]],
    ['text/plain', 'a sentence = a sentence', []],
    ['application/octet-stream', '\x00\x01\xff', []],
  ] as const)('gives members and fields by its looks, %s %j', ([type, body, expected]) => {
    expect(members('INNER_ARGS', post(type, Buffer.from(body, 'latin1')))).toEqual(expected);
  });
});

test('rules see what a document type declares, and the content of files', () => {
  const xml = '<!DOCTYPE a SYSTEM "x" [<!ENTITY b "c"><!ENTITY % d SYSTEM "e">]><a/>';
  expect(members('XML_DTD', post('text/xml', xml))).toEqual([
    'XML_DTD:external=<!DOCTYPE a SYSTEM "x"',
    'XML_DTD:entity=<!ENTITY b ',
    'XML_DTD:parameter=<!ENTITY % d SYSTEM',
    'XML_DTD:external=<!ENTITY % d SYSTEM',
  ]);
  const part = '--x\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\nhello\r\n--x--\r\n';
  expect(members('FILES_TMP_CONTENT', post('multipart/form-data; boundary=x', part))).toEqual([
    'FILES_TMP_CONTENT:f=hello',
  ]);
});

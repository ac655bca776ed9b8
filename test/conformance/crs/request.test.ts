import { describe, expect, test } from 'vitest';
import { requestBytes } from './request.ts';
import { readTests } from './suite.ts';

/** The bytes of a test whose input is this YAML flow map. */
function written(input: string): string {
  const [first] = readTests(`{ rule_id: 1, tests: [{ stages: [{ input: ${input}, output: {} }] }] }`, 'x.yaml');
  const stage = first?.stages[0];
  if (stage === undefined) throw new Error('no stage');
  return requestBytes(stage.input).toString('latin1');
}

describe('a request is written', () => {
  test.for([
    ['with go-ftw defaults', '{}', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'],
    [
      'with headers in sorted order, values as given',
      '{ headers: { User-Agent: t, Accept: "*/*", Host: "" } }',
      'GET / HTTP/1.1\r\nAccept: */*\r\nHost: \r\nUser-Agent: t\r\nConnection: close\r\n\r\n',
    ],
    [
      'with ordered headers in their order, repeated ones too',
      '{ ordered_headers: [{ name: b, value: 1 }, { name: a, value: 2 }, { name: b, value: 3 }] }',
      'GET / HTTP/1.1\r\nb: 1\r\na: 2\r\nb: 3\r\nConnection: close\r\n\r\n',
    ],
    [
      'with method, address and version however wrong',
      '{ method: FOO, uri: "\\\\ x", version: "JUNK/1.0" }',
      'FOO \\ x JUNK/1.0\r\nConnection: close\r\n\r\n',
    ],
    ['in UTF-8', '{ uri: "/é" }', 'GET /\xc3\xa9 HTTP/1.1\r\nConnection: close\r\n\r\n'],
    [
      'with type and length for data',
      '{ method: POST, data: "a=1" }',
      'POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\nContent-Length: 3\r\n\r\na=1',
    ],
    [
      'with a length for a method that has a body',
      '{ method: PUT }',
      'PUT / HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    ],
    [
      'with the length and connection that the test gives',
      '{ method: POST, data: "abc", headers: { content-length: 7, connection: x, content-type: y } }',
      'POST / HTTP/1.1\r\nconnection: x\r\ncontent-length: 7\r\ncontent-type: y\r\n\r\nabc',
    ],
    [
      'as it is when nothing is to be completed',
      '{ method: POST, data: "a=b c", autocomplete_headers: false }',
      'POST / HTTP/1.1\r\n\r\na=b c',
    ],
    ['with stop_magic as the old word for that', '{ data: "a b", stop_magic: true }', 'GET / HTTP/1.1\r\n\r\na b'],
    [
      'from base64, line breaks within it ignored',
      '{ encoded_request: "R0VUIC8g\\nSFRUUC8xLjA=" , uri: /not/used }',
      'GET / HTTP/1.0',
    ],
    [
      'with data from base64',
      '{ encoded_data: "AP8=", autocomplete_headers: false }',
      'GET / HTTP/1.1\r\n\r\n\x00\xff',
    ],
    [
      'with multipart lines that end in CRLF',
      '{ autocomplete_headers: false, headers: { Content-Type: "Multipart/Form-Data; boundary=x" }, data: "--x\\na\\n" }',
      'GET / HTTP/1.1\r\nContent-Type: Multipart/Form-Data; boundary=x\r\n\r\n--x\r\na\r\n',
    ],
  ] as const)('%s', ([, input, expected]) => {
    expect(written(input)).toBe(expected);
  });
});

describe('form data', () => {
  test.for([
    ['names and values are encoded', "id=1' or 1&b c=<d>&e", 'id=1%27+or+1&b+c=%3Cd%3E&e'],
    ['an equals sign in a value is encoded', 'a=b=c', 'a=b%3Dc'],
    ['the last ampersand goes', 'a=1&&', 'a=1&'],
    ['the unreserved stay', 'a-_.~=Zz09', 'a-_.~=Zz09'],
    ['bytes above ASCII are encoded one by one', 'a=é', 'a=%C3%A9'],
    ['what has a percent sign stays', 'a=%27 x', 'a=%27 x'],
    ['what has a plus stays', 'a=1+1 x', 'a=1+1 x'],
  ] as const)('%s', ([, data, expected]) => {
    expect(written(`{ method: POST, data: ${JSON.stringify(data)} }`).split('\r\n\r\n')[1]).toBe(expected);
  });

  test('of another type stays', () => {
    expect(written('{ data: "a=b c", headers: { content-type: text/plain } }')).toContain('\r\n\r\na=b c');
  });
});

describe('templates in data', () => {
  test.for([
    ['{{ "ab" | repeat 3 }}!', 'ababab!'],
    ['{{repeat 2 "x"}}{{ `"` }}', 'xx"'],
    ['{{ "{{" }}7*7}}', '{{7*7}}'],
    ["{{constructor.constructor('alert(1)')()}}", "{{constructor.constructor('alert(1)')()}}"],
  ] as const)('%s', ([data, expected]) => {
    expect(written(`{ autocomplete_headers: false, data: ${JSON.stringify(data)} }`)).toBe(
      `GET / HTTP/1.1\r\n\r\n${expected}`,
    );
  });
});

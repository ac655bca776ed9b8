// What rules see of a request body, and the rules that stand before every set for bodies that cannot be read.
import { describe, expect, test } from 'vitest';
import { exchange, form, lines, members, rules, type Sent } from './support.ts';

describe('a request body', () => {
  test('of a form is in ARGS_POST, in ARGS behind those of the query, and whole in REQUEST_BODY', () => {
    const sent = { ...form('a=2&b=%33'), target: '/?a=1' };
    expect(members('ARGS|ARGS_POST', sent)).toEqual([
      'ARGS:a=1',
      'ARGS:a=2',
      'ARGS:b=3',
      'ARGS_POST:a=2',
      'ARGS_POST:b=3',
    ]);
    expect(members('REQUEST_BODY|REQBODY_PROCESSOR|ARGS_COMBINED_SIZE', sent)).toEqual([
      'REQUEST_BODY=a=2&b=%33',
      'REQBODY_PROCESSOR=URLENCODED',
      'ARGS_COMBINED_SIZE=6',
    ]);
  });

  test('of another type is not in REQUEST_BODY unless a rule asks for it', () => {
    const sent = { method: 'POST', headers: ['content-type', 'text/plain'], body: 'x=1' };
    const force = `SecRule REQUEST_HEADERS:Content-Type "@beginsWith text/" "id:1,phase:1,nolog,pass,ctl:forceRequestBodyVariable=On"\n`;
    const look = `SecRule REQUEST_BODY "@rx x" "id:2,phase:2"`;
    expect(lines(look, sent)).toEqual([]);
    expect(lines(force + look, sent)).toEqual(['2 REQUEST_BODY']);
  });

  test('is read by the processor that a rule chose', () => {
    const text = `SecAction "id:1,phase:1,nolog,pass,ctl:requestBodyProcessor=JSON"\nSecRule ARGS:json.a "@streq x" "id:2,phase:2"`;
    expect(lines(text, { method: 'POST', headers: ['content-type', 'text/plain'], body: '{"a":"x"}' })).toEqual([
      '2 ARGS:json.a',
    ]);
  });

  test('in XML is seen as texts and as attribute values', () => {
    const sent = { method: 'POST', headers: ['content-type', 'application/xml'], body: '<a b="1"><c d="2">x</c>y</a>' };
    expect(members('XML:/*', sent).join('')).toMatch(/x.*y/);
    expect(members('XML://@*', sent)).toEqual(['XML://@*=1', 'XML://@*=2']);
  });

  const multipart: Sent = {
    method: 'POST',
    headers: ['content-type', 'multipart/form-data; boundary=B'],
    body: [
      '--B\r\nContent-Disposition: form-data; name="t"\r\n\r\nhello\r\n',
      '--B\r\nContent-Disposition: form-data; name="f"; filename="a.php"\r\nContent-Type: text/plain\r\n\r\n<?php\r\n',
      '--B--\r\n',
    ].join(''),
  };

  test.for([
    ['ARGS', ['ARGS:t=hello']],
    ['FILES', ['FILES:f=a.php']],
    ['FILES_NAMES', ['FILES_NAMES:f=f']],
    ['FILES_SIZES', ['FILES_SIZES:f=5']],
    ['FILES_COMBINED_SIZE', ['FILES_COMBINED_SIZE=5']],
    ['&FILES', ['&FILES=1']],
    ['MULTIPART_STRICT_ERROR', ['MULTIPART_STRICT_ERROR=0']],
    ['REQBODY_PROCESSOR', ['REQBODY_PROCESSOR=MULTIPART']],
  ] as const)('of parts: %s', ([target, expected]) => {
    expect(members(target, multipart)).toEqual(expected);
  });

  test('of parts: the headers of each part', () => {
    const found = lines(
      `SecRule MULTIPART_PART_HEADERS:f "@rx (?i)content-type:.text/plain" "id:1,phase:2"`,
      multipart,
    );
    expect(found).toEqual(['1 MULTIPART_PART_HEADERS:f']);
  });
});

describe('a body that cannot be read', () => {
  const post = (type: string, body: string): Sent => ({ method: 'POST', headers: ['content-type', type], body });
  const builtIn = { builtIn: true };

  test.for([
    ['broken JSON', post('application/json', '{"a":'), ['200002 REQBODY_ERROR']],
    ['good JSON', post('application/json', '{"a":1}'), []],
    ['broken XML', post('text/xml', '<a><b></a>'), ['200002 REQBODY_ERROR']],
    ['no boundary', post('multipart/form-data', 'x'), ['200002 REQBODY_ERROR']],
    ['too deep', post('application/json', '['.repeat(100) + ']'.repeat(100)), ['200002 REQBODY_ERROR']],
    ['no body at all', post('application/json', ''), []],
  ] as const)('%s', ([, sent, expected]) => {
    expect(lines('', sent, builtIn)).toEqual(expected);
  });

  test('of parts with lines that end in LF alone is refused as malformed', () => {
    const body = '--B\nContent-Disposition: form-data; name="t"\n\nhello\n--B--\n';
    const { intervention } = exchange(rules('', builtIn).begin(), post('multipart/form-data; boundary=B', body));
    expect([200_002, 200_003]).toContain(intervention?.rule.id);
  });

  test('says why', () => {
    const [first] = exchange(rules('', builtIn).begin(), post('application/json', '{"a":')).findings;
    expect(first?.data).not.toBe('');
  });

  test('has more arguments than allowed', () => {
    const few = { builtIn: true, limits: { maxArguments: 2 } };
    expect(lines('', { target: '/?a=1&b=2' }, few)).toEqual([]);
    expect(lines('', { target: '/?a=1&b=2&c=3' }, few)).toEqual(['200002 REQBODY_ERROR']);
    expect(lines('', form('a=1&b=2&c=3'), few)).toEqual(['200002 REQBODY_ERROR']);
  });

  test('a set that brings rules of these numbers replaces them', () => {
    expect(() => rules('SecAction "id:200002,phase:1"', builtIn)).toThrow('already taken');
  });
});

// What rules can look at: where each value comes from, and how members are selected.
import { describe, expect, test } from 'vitest';
import { data, exchange, form, lines, rules, type Sent } from './support.ts';

/** The members that a target has, as the rule sees them: `name=value`. */
function members(target: string, sent: Sent, phase = 2): string[] {
  const text = `SecRule ${target} "@unconditionalMatch" "id:1,phase:${phase},nolog,pass,setvar:'tx.all=%{tx.all}%{MATCHED_VAR_NAME}=%{MATCHED_VAR};'"`;
  return data(`${text}\nSecAction "id:2,phase:5,logdata:'%{tx.all}'"`, sent).join().split(';').slice(0, -1);
}

const REQUEST: Sent = {
  target: '/a/b%20c.php?id=1&ID=2&x_y=3&x.y=4&id2=5&e=',
  headers: [
    ...['host', 'a.example', 'X_A', '1', 'x.a', '2', 'x-a', '3', 'accept', 'one', 'accept', 'two'],
    ...['cookie', 'sid=abc; b=1=2; sid=def'],
  ],
};

describe('members of a collection', () => {
  test.for([
    ['ARGS', ['ARGS:id=1', 'ARGS:ID=2', 'ARGS:x_y=3', 'ARGS:x.y=4', 'ARGS:id2=5', 'ARGS:e=']],
    ['ARGS:id', ['ARGS:id=1', 'ARGS:ID=2']],
    ['ARGS:Id', ['ARGS:id=1', 'ARGS:ID=2']],
    ['ARGS:x.y', ['ARGS:x.y=4']],
    ['ARGS:/^id/', ['ARGS:id=1', 'ARGS:ID=2', 'ARGS:id2=5']],
    ["ARGS:'/^(?:e|x.y)$/'", ['ARGS:x_y=3', 'ARGS:x.y=4', 'ARGS:e=']],
    ['ARGS|!ARGS:id', ['ARGS:x_y=3', 'ARGS:x.y=4', 'ARGS:id2=5', 'ARGS:e=']],
    ['ARGS|!ARGS:/^[ix]/', ['ARGS:e=']],
    ['ARGS:id|!ARGS', []],
    ['ARGS:id|!ARGS_GET', ['ARGS:id=1', 'ARGS:ID=2']],
    ['ARGS:nothing', []],
    ['&ARGS', ['&ARGS=6']],
    ['&ARGS:id', ['&ARGS:id=2']],
    ['&ARGS:/^x/', ['&ARGS=2']],
    ['&ARGS:nothing', ['&ARGS:nothing=0']],
    ['ARGS_NAMES:/^x/', ['ARGS_NAMES:x_y=x_y', 'ARGS_NAMES:x.y=x.y']],
    ['REQUEST_HEADERS:x_a', ['REQUEST_HEADERS:X_A=1']],
    ['REQUEST_HEADERS:x.a', ['REQUEST_HEADERS:x.a=2']],
    ['REQUEST_HEADERS:X-A', ['REQUEST_HEADERS:x-a=3']],
    ['REQUEST_HEADERS:Accept', ['REQUEST_HEADERS:accept=one', 'REQUEST_HEADERS:accept=two']],
    ['&REQUEST_HEADERS:Accept', ['&REQUEST_HEADERS:accept=2']],
    [
      'REQUEST_HEADERS_NAMES:/^x/',
      ['REQUEST_HEADERS_NAMES:X_A=X_A', 'REQUEST_HEADERS_NAMES:x.a=x.a', 'REQUEST_HEADERS_NAMES:x-a=x-a'],
    ],
    ['REQUEST_COOKIES', ['REQUEST_COOKIES:sid=abc', 'REQUEST_COOKIES:b=1=2', 'REQUEST_COOKIES:sid=def']],
    ['REQUEST_COOKIES:/^S/', ['REQUEST_COOKIES:sid=abc', 'REQUEST_COOKIES:sid=def']],
    ['REQUEST_COOKIES|!REQUEST_COOKIES:sid', ['REQUEST_COOKIES:b=1=2']],
    [
      'REQUEST_COOKIES_NAMES',
      ['REQUEST_COOKIES_NAMES:sid=sid', 'REQUEST_COOKIES_NAMES:b=b', 'REQUEST_COOKIES_NAMES:sid=sid'],
    ],
  ] as const)('%s', ([target, expected]) => {
    expect(members(target, REQUEST)).toEqual(expected);
  });
});

describe('single values', () => {
  test.for([
    ['REQUEST_URI', '/a/b%20c.php?id=1&ID=2&x_y=3&x.y=4&id2=5&e='],
    ['REQUEST_FILENAME', '/a/b c.php'],
    ['REQUEST_BASENAME', 'b c.php'],
    ['QUERY_STRING', 'id=1&ID=2&x_y=3&x.y=4&id2=5&e='],
    ['REQUEST_LINE', 'GET /a/b%20c.php?id=1&ID=2&x_y=3&x.y=4&id2=5&e= HTTP/1.1'],
    ['REQUEST_METHOD', 'GET'],
    ['REQUEST_PROTOCOL', 'HTTP/1.1'],
    ['REMOTE_ADDR', '192.0.2.7'],
    ['REMOTE_PORT', '40001'],
    ['SERVER_ADDR', '198.51.100.1'],
    ['SERVER_PORT', '8443'],
    ['SERVER_NAME', 'a.example'],
    ['UNIQUE_ID', 'request-1'],
    ['ARGS_COMBINED_SIZE', '19'],
    ['REQUEST_BODY_LENGTH', '0'],
    ['REQBODY_ERROR', ''],
    ['HIGHEST_SEVERITY', '255'],
  ] as const)('%s', ([name, expected]) => {
    expect(members(name, REQUEST)).toEqual([`${name}=${expected}`]);
  });

  test('the part of a target that names the server is not in REQUEST_URI', () => {
    const sent = { target: 'http://a.example/x?y=1' };
    expect(members('REQUEST_URI|REQUEST_URI_RAW', sent)).toEqual([
      'REQUEST_URI=/x?y=1',
      'REQUEST_URI_RAW=http://a.example/x?y=1',
    ]);
  });

  test('Authorization: Basic gives AUTH_TYPE and REMOTE_USER', () => {
    const sent = { headers: ['authorization', `Basic ${Buffer.from('anna:secret').toString('base64')}`] };
    expect(members('AUTH_TYPE|REMOTE_USER', sent)).toEqual(['AUTH_TYPE=Basic', 'REMOTE_USER=anna']);
  });

  test('HIGHEST_SEVERITY is the gravest of the rules that matched as a whole', () => {
    const text = `SecAction "id:1,phase:1,nolog,pass,severity:WARNING"
      SecRule ARGS "@rx 1" "id:2,phase:1,nolog,pass,severity:CRITICAL,chain"\nSecRule ARGS "@rx 2"
      SecAction "id:3,phase:1,nolog,pass,severity:NOTICE"\nSecAction "id:4,phase:1,logdata:'%{HIGHEST_SEVERITY}'"`;
    expect(data(text, { target: '/?a=1' })).toEqual(['4']);
    expect(data(text, { target: '/?a=12' })).toEqual(['2']);
  });

  test('RULE speaks of the rule that runs', () => {
    const text = `SecRule RULE:id "@eq 7" "id:7,phase:1,rev:3,severity:2,msg:'hello',logdata:'%{RULE.rev} %{RULE.severity} %{RULE.msg}'"`;
    expect(data(text)).toEqual(['3 2 hello']);
  });

  test('clocks', () => {
    const now = new Date();
    const [year, epoch, hour, duration] = members('TIME_YEAR|TIME_EPOCH|TIME_HOUR|DURATION', {}).map((one) =>
      Number(one.split('=')[1]),
    );
    expect(Math.abs(year! - now.getFullYear())).toBeLessThanOrEqual(1);
    expect(Math.abs(epoch! - now.getTime() / 1000)).toBeLessThan(10);
    expect(hour).toBeLessThan(24);
    expect(duration).toBeLessThan(10_000);
    expect(members('TIME', {})[0]).toMatch(/^TIME=\d\d:\d\d:\d\d$/);
  });
});

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
    ['MULTIPART_STRICT_ERROR', ['MULTIPART_STRICT_ERROR=']],
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

describe('bytes', () => {
  const sent = { target: '/?a=%c3%a9&b=%ff&c=%00' };

  test.for([
    ['@rx \\xc3\\xa9', ['1 ARGS:a']],
    ['@rx ^.$', ['1 ARGS:c']],
    ['@rx [\\x80-\\xff]', ['1 ARGS:b']],
    ['@rx \\w', []],
    ['@contains \xe9', []],
    ['@contains \xff', ['1 ARGS:b']],
    ['@validateUtf8Encoding', ['1 ARGS:b']],
    ['@validateByteRange 1-255', ['1 ARGS:c']],
    ['@validateByteRange 0-127', ['1 ARGS:b']],
    ['@rx (?i)\\xc9', []],
  ] as const)('above 0x7f are bytes and not letters: %s', ([operator, expected]) => {
    const target = operator === '@rx ^.$' ? 'ARGS:c' : 'ARGS';
    expect(lines(`SecRule ${target} "${operator}" "id:1,phase:1"`, sent)).toEqual(expected);
  });

  test('above 0x7f are not folded by t:lowercase', () => {
    expect(lines(`SecRule ARGS "@rx \\xe9" "id:1,phase:1,t:lowercase"`, { target: '/?a=%c9' })).toEqual([]);
  });
});

describe('operators', () => {
  test.for([
    ['@within GET POST', 'REQUEST_METHOD', true],
    ['!@within HEAD POST', 'REQUEST_METHOD', true],
    ['@ipMatch 192.0.2.0/24', 'REMOTE_ADDR', true],
    ['@ipMatch 198.51.100.0/24,2001:db8::/32', 'REMOTE_ADDR', false],
    ['!@ipMatch 198.51.100.0/24', 'REMOTE_ADDR', true],
    ['@validateByteRange 32-126', 'REQUEST_URI', false],
    ['@verifyCC \\d{13,16}', 'ARGS:card', true],
    ['@verifyCC ^\\d{16}$', 'ARGS:no', false],
    ['@validateUrlEncoding', 'REQUEST_URI_RAW', false],
    ['@eq 8443', 'SERVER_PORT', true],
    ['@detectXSS', 'ARGS:x', true],
    ['@noMatch', 'REQUEST_METHOD', false],
    ['@unconditionalMatch', 'REQUEST_METHOD', true],
    ['!@unconditionalMatch', 'REQUEST_METHOD', false],
    ['@unconditionalMatch', 'ARGS:nobody', false],
    ['!@rx x', 'ARGS:nobody', false],
  ] as const)('%s of %s: %s', ([operator, target, expected]) => {
    const found = lines(`SecRule ${target} "${operator}" "id:1,phase:1"`, {
      target: '/?card=4111111111111111&no=4111111111111112&x=%3Cscript%3Ealert(1)%3C/script%3E',
    });
    expect(found).toEqual(expected ? [`1 ${target}`] : []);
  });
});

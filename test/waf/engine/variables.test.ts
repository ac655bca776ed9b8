// What rules can look at: where each value comes from, and how members are selected.
import { describe, expect, test } from 'vitest';
import { data, lines, members, type Sent } from './support.ts';

const REQUEST: Sent = {
  target: '/a/b%20c.php?id=1&ID=2&x_y=3&x.y=4&id2=5&e=',
  headers: 'host a.example X_A 1 x.a 2 x-a 3 accept one accept two cookie sid=abc;b=1=2;sid=def'.split(' '),
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
    ['REQBODY_ERROR', '0'],
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

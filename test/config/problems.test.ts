// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the configuration file

import { describe, expect, test } from 'vitest';
import { messagesOf, placesOf, problemsOf, someSite } from './reading.ts';

test('every fault of a file is told at once, in its order, whatever stage finds it', () => {
  const text = `timeouts:
  idle: 10 parsecs
  idel: 10s
  idle: 20s
listen: { https: ":443", http: ":443" }
workers: -2
logs: { level: "\${NOPE}" }
certificates:
  files:
    - { cert: a.pem }
upstreams:
  api: { balance: rondom }
sites:
  a.test: { to: apis }
  A.test: { to: api }
  b.test: { aliases: 5 }
  *.c.test: { to: api }
sitez: {}
`;
  expect(placesOf(text)).toEqual([
    '2:9 bad-value',
    '3:3 unknown-key',
    '4:3 duplicate-key',
    '5:32 duplicate-address',
    '6:10 bad-value',
    '7:16 unset-variable',
    '10:7 missing-key',
    '12:3 missing-key',
    '12:19 bad-value',
    '14:17 unknown-upstream',
    '15:3 duplicate-name',
    '16:3 missing-key',
    '16:22 wrong-type',
    '17:3 yaml-syntax',
    '18:1 unknown-key',
  ]);
});

test('a problem shows the file as given, the place and the line', () => {
  expect(problemsOf(`timeouts:\n  idle: 10 parsecs\n${someSite}`)).toEqual([
    {
      file: '/etc/gatehouse/gatehouse.yaml',
      line: 2,
      column: 9,
      code: 'bad-value',
      message: 'timeouts.idle: "10 parsecs" is not a duration; write a number with ms, s, m, h or d, like 10s',
      source: '  idle: 10 parsecs',
    },
  ]);
});

describe('unknown keys', () => {
  test.for([
    [
      'timeouts: { idel: 1s }',
      'timeouts: unknown key "idel"; did you mean "idle"? Allowed: handshake, headers, body, bodyTotal, write, idle, connection, upstream, stream, drain, leave, stall',
    ],
    [
      'timeouts: { zzz: 1s }',
      'timeouts: unknown key "zzz"; allowed: handshake, headers, body, bodyTotal, write, idle, connection, upstream, stream, drain, leave, stall',
    ],
    ['request_limits: {}', /^unknown key "request_limits"; did you mean "requestLimits"\?/],
    ['Logs: {}', /did you mean "logs"\?/],
    ['upstreams: { a: { server: "http://a" } }', /^upstreams\.a: unknown key "server"; did you mean "servers"\?/],
    ['__proto__: { a: 1 }', /^unknown key "__proto__"; allowed/],
    ['constructor: 1', /^unknown key "constructor"; allowed/],
  ] as const)('%s', ([text, message]) => {
    const messages = messagesOf(`${text}\n${someSite}`);
    expect(messages).toEqual([typeof message === 'string' ? message : expect.stringMatching(message)]);
  });

  test('a misspelled key is not called missing too', () => {
    expect(placesOf('sitez: { a: { to: "http://a" } }')).toEqual(['1:1 unknown-key']);
    expect(placesOf('sites: { a.test: { too: "http://a" } }')).toEqual(['1:20 unknown-key']);
  });
});

describe('values that are not meant', () => {
  test.for([
    ['timeouts: { idle: 10 }', 'timeouts.idle: "10" has no unit; write ms, s, m, h or d behind the number, like 10s'],
    ['timeouts: { idle: 0s }', 'timeouts.idle: "0s" is too short; the least is 1ms'],
    ['timeouts: { idle: 25d }', 'timeouts.idle: "25d" is too long; the most is 24d'],
    ['timeouts: { idle: }', 'timeouts.idle: has no value; write a number with ms, s, m, h or d, like 10s'],
    [
      'timeouts: { idle: [1s] }',
      'timeouts.idle: a list is not a duration; write a number with ms, s, m, h or d, like 10s',
    ],
    [
      'timeouts: { idle: true }',
      'timeouts.idle: "true" is not a duration; write a number with ms, s, m, h or d, like 10s',
    ],
    [
      'timeouts: 5s',
      'timeouts: "5s" is not a map; write keys below it (handshake, headers, body, bodyTotal, write, idle, connection, upstream, stream, drain, leave, stall)',
    ],
    [
      'requestLimits: { body: 10M }',
      'requestLimits.body: "10M" is not a size; write a number with B, KiB, MiB, GiB, KB, MB or GB, like 16KiB',
    ],
    ['requestLimits: { header: 10 }', 'requestLimits.header: "10" is too small; the least is 1KiB'],
    [
      'requestLimits: { streams: 0 }',
      'requestLimits.streams: "0" is out of range; write a whole number from 1 to 100000',
    ],
    [
      'requestLimits: { streams: 1.5 }',
      'requestLimits.streams: "1.5" is not a whole number; write a whole number from 1 to 100000',
    ],
    ['requestLimits: { streams: "5" }', 'requestLimits.streams: "5" is a text; write the number without quotes'],
    [
      'requestLimits: { streams: .inf }',
      'requestLimits.streams: ".inf" is not a whole number; write a whole number from 1 to 100000',
    ],
    [
      'logs: { level: INFO }',
      'logs.level: "INFO" is not one of info, trace, debug, warn, error, silent; did you mean "info"?',
    ],
    ['logs: { format: text }', 'logs.format: "text" is not json'],
    [
      'workers: many',
      'workers: "many" is not auto, a whole number or false; write auto, a whole number from 0 to 1024 or false to turn it off',
    ],
    ['workers: autp', 'workers: "autp" is not auto, a whole number or false; did you mean "auto"?'],
    ['workers: "4"', 'workers: "4" is a text; write the number without quotes'],
    ['workers: -1', 'workers: "-1" is out of range; write a whole number from 0 to 1024'],
    [
      'trustedProxies: [10.0.0.0/33]',
      'trustedProxies[0]: "10.0.0.0/33" has no prefix length from 0 to 32 after the slash',
    ],
    [
      'trustedProxies: [proxy]',
      'trustedProxies[0]: "proxy" is not an address range; write one like 10.0.0.0/8, 2001:db8::/32 or 192.0.2.7',
    ],
    ['upstreams: { a: { servers: [] } }', 'upstreams.a.servers: is empty; it needs at least one item'],
    ['upstreams: { a: { servers: [null] } }', /^upstreams\.a\.servers\[0\]: has no value; write a URL/],
    [
      'upstreams: { a: { servers: "http://a", tls: { verify: yes } } }',
      'upstreams.a.tls.verify: "yes" is not true or false; did you mean true, without quotes?',
    ],
    [
      'upstreams: { a: { servers: "http://a", tls: { serverName: 10.0.0.1 } } }',
      /^upstreams\.a\.tls\.serverName: "10\.0\.0\.1" is an IP address/,
    ],
    ['upstreams: { "a b": { servers: "http://a" } }', /^upstreams: "a b" is not a name/],
    ['upstreams: { a: { servers: { url: "http://a" } } }', /^upstreams\.a\.servers: a map is not a URL or a list/],
    [
      'upstreams: { a: { servers: ["http://a", { url: "http://b", weight: 0 }] } }',
      /^upstreams\.a\.servers\[1\]\.weight: "0" is out of range/,
    ],
    [
      'admin: { socket: /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa }',
      /^admin\.socket: the whole path comes to 111 bytes, and a Unix socket has at most 107 bytes; write a shorter/,
    ],
  ] as const)('%s', ([text, message]) => {
    const messages = messagesOf(`${text}\n${someSite}`);
    expect(messages).toEqual([typeof message === 'string' ? message : expect.stringMatching(message)]);
  });

  test.for([
    'sites:',
    'sites: {}',
    'sites: []',
    '',
    '# nothing',
    '{}',
    'null',
    '[]',
    'hello',
    'listen: { http: false }',
  ])('without a site there is one problem: %j', (text) => {
    expect(problemsOf(text)).toHaveLength(1);
  });
});

test('a fault in a part that is used twice is told once', () => {
  expect(
    placesOf('sites:\n  a.test: &a\n    to: http://a\n    bogus: 1\n  b.test: *a\n  c.test: { <<: *a }\n'),
  ).toEqual(['4:5 unknown-key']);
});

test('of very many problems the first thousand are told and the rest counted', () => {
  const problems = problemsOf(someSite + Array.from({ length: 1500 }, (_, i) => `k${i}: 1\n`).join(''));
  expect(problems).toHaveLength(1001);
  expect(problems.at(-1)).toMatchObject({
    code: 'too-many-problems',
    message: 'there are 500 more problems, which are not shown',
  });
});

test('a line that a program wrote is too long to be shown', () => {
  const [problem] = problemsOf(
    `{"bogus":1,"sites":{"a":{"to":"http://a","headers":{"response":{"set":{"x":"${'x'.repeat(500)}"}}}}}}`,
  );
  expect(problem).toMatchObject({ line: 1, column: 2, code: 'unknown-key' });
  expect(problem).not.toHaveProperty('source');
});

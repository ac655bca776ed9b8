import { expect, test } from 'vitest';
import { configOf, messagesOf } from '../reading.ts';

const site = (rest: string): string => `sites:\n  app.test:\n    to: http://127.0.0.1:3000\n${rest}`;
const limits = (list: string): string => site(`    limits: ${list}\n`);
const limitOf = (written: string) => configOf(limits(`[${written}]`)).sites[0]?.routes[0]?.limits[0];

test.for([
  ['rate: 5/min', [{ points: 5, windowMs: 60_000 }]],
  ['rate: 5/min, burst: 20', [{ points: 20, windowMs: 240_000 }]],
  ['rate: 100/s, burst: 10', [{ points: 10, windowMs: 100 }]],
  [
    'rate: [10/s, 1000/h]',
    [
      { points: 10, windowMs: 1000 },
      { points: 1000, windowMs: 3_600_000 },
    ],
  ],
  ['concurrent: 3', []],
] as const)('%s is counted in windows', ([written, windows]) => {
  expect(limitOf(`{ ${written} }`)?.windows).toEqual(windows);
});

test('what a limit does not say has its default', () => {
  expect(limitOf('{ rate: 5/min }')).toEqual({
    name: 'limit1',
    match: { path: undefined, method: undefined, header: undefined, query: undefined, client: undefined },
    key: [{ by: 'client.ip' }],
    without: 'client',
    windows: [{ points: 5, windowMs: 60_000 }],
    concurrent: undefined,
    costs: undefined,
    delayMs: 0,
    banMs: undefined,
    tell: 'refused',
    approximate: false,
  });
});

test('keys may be combined, and costs go by status', () => {
  const limit = limitOf(
    '{ rate: 1/s, key: [client.ip, "header:X-Api-Key", "jwt:sub"], cost: { 401: 1, "500-599, 403": 5 } }',
  );
  expect(limit?.key).toEqual([{ by: 'client.ip' }, { by: 'header', name: 'x-api-key' }, { by: 'jwt', name: 'sub' }]);
  expect(limit?.costs).toEqual([
    { from: 401, to: 401, cost: 1 },
    { from: 500, to: 599, cost: 5 },
    { from: 403, to: 403, cost: 5 },
  ]);
});

test("a route's own limits take the place of the site's; what it does not say of access is the site's", () => {
  const { routes } = configOf(
    site(`    limits: [{ rate: 9/s }]
    access: { allow: [10.0.0.0/8], deny: [10.6.6.6] }
    routes:
      - { match: { path: /a }, limits: off, access: off }
      - { match: { path: /b }, limits: [{ rate: 1/s }], access: { allow: [192.0.2.0/24] } }
      - { match: { path: /c } }
`),
  ).sites[0] ?? { routes: [] };
  expect(routes.map(({ limits: list }) => list.map(({ name }) => name))).toEqual([
    [],
    ['route2-limit1'],
    ['limit1'],
    ['limit1'],
  ]);
  expect(routes.map(({ access }) => access)).toEqual([
    { allow: [], deny: [] },
    { allow: ['192.0.2.0/24'], deny: ['10.6.6.6'] },
    { allow: ['10.0.0.0/8'], deny: ['10.6.6.6'] },
    { allow: ['10.0.0.0/8'], deny: ['10.6.6.6'] },
  ]);
});

test.for([
  ['[{ name: a }]', /this limit has no bound; write rate, like 5\/min, or concurrent/],
  ['[{ rate: 5 }]', /is not a rate/],
  ['[{ rate: [1/s, 5/min], burst: 5 }]', /burst goes with one rate/],
  ['[{ rate: 1/d, burst: 30 }]', /no limit reaches over more than 24 days/],
  ['[{ rate: 1/s, key: ip }]', /is not client.ip, site, path, header:NAME, cookie:NAME or jwt:CLAIM/],
  ['[{ rate: 1/s, key: [] }]', /key/],
  ['[{ rate: 1/s, name: "a b" }]', /is not a name/],
  ['[{ rate: 1/s, name: a }, { rate: 2/s, name: a }]', /there is already a limit "a"/],
  ['[{ rate: 1/s, cost: { failed: 1 } }]', /is not a list of statuses/],
  ['[{ rate: 1/s, delay: 5m }]', /is too long/],
  ['[{ rate: 1/s, ban: 10ms }]', /is too short/],
  ['[{ rate: 1/s, key: site, ban: 5m }]', /ban needs a key that tells clients apart/],
  ['[{ concurrent: 2, ban: 5m }]', /ban goes with a rate/],
  ['[{ concurrent: 2, delay: 5s }]', /delay goes with a rate/],
] as const)('%s is a fault', ([written, message]) => {
  expect(messagesOf(limits(written))).toEqual([expect.stringMatching(message)]);
});

test('bans: the rules ban nobody by one request', () => {
  expect(messagesOf(`bans: { waf: { points: 10 } }\n${site('')}`)).toEqual([expect.stringMatching(/out of range/)]);
  expect(configOf(`bans: { waf: { for: 1h } }\n${site('')}`).bans.waf).toEqual({
    points: 50,
    windowMs: 600_000,
    forMs: 3_600_000,
  });
});

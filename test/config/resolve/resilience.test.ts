import { describe, expect, test } from 'vitest';
import type { UpstreamConfig } from '../../../src/config/model/upstreams.ts';
import { configOf, messagesOf, someSite } from '../reading.ts';

function upstreamOf(settings: string): UpstreamConfig | undefined {
  return configOf(`upstreams: { a: { servers: "http://a", ${settings} } }\n${someSite}`).upstreams.get('a');
}

describe('what is written arrives with its units read', () => {
  test.for([
    ['balance: hash', { hash: { on: { by: 'client.ip' }, factor: 1.25 } }],
    ['balance: hash, hashOn: path, hashFactor: 150', { hash: { on: { by: 'path' }, factor: 1.5 } }],
    ['balance: hash, hashOn: "header:X-Tenant"', { hash: { on: { by: 'header', name: 'x-tenant' }, factor: 1.25 } }],
    ['balance: hash, hashOn: "cookie:Sid"', { hash: { on: { by: 'cookie', name: 'Sid' } } }],
    ['balance: hash, hashFactor: off', { hash: { factor: undefined } }],
    ['sticky: { cookie: node }', { sticky: { cookie: 'node', secret: undefined } }],
    ['sticky: { secret: "0123456789abcdef" }', { sticky: { cookie: 'gh_node', secret: '0123456789abcdef' } }],
    [
      'health: { path: /up/, host: App.internal, expect: "200, 204, 300-399" }',
      {
        health: {
          path: '/up/',
          host: 'app.internal',
          intervalMs: 5000,
          timeoutMs: 2000,
          unhealthyAfter: 3,
          healthyAfter: 2,
          expect: [
            { from: 200, to: 200 },
            { from: 204, to: 204 },
            { from: 300, to: 399 },
          ],
        },
      },
    ],
    ['health: { path: /, expect: 200 }', { health: { path: '/', expect: [{ from: 200, to: 200 }] } }],
    [
      'ejection: { failures: 2, for: 10m }',
      { ejection: { failures: 2, forMs: 600_000, longestMs: 600_000, share: 0.5 } },
    ],
    [
      'retries: { attempts: 1, on: [500], budget: 5%, minimum: 0 }',
      { retries: { attempts: 1, onConnect: false, onStatus: new Set([500]), budget: 0.05, minimum: 0 } },
    ],
    ['slowStart: 0, resolveEvery: off, maxQueue: 0', { slowStartMs: 0, resolveEveryMs: undefined, maxQueue: 0 }],
  ] as const)('%s', ([written, meant]) => {
    expect(upstreamOf(written)).toMatchObject(meant);
  });

  test.for([
    'ejection: false',
    'ejection: { failures: 0 }',
    'retries: off',
    'retries: { attempts: 0 }',
    'health: { interval: 0 }',
    'sticky: { cookie: false }',
    'sticky: {}',
  ])('%s: off', (written) => {
    const key = written.split(':', 1)[0] as 'ejection' | 'retries' | 'health' | 'sticky';
    expect(upstreamOf(written)?.[key]).toBeUndefined();
  });
});

describe('what cannot be meant is told', () => {
  test.for([
    ['hashOn: path', 'upstreams.a.hashOn: hashOn says what hash balancing goes by; write balance: hash beside it'],
    [
      'health: { expect: "399-200" }',
      'upstreams.a.health.expect: "399-200" has a range whose end is before its beginning',
    ],
    [
      'health: { expect: ok }',
      'upstreams.a.health.expect: "ok" is not a list of statuses; write them like 200-399 or 200, 204',
    ],
    ['sticky: { cookie: "a b" }', 'upstreams.a.sticky.cookie: "a b" is not a cookie name; write one like gh_node'],
    ['sticky: { secret: short }', 'upstreams.a.sticky.secret: "***" is too short; the least is 16 characters'],
    ['hashFactor: 100', 'upstreams.a.hashFactor: "100" is out of range; write a whole number from 101 to 1000'],
    ['resolveEvery: 10ms', 'upstreams.a.resolveEvery: "10ms" is too short; the least is 1s'],
  ] as const)('%s', ([written, message]) => {
    expect(messagesOf(`upstreams: { a: { servers: "http://a", ${written} } }\n${someSite}`)).toEqual([message]);
  });

  test('a server that stands in the list twice', () => {
    const text = `upstreams: { a: { servers: ["http://a", { url: "http://A/", weight: 2 }] } }\n${someSite}`;
    expect(messagesOf(text)).toEqual([
      'upstreams.a.servers[1]: this server is in the list already; give it a weight instead',
    ]);
  });

  test('two groups of one site with the same cookie', () => {
    const groups =
      'a: { servers: "http://a", sticky: { cookie: n } }, b: { servers: "http://b", sticky: { cookie: n } }';
    const site = 'sites: { a.test: { routes: [{ match: { path: /b }, to: b }], to: a } }';
    expect(messagesOf(`upstreams: { ${groups} }\n${site}`)).toEqual([
      'upstreams.a.sticky: the site a.test leads here and to b, which has this cookie too; give one of them another',
    ]);
  });
});

import { describe, expect, test } from 'vitest';
import { configOf, messagesOf, placesOf, someSite } from './reading.ts';

/** A file with `text` at a place; `$` stands for the value. */
const places: Record<string, string> = {
  proxyProtocol: `listen: { proxyProtocol: $ }\n${someSite}`,
  workers: `workers: $\n${someSite}`,
  shared: `shared: $\n${someSite}`,
  record: `record: $\n${someSite}`,
  acme: `certificates: { acme: $ }\n${someSite}`,
  issuer: `certificates: { issuer: $ }\n${someSite}`,
  storage: `certificates: { storage: $ }\n${someSite}`,
  balance: `upstreams: { a: { servers: "http://a", balance: $ } }\n${someSite}`,
  hashOn: `upstreams: { a: { servers: "http://a", hashOn: $ } }\n${someSite}`,
  sticky: `upstreams: { a: { servers: "http://a", sticky: $ } }\n${someSite}`,
  health: `upstreams: { a: { servers: "http://a", health: $ } }\n${someSite}`,
  ejection: `upstreams: { a: { servers: "http://a", ejection: $ } }\n${someSite}`,
  retries: `upstreams: { a: { servers: "http://a", retries: $ } }\n${someSite}`,
  clientCertificates: 'sites: { a.test: { to: "http://a", clientCertificates: $ } }',
  waf: 'sites: { a.test: { to: "http://a", waf: $ } }',
  access: 'sites: { a.test: { to: "http://a", access: $ } }',
  limits: 'sites: { a.test: { to: "http://a", limits: $ } }',
  cache: 'sites: { a.test: { to: "http://a", cache: $ } }',
  compress: 'sites: { a.test: { to: "http://a", compress: $ } }',
  'routes.waf': 'sites: { a.test: { to: "http://a", routes: [{ waf: $ }] } }',
  'routes.access': 'sites: { a.test: { to: "http://a", routes: [{ access: $ }] } }',
  'routes.limits': 'sites: { a.test: { to: "http://a", routes: [{ limits: $ }] } }',
  'routes.cache': 'sites: { a.test: { to: "http://a", routes: [{ cache: $ }] } }',
  'routes.compress': 'sites: { a.test: { to: "http://a", routes: [{ compress: $ }] } }',
};

const switchable = Object.keys(places).filter((name) => !['issuer', 'storage', 'balance'].includes(name));
const spellings = ['false', 'null', '~', '', 'off', 'Off', '"off"', '"false"', 'no', 'none', '0', '""', '[]', '{}'];

function at(place: string, value: string): string {
  return (places[place] ?? '').replace('$', () => value);
}

describe('a part that is off is fine, in every spelling', () => {
  test.for(switchable.flatMap((name) => spellings.map((spelling) => [name, spelling] as const)))(
    '%s: %s',
    ([name, spelling]) => {
      expect(messagesOf(at(name, spelling))).toEqual([]);
    },
  );

  test.for([
    ['waf', '{ mode: off }'],
    ['waf', '{ mode: false }'],
    [
      'waf',
      '{ mode: off, rules: [core], paranoia: 2, threshold: { inbound: 7 }, shadow: { rules: [{ crs: x }], sample: 5% } }',
    ],
    ['clientCertificates', '{ mode: off, ca: a.pem }'],
    ['retries', '{ attempts: 0 }'],
    ['retries', '{ attempts: 0, on: [connect, 502], budget: 20% }'],
    ['ejection', '{ failures: 0, for: 30s }'],
    ['health', '{ interval: 0, path: /healthz }'],
    ['health', '{ interval: off }'],
    ['record', '{ sample: 0%, dir: traffic }'],
    ['sticky', '{ cookie: null }'],
    ['access', '{ allow: [], deny: [], basic: null, forward: null, oidc: null }'],
    ['access', '{ basic: { users: {} } }'],
    ['acme', '{ email: null }'],
    ['issuer', 'internal'],
    ['issuer', 'acme'],
    ['acme', '{ email: a@b.test, agreeTos: true }'],
    ['storage', './certs'],
    ['balance', 'random-two'],
    ['balance', 'round-robin'],
  ] as const)('%s: %s', ([name, value]) => {
    expect(messagesOf(at(name, value))).toEqual([]);
  });
});

describe('a part that is on is told, at its key', () => {
  test.for([['access', '{ basic: { users: { ann: x } } }', '1:46']] as const)('%s: %s', ([name, value, place]) => {
    expect(placesOf(at(name, value))).toEqual([`${place} not-available`]);
  });

  test('the message says what to do instead', () => {
    expect(messagesOf(at('access', '{ basic: { users: { ann: x } } }'))).toEqual([
      expect.stringMatching(
        /signing in with a password is not available yet; leave it out, or turn it off with false$/,
      ),
    ]);
  });
});

describe('a part is checked although it cannot be on yet', () => {
  test.for([
    ['waf', '{ mode: off, paranoia: 9 }', /paranoia: "9" is out of range/],
    ['waf', '{ mode: of }', /mode: "of" is not one of block, detect, off; did you mean "off"\?/],
    ['waf', '{ mode: off, exceptions: [{ rules: [1], expires: 2027-02-30 }] }', /is not a date/],
    ['waf', '{ mode: off, exceptions: [{ fields: [args] }] }', /the key "rules" is missing/],
    ['waf', 'detect', /is not false or a map/],
    ['limits', '[{ rate: fast }]', /is not a rate; write a count and a period, like 5\/min/],
    ['retries', '{ attempts: 0, budget: 20 }', /is not a percentage/],
    ['shared', 'http://a', /begins with redis/],
    ['health', '{ interval: 0, expext: 200 }', /did you mean "expect"/],
  ] as const)('%s: %s', ([name, value, message]) => {
    const messages = messagesOf(at(name, value)).filter((each) => !each.includes('not available'));
    expect(messages).toEqual([expect.stringMatching(message)]);
  });
});

test('what is off by default stays off in the result', () => {
  const config = configOf(someSite);
  expect(config.shared).toBeUndefined();
});

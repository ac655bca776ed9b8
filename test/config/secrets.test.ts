// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the configuration file

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import type { Node } from '../../src/config/schema/node.ts';
import { root } from '../../src/config/schema/root.ts';
import { isSecretKey } from '../../src/config/secrets.ts';
import { problemsOf, someSite } from './reading.ts';

const secret = 'hunter2';

describe('a literal secret is never shown', () => {
  test.for([
    ['beside a fault', `certificates: { files: [{ pfx: a, passphrase: ${secret}, bogus: 1 }] }`],
    ['in quotes', `certificates: { files: [{ pfx: a, passphrase: "${secret}", bogus: 1 }] }`],
    ['with commas and braces in quotes', `certificates: { files: [{ bogus: 1, passphrase: "a, ${secret}} b" }] }`],
    [
      'on several lines',
      `certificates:\n  files:\n    - passphrase: |\n        ${secret}\n      pfx: a\n      passphrase: x`,
    ],
    ['being the fault itself', `certificates: { files: [{ pfx: a, passphrase: [${secret}] }] }`],
    ['under a misspelled key', `certificates: { files: [{ pfx: a, passphrse: ${secret} }] }`],
    ['under an unknown key that sounds like one', `admin: { apiToken: ${secret} }`],
    ['under an unknown key with a map', `adminPassword: { a: { b: ${secret}, c: ! } }`],
    ['behind a reference', `certificates: { files: [{ pfx: a, passphrase: "\${X}${secret}" }] }`],
    ['as the default of a reference', `certificates: { files: [{ passphrase: "\${X:-${secret}}" }] }`],
    ['in broken YAML', `certificates: { files: [{ pfx: a, passphrase: "x" ${secret} }] }`],
    ['in broken YAML with an open quote', `certificates: { files: [{ pfx: a, passphrase: "x ${secret} }] }`],
    ['as an unquoted star', `certificates: { files: [{ pfx: a, passphrase: *${secret} }] }`],
    ['behind a tag', `certificates: { files: [{ pfx: a, passphrase: !x ${secret} }] }`],
    ['by an alias', `certificates: { files: [{ pfx: &a ${secret}, passphrase: *a, x: 1 }] }`],
    ['in a comment', `bogus: 1 # password: ${secret}`],
    ['in a URL that takes none', `upstreams: { a: { servers: "http://user:${secret}@a" } }`],
    ['in a URL that is none', `upstreams: { a: { servers: "http://user:${secret}/x@a b" } }`],
    ['in a URL with a space', `shared: "redis://:my ${secret}@10.0.0.9"`],
    ['in a long URL', `upstreams: { a: { servers: "http://${'x'.repeat(48)}:${secret}@a" } }`],
    ['in a URL of Redis', `shared: redis://:${secret}@10.0.0.9/x`],
    ['in a URL of Redis, with a bad escape', `shared: redis://:${secret}%@10.0.0.9`],
    ['for Redis', `shared: { password: ${secret}, bogus: 1 }`],
    ['in a header', `sites: { a.b: { to: 1, headers: { request: { set: { Authorization: ${secret}, x: "\\0" } } } } }`],
    ['in a cookie', `sites: { a.b: { to: 1, headers: { request: { set: { cookie: "${secret}\\n" } } } } }`],
    ['for ACME', `certificates: { acme: { eab: { keyId: a, hmac: ${secret}, bogus: 1 } } }`],
    ['of a DNS provider', `certificates: { acme: { dns: { provider: cloudflare, token: ${secret}, bogus: 1 } } }`],
    ['of users', `sites: { a.b: { to: 1, access: { basic: { users: { ann: ${secret} } } } } }`],
    ['for sign-in', `sites: { a.b: { to: 1, access: { oidc: { clientSecret: ${secret} } } } }`],
  ] as const)('%s', ([, text]) => {
    const problems = problemsOf(`${text}\n${text.startsWith('sites') ? '' : someSite}`);
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.stringify(problems)).not.toContain(secret);
  });
});

test('a reference to a secret is shown as it is written', () => {
  const [problem] = problemsOf(`certificates: { files: [{ pfx: a, passphrase: "\${PASS}", bogus: 1 }] }\n${someSite}`, {
    PASS: secret,
  });
  expect(problem?.source).toBe('certificates: { files: [{ pfx: a, passphrase: "${PASS}", bogus: 1 }] }');
});

test('keys that hold no secret are not hidden', () => {
  const hidden = new Set<string>();
  const visit = (node: Node, parent?: string): void => {
    for (const [key, child] of Object.entries(node.map?.properties ?? {})) {
      if (isSecretKey(key, parent)) hidden.add(key);
      visit(child, key);
    }
    if (node.map?.others !== undefined) visit(node.map.others, parent);
    if (node.list !== undefined) visit(node.list.items, parent);
  };
  visit(root);
  expect([...hidden].sort()).toEqual([
    'clientSecret',
    'hmac',
    'keySecret',
    'passphrase',
    'password',
    'secret',
    'secretAccessKey',
    'sentinelPassword',
    'sessionToken',
    'token',
    'users',
  ]);
});

test('no problem shows what came from the environment or a file', () => {
  const places = [
    'listen: { https: "${V}" }',
    'listen: { https: ["${V}", "${V}"] }',
    'trustedProxies: "${V}"',
    'workers: "${V}"',
    'shared: "${V}"',
    'admin: { socket: "${V}", http: "${V}" }',
    'timeouts: { idle: "${V}" }',
    'requestLimits: { body: "${V}", streams: "${V}" }',
    'certificates: { issuer: "${V}" }',
    'upstreams: { a: { servers: "${V}", protocol: "${V}", tls: { ca: "${V}", serverName: "${V}", verify: "${V}" } } }',
    'sites: { a.test: { to: "${V}", aliases: ["${V}", "${V}"], certificate: "${V}", waf: { mode: "${V}" } } }',
    'sites: { a.test: { to: "http://a", routes: [{ to: "${V}", stripPrefix: "${V}", match: { path: "${V}", method: "${V}", client: "${V}" } }] } }',
    'sites: { a.test: { to: "http://a", headers: { request: { set: { x-a: "${V}" }, remove: ["${V}"] } } } }',
    'logs: { level: "${V}", access: "${V}" }',
    'sites: { a.test: { to: ${V} } }',
  ];
  const value = fc.oneof(
    fc.string({ minLength: 8, unit: 'grapheme-ascii' }),
    fc.constantFrom(
      'http://user:pa55word@host',
      'pa55word\nx',
      '10.0.0.0/pa55word',
      'h2pa55word',
      'pa55word.example.com:99999',
      '/tmp/pa55word',
    ),
  );
  fc.assert(
    fc.property(fc.constantFrom(...places), value, (place, env) => {
      fc.pre(!/^[\s\w./:-]{0,9}$/.test(env));
      const text = place.startsWith('sites') ? place : `${place}\n${someSite}`;
      const { problems } = parseConfig(text, { env: { V: env }, baseDir: '/' });
      for (const { message, source } of problems) expect(`${message}\n${source}`).not.toContain(env);
    }),
    { numRuns: 500 },
  );
});

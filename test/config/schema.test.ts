// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the configuration file

import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/load.ts';
import { configSchema } from '../../src/config/schema.ts';

// A plain validator, as an editor has one: no keywords of ours.
const isValid = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true }).compile(
  configSchema,
);

type Schema = Record<string, unknown>;

/** Every property with its path, and the alternatives of each. */
function properties(schema: Schema, path = ''): [string, Schema][] {
  const found: [string, Schema][] = [];
  for (const part of [schema, ...((schema.anyOf ?? []) as Schema[])]) {
    for (const [key, child] of Object.entries((part.properties ?? {}) as Record<string, Schema>)) {
      found.push([`${path}.${key}`, child], ...properties(child, `${path}.${key}`));
    }
    if (typeof part.additionalProperties === 'object')
      found.push(...properties(part.additionalProperties as Schema, `${path}.*`));
    if (part.items !== undefined) found.push(...properties(part.items as Schema, `${path}[]`));
  }
  return found;
}

const all = properties(configSchema);

test('the schema stands alone, is of draft 2020-12 and is only data', () => {
  expect(configSchema).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: expect.any(String),
    title: expect.any(String),
    type: 'object',
  });
  expect(JSON.parse(JSON.stringify(configSchema))).toEqual(configSchema);
  expect(JSON.stringify(configSchema)).not.toContain('"$ref"');
});

test('it holds the whole file of the design', () => {
  const paths = new Set(all.map(([path]) => path));
  for (const path of [
    '.listen.https',
    '.listen.http',
    '.listen.proxyProtocol',
    '.trustedProxies',
    '.workers',
    '.shared',
    '.admin.socket',
    '.admin.http',
    ...['handshake', 'headers', 'body', 'idle', 'upstream', 'drain'].map((key) => `.timeouts.${key}`),
    ...['body', 'header', 'headers', 'uri', 'streams', 'connections', 'connectionsPerIp'].map(
      (key) => `.requestLimits.${key}`,
    ),
    ...['storage', 'issuer', 'files[].cert', 'files[].pfx', 'files[].passphrase'].map((key) => `.certificates.${key}`),
    ...[
      'directory',
      'email',
      'agreeTos',
      'profile',
      'eab.keyId',
      'eab.hmac',
      'challenges',
      'dns.provider',
      'dns.resolvers',
      'dns.propagationTimeout',
      'dns.keySecret',
      'preferredChain',
      'checkEvery',
      'trustedRoots',
      'fallback',
    ].map((key) => `.certificates.acme.${key}`),
    ...[
      'servers[].url',
      'servers[].weight',
      'protocol',
      'balance',
      'hashOn',
      'sticky.cookie',
      'health.expect',
      'ejection.for',
      'retries.budget',
      'slowStart',
      'resolveEvery',
      'maxQueue',
      'queueTimeout',
      'tls.serverName',
      'maxConnections',
    ].map((key) => `.upstreams.*.${key}`),
    ...[
      'aliases',
      'certificate',
      'clientCertificates.mode',
      'access.allow',
      'access.oidc',
      'limits[].rate',
      'cache.store',
      'cache.maxVariants',
      'cache.cookies',
      'compress',
      'headers.response.remove',
      'routes[].match.client',
      'routes[].stripPrefix',
      'to',
    ].map((key) => `.sites.*.${key}`),
    ...[
      'mode',
      'rules',
      'paranoia',
      'detectionParanoia',
      'threshold.inbound',
      'body.over',
      'response',
      'exceptions[].expires',
      'shadow.sample',
      'onError',
    ].map((key) => `.sites.*.waf.${key}`),
    ...['waf.mode', 'limits[].rate', 'cache.ttl', 'access.deny', 'compress'].map((key) => `.sites.*.routes[].${key}`),
    ...['level', 'format', 'access', 'waf', 'redact'].map((key) => `.logs.${key}`),
    '.record.dir',
    '.record.sample',
  ]) {
    expect(paths).toContain(path);
  }
});

test.for(all)('%s is described', ([, schema]) => {
  expect(schema.description).toMatch(/^[^\s].{3,}[.)]$/s);
});

test.for(all.filter(([, schema]) => 'default' in schema))('the default of %s is valid at its place', ([, schema]) => {
  const validate = new Ajv2020({ strict: false }).compile(schema);
  expect([validate(schema.default), validate.errors]).toEqual([true, null]);
});

test.for(readdirSync('examples').filter((name) => name.endsWith('.yaml')))(
  'a plain validator accepts examples/%s',
  (name) => {
    expect([isValid(parse(readFileSync(`examples/${name}`, 'utf8'), { merge: true })), isValid.errors]).toEqual([
      true,
      null,
    ]);
  },
);

const site = { 'a.test': { to: 'http://a' } };

describe('a plain validator refuses what is plainly wrong', () => {
  test.for([
    [{}],
    [{ sites: {} }],
    [{ sites: site, bogus: 1 }],
    [{ sites: { 'a.test': { to: 'http://a', bogus: 1 } } }],
    [{ sites: site, timeouts: { idle: '10 parsecs' } }],
    [{ sites: site, timeouts: { idle: 10 } }],
    [{ sites: site, requestLimits: { body: '10M' } }],
    [{ sites: site, requestLimits: { streams: 0 } }],
    [{ sites: site, logs: { level: 'loud' } }],
    [{ sites: site, listen: { https: 'nowhere' } }],
    [{ sites: site, listen: { https: false } }],
    [{ sites: site, upstreams: { a: {} } }],
    [{ sites: site, upstreams: { a: { servers: 'ftp://a' } } }],
    [{ sites: site, certificates: { files: [{ cert: 'a' }] } }],
    [{ sites: { 'a.test': { to: 'http://a', headers: { request: { set: { 'a b': 'x' } } } } } }],
  ])('%j', ([value]) => {
    expect(isValid(value)).toBe(false);
  });
});

test('a plain validator lets references stand anywhere a scalar may', () => {
  const value = {
    listen: { https: '${A}', http: ['${A}:${B:-80}'] },
    workers: '${W:-0}',
    timeouts: { idle: '${IDLE}s' },
    requestLimits: { body: '${BODY}', streams: '${STREAMS}' },
    logs: { level: '${LEVEL:-info}' },
    upstreams: { a: { servers: ['${URL}', { url: '${URL}', weight: '${WEIGHT}' }], tls: { verify: '${VERIFY}' } } },
    sites: {
      'a.test': {
        to: '${TO}',
        waf: '${WAF:-off}',
        compress: '${COMPRESS}',
        routes: [{ match: { path: '${PATH}', method: '${METHOD}' } }],
      },
    },
  };
  expect([isValid(value), isValid.errors]).toEqual([true, null]);
});

test('whatever the check accepts, a plain validator accepts', () => {
  const scalar = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      1,
      2.5,
      443,
      -1,
      '',
      'off',
      'Off',
      'none',
      'on',
      '0',
      '0s',
      '1h30m',
      '250ms',
      '10MiB',
      '0B',
      '20%',
      '5/min',
      ':443',
      '[::1]:80',
      'client.ip',
      'header:x-a',
      'auto',
      'internal',
      'shared',
      'block',
      'stdout',
      'GET',
      '/a/**',
      '**',
      'http://a',
      'HTTPS://A/b',
      'redis://a',
      '10.0.0.0/8',
      '2027-03-01',
      'a.test',
      'default',
      'x-a',
    ),
    fc.string({ maxLength: 8 }),
    fc.integer(),
  );
  const value = fc.oneof(
    scalar,
    fc.array(scalar, { maxLength: 3 }),
    fc.constant({}),
    fc.constantFrom<unknown>(
      { url: 'http://a' },
      [{ url: 'http://a', weight: 2 }],
      { 'x-a': 1 },
      { mode: 'off', paranoia: 2 },
      { attempts: 0 },
      { interval: 0 },
      { failures: 0 },
      { cert: 'a', key: 'b' },
    ),
  );
  const leaves = all.map(([path]) => path).filter((path) => !path.includes('[]'));
  fc.assert(
    fc.property(fc.constantFrom(...leaves), value, (path, leaf) => {
      let config: unknown = leaf;
      for (const key of path.split('.').slice(1).reverse()) config = { [key === '*' ? 'a.test' : key]: config };
      const file = config as Record<string, Record<string, Record<string, unknown>>>;
      for (const upstream of Object.values(file.upstreams ?? {}))
        if (typeof upstream === 'object' && upstream !== null) upstream.servers ??= 'http://a';
      file.sites ??= { 'b.test': { to: 'http://a' } };
      const text = JSON.stringify(file);
      if (parseConfig(text, { env: {} }).config !== undefined) expect([text, isValid(file)]).toEqual([text, true]);
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 500) },
  );
});

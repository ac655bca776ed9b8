import { describe, expect, test } from 'vitest';
import { readDocument } from '../../../src/config/build-document.ts';
import type { DnsConfig } from '../../../src/config/model/certificates.ts';
import { Part } from '../../../src/config/part.ts';
import { Report } from '../../../src/config/report.ts';
import { resolveDns } from '../../../src/config/resolve/dns.ts';
import { dnsProviders } from '../../../src/config/schema/dns.ts';
import { validate } from '../../../src/config/validate.ts';

/** Reads the part alone, without the rest of the file. */
function read(dns: string): { dns: DnsConfig | undefined; faults: string[]; lines: string[] } {
  const text = `certificates: { acme: { dns: ${dns} } }`;
  const report = new Report('gatehouse.yaml', text);
  const document = readDocument(text, { env: {}, baseDir: '/etc/gatehouse' }, report);
  validate(document);
  const resolved = resolveDns(Part.root(document).at('certificates').at('acme').at('dns'), '/etc/gatehouse');
  const problems = report.problems().filter(({ message }) => message.startsWith('certificates.acme.dns'));
  return {
    dns: resolved,
    faults: problems.map(
      ({ message, code, column }) => `${column - 28} ${code} ${message.replace('certificates.acme.', '')}`,
    ),
    lines: problems.map(({ source = '' }) => source),
  };
}

const examples: Record<keyof typeof dnsProviders, [string, unknown]> = {
  exec: ['command: ./hook.sh', { command: ['/etc/gatehouse/hook.sh'] }],
  rfc2136: [
    'server: ns1.example.com, keyName: Acme., keySecret: c2VjcmV0',
    {
      server: { host: 'ns1.example.com', port: 53 },
      key: { name: 'acme', algorithm: 'hmac-sha256', secret: 'c2VjcmV0' },
      zone: undefined,
      transport: 'tcp',
    },
  ],
  cloudflare: ['token: abc', { token: 'abc', zoneId: undefined, endpoint: undefined }],
  route53: [
    'accessKeyId: a, secretAccessKey: b',
    {
      accessKeyId: 'a',
      secretAccessKey: 'b',
      sessionToken: undefined,
      region: 'us-east-1',
      zoneId: undefined,
      endpoint: undefined,
    },
  ],
  digitalocean: ['token: abc', { token: 'abc', endpoint: undefined }],
  webhook: ['url: "http://dns.test/acme"', { url: 'http://dns.test/acme', token: undefined }],
};

describe('what each provider needs is enough', () => {
  test.for(Object.entries(examples))('%s', ([provider, [text, expected]]) => {
    const { dns, faults } = read(`{ provider: ${provider}, ${text} }`);
    expect(faults).toEqual([]);
    expect(dns).toEqual({
      provider: { name: provider, ...(expected as object) },
      timeoutMs: 120_000,
      challengeName: undefined,
      resolvers: [],
      propagation: { check: 'authoritative', delayMs: 0, timeoutMs: 120_000 },
    });
  });

  test.for(Object.entries(dnsProviders))('%s without it', ([provider, { needs }]) => {
    const { dns, faults } = read(`{ provider: ${provider} }`);
    expect(dns).toBeUndefined();
    expect(faults).toEqual(
      needs.map((key) => `-3 missing-key dns: the key "${key}" is missing, which ${provider} needs`),
    );
  });
});

test('all that can be written', () => {
  const { dns, faults } = read(
    '{ provider: rfc2136, server: "[::1]:5353", keyName: k, keySecret: "AAAA", keyAlgorithm: hmac-sha512, zone: Example.com., transport: udp, timeout: 30s, challengeName: _x.example.net, resolvers: [192.0.2.1, "[::1]:53"], propagationCheck: resolvers, propagationDelay: 5s, propagationTimeout: 10m }',
  );
  expect(faults).toEqual([]);
  expect(dns).toEqual({
    provider: {
      name: 'rfc2136',
      server: { host: '::1', port: 5353 },
      key: { name: 'k', algorithm: 'hmac-sha512', secret: 'AAAA' },
      zone: 'example.com',
      transport: 'udp',
    },
    timeoutMs: 30_000,
    challengeName: '_x.example.net',
    resolvers: ['192.0.2.1:53', '[::1]:53'],
    propagation: { check: 'resolvers', delayMs: 5000, timeoutMs: 600_000 },
  });
});

test('a command is a path when it has a slash, with arguments as they are', () => {
  const commandOf = (text: string): unknown => read(`{ provider: exec, command: ${text} }`).dns?.provider;
  expect(commandOf('hook')).toEqual({ name: 'exec', command: ['hook'] });
  expect(commandOf('[bin/hook, ./a, 012]')).toEqual({
    name: 'exec',
    command: ['/etc/gatehouse/bin/hook', './a', '012'],
  });
});

test.for(['false', 'off', 'null'])('the check can be turned off with %s', (off) => {
  const { dns, faults } = read(`{ provider: cloudflare, token: a, propagationCheck: ${off} }`);
  expect(faults).toEqual([]);
  expect(dns?.propagation.check).toBe('off');
});

test('no provider, no settings', () => {
  expect(read('null')).toMatchObject({ dns: undefined, faults: [] });
});

test.for<[string, string[]]>([
  ['{ token: a }', ['-3 missing-key dns: the key "provider" is missing']],
  [
    '{ provider: cloudfare, token: a }',
    [
      '14 bad-value dns.provider: "cloudfare" is not one of exec, rfc2136, cloudflare, route53, digitalocean, webhook; did you mean "cloudflare"?',
    ],
  ],
  [
    '{ provider: cloudflare, token: a, url: "http://a.test" }',
    ['36 unknown-key dns: "url" is not a setting of cloudflare, which has token, zoneId, endpoint'],
  ],
  [
    '{ provider: route53, accessKeyID: a, secretAccessKey: b }',
    [
      expect.stringMatching(
        /^23 unknown-key dns: unknown key "accessKeyID"; did you mean "accessKeyId"\?/,
      ) as unknown as string,
    ],
  ],
  [
    '{ provider: rfc2136, server: "a:b", keyName: k, keySecret: "not base64!" }',
    [
      '31 bad-value dns.server: "a:b" is not an address of a DNS server; write host or host:port',
      '61 bad-value dns.keySecret: "***" is not a key in base64, as tsig-keygen prints it',
    ],
  ],
  [
    '{ provider: cloudflare, token: "a\\nb" }',
    ['33 bad-value dns.token: "***" holds a space or a character beyond ASCII'],
  ],
  [
    '{ provider: cloudflare, token: a, resolvers: [ns1.example.com] }',
    ['48 bad-value dns.resolvers[0]: "ns1.example.com" is not an IP address; write one like 192.0.2.53 or [::1]:5353'],
  ],
  ['{ provider: exec, command: [] }', ['29 bad-value dns.command: is empty; it needs at least one item']],
])('%s', ([text, faults]) => {
  expect(read(text).faults).toEqual(faults);
});

test('no fault shows a secret', () => {
  const secret = 'hunter2';
  for (const [key, provider] of [
    ['token', 'exec'],
    ['secretAccessKey', 'webhook'],
    ['keySecret', 'route53'],
    ['sessionToken', 'exec'],
  ]) {
    const { faults, lines } = read(`{ provider: ${provider}, ${key}: ${secret}, bogus: 1 }`);
    expect(faults.length).toBeGreaterThan(1);
    expect(faults.join() + lines.join()).not.toContain(secret);
  }
});

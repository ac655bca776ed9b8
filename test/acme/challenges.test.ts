// Challenges answered by a whole gateway, looked at over real sockets as an authority looks.
import tls, { createSecureContext } from 'node:tls';
import * as x509 from '@peculiar/x509';
import { expect, test } from 'vitest';
import { alpnCertificate } from '../../src/acme/challenges/alpn-certificate.ts';
import type { Ca } from '../support/acme/ca.ts';
import { startCa } from '../support/acme/ca.ts';
import { soon } from '../support/acme/keeping.ts';
import { canonical } from '../support/acme/names.ts';
import { freePort } from '../support/acme/ports.ts';
import { LETS_ENCRYPT_PROFILES } from '../support/acme/settings.ts';
import { requestPlain } from '../support/client.ts';
import { ruleFolder } from '../support/guarded.ts';
import type { World } from '../support/world.ts';
import { startGateway } from '../support/world.ts';

interface Scene {
  readonly ca: Ca;
  readonly world: World;
  readonly tlsPort: number;
  readonly httpPort: number;
}

async function scene(site: string, challenges: string, settings: object = {}, host = '127.0.0.1'): Promise<Scene> {
  const [httpPort, tlsPort] = [await freePort(), await freePort()];
  const ca = await startCa({ httpPort, tlsPort, plainHttp: true, profiles: LETS_ENCRYPT_PROFILES, ...settings });
  const world = await startGateway(`
listen: { https: "${host}:${tlsPort}", http: "${host}:${httpPort}" }
certificates: { acme: { directory: "${ca.directory}", challenges: [${challenges}] } }
sites:
  ${site}
`);
  return { ca, world, tlsPort, httpPort };
}

/** A site whose rules refuse everything. */
async function guarded(): Promise<string> {
  const folder = await ruleFolder({ 'all.conf': 'SecRule REQUEST_URI "@rx ." "id:1,phase:1,deny,status:403"' });
  return `a.example.com: { to: "http://127.0.0.1:1", waf: { mode: block, rules: ["${folder}/all.conf"] } }`;
}

test.for(['http-01', 'tls-alpn-01'] as const)('%s through the gateway that serves the site', async (type) => {
  await using all = new AsyncDisposableStack();
  const { ca, world } = await scene(await guarded(), type);
  all.use(ca);
  await ca.waitFor(() => ca.certificates[0]);
  await soon(() => world.gateway.keeper?.find('a.example.com'));
  expect(ca.authorizations[0]?.challenges.find(({ status }) => status === 'valid')?.type).toBe(type);
});

test.for([
  ['127.0.0.1', 'http-01'],
  ['127.0.0.1', 'tls-alpn-01'],
  ['::1', 'http-01'],
  ['::1', 'tls-alpn-01'],
] as const)('an address, %s, by %s', async ([address, type]) => {
  const host = address === '::1' ? '[::1]' : address;
  const { ca, world } = await scene(
    `"${host}": { to: "http://127.0.0.1:1" }`,
    type,
    { addresses: { [address]: address } },
    host,
  );
  await using _ = ca;
  await soon(() => world.gateway.keeper?.find(address));
  expect(ca.orders[0]?.profile).toBe('shortlived');
  expect(ca.certificates[0]?.names).toEqual([address]);
});

test('the next challenge is tried when one fails, in the same attempt', async () => {
  const { ca, world } = await scene(await guarded(), 'tls-alpn-01, http-01');
  await using _ = ca;
  // Somebody else ends TLS in front of this gateway.
  ca.settings.tlsPort = await freePort();
  await soon(() => world.gateway.keeper?.find('a.example.com'));
  expect(ca.orders).toHaveLength(2);
  expect(world.gateway.keeper?.status()[0]?.failure).toBeUndefined();
});

test('a challenge that is not offered is passed over within one order', async () => {
  const { ca, world } = await scene(await guarded(), 'tls-alpn-01, http-01', {
    challengeTypes: ['dns-persist-01', 'http-01', 'teleport-07'],
  });
  await using _ = ca;
  await soon(() => world.gateway.keeper?.find('a.example.com'));
  expect(ca.orders).toHaveLength(1);
});

test('an authority that offers nothing that we know says so in words', async () => {
  const { ca, world } = await scene(await guarded(), 'tls-alpn-01, http-01', { challengeTypes: ['teleport-07'] });
  await using _ = ca;
  const failure = await soon(() => world.gateway.keeper?.status()[0]?.failure);
  expect(failure.message).toContain('it offers teleport-07');
  expect(ca.orders).toHaveLength(1);
});

test('a failed validation is told in words with what to do', async () => {
  const { ca, world } = await scene(await guarded(), 'http-01', { httpPort: 1 });
  await using _ = ca;
  const failure = await soon(() => world.gateway.keeper?.status()[0]?.failure);
  expect(failure).toMatchObject({ kind: 'validation', count: 1 });
  expect(failure.message).toMatch(/^http-01 failed for a\.example\.com: .*check that its ports 80 and 443 are open/);
});

test('the answer stands while the authority looks, and never else', async () => {
  const { ca, world, httpPort, tlsPort } = await scene(await guarded(), 'http-01, tls-alpn-01', {
    validationDelayMs: 300,
  });
  await using _ = ca;
  const [authorization] = await ca.waitFor(
    () => ca.authorizations[0]?.challenges.some(({ status }) => status === 'processing') && ca.authorizations,
  );
  const token = authorization?.challenges.find(({ type }) => type === 'http-01')?.token;
  const url = `/.well-known/acme-challenge/${token}`;
  // Whatever the host, and on the port that redirects everything else.
  expect((await requestPlain(httpPort, url, 'whoever')).status).toBe(200);
  expect((await requestPlain(httpPort, `${url}x`, 'a.example.com')).status).toBeGreaterThanOrEqual(300);
  expect((await requestPlain(httpPort, '/.well-known/acme-challenge/..%2f..%2faccount.key', 'a')).status).not.toBe(200);
  await expect(challengeHandshake(tlsPort, 'a.example.com')).rejects.toThrow();
  await soon(() => world.gateway.keeper?.find('a.example.com'));
  await soon(async () => ((await requestPlain(httpPort, url, 'a.example.com')).status >= 300 ? true : undefined));
});

test.for(['TLSv1.2', 'TLSv1.3'] as const)('tls-alpn-01 over %s', async (version) => {
  const { ca, tlsPort } = await scene(await guarded(), 'tls-alpn-01', { validationDelayMs: 500 });
  await using _ = ca;
  await ca.waitFor(() => ca.authorizations[0]?.challenges.some(({ status }) => status === 'processing'));
  const seen = await challengeHandshake(tlsPort, 'a.example.com', version);
  expect(seen).toMatchObject({ protocol: version, alpn: 'acme-tls/1' });
  const certificate = new x509.X509Certificate(seen.raw);
  expect(certificate.getExtension('1.3.6.1.5.5.7.1.31')?.critical).toBe(true);
  // A visitor at the same time gets the site.
  expect((await challengeHandshake(tlsPort, 'a.example.com', version, ['h2'])).alpn).toBe('h2');
});

test.for(['a.example.com', '192.0.2.1', '2001:db8::1', '::ffff:192.0.2.1'])(
  'the certificate for a challenge of %s is one that any client can read',
  (name) => {
    const pem = alpnCertificate(name, 'token.thumbprint');
    expect(() => createSecureContext({ cert: pem, key: pem })).not.toThrow();
    const certificate = new x509.X509Certificate(pem.slice(0, pem.indexOf('-----BEGIN PRIVATE')));
    const [san] = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
    expect(canonical(san?.value ?? '')).toBe(canonical(name));
    expect(certificate.getExtension(x509.KeyUsagesExtension)?.usages).toBe(x509.KeyUsageFlags.digitalSignature);
  },
);

interface Seen {
  readonly protocol: string | null;
  readonly alpn: string | false | null;
  readonly raw: Buffer;
}

function challengeHandshake(
  port: number,
  servername: string,
  version: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3',
  ALPNProtocols: string[] = ['acme-tls/1'],
): Promise<Seen> {
  const { promise, resolve, reject } = Promise.withResolvers<Seen>();
  const socket = tls.connect(
    {
      host: '127.0.0.1',
      port,
      servername,
      ALPNProtocols,
      minVersion: version,
      maxVersion: version,
      rejectUnauthorized: false,
    },
    () => {
      resolve({ protocol: socket.getProtocol(), alpn: socket.alpnProtocol, raw: socket.getPeerCertificate().raw });
      socket.destroy();
    },
  );
  socket.on('error', reject);
  return promise;
}

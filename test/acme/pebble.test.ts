// Against Let's Encrypt's own test CA, the real program: the first certificates, in time.
import type { X509Certificate } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import tls from 'node:tls';
import { expect, test } from 'vitest';
import { soon } from '../support/acme/keeping.ts';
import { Pebble } from '../support/acme/pebble.ts';
import { handshake, newSite, runGatehouse } from '../support/acme/program-world.ts';
import { startGateway } from '../support/world.ts';

const HOSTS = Array.from({ length: 10 }, (_, i) => `host${i}.example.com`);
/** Two seconds by promise, and slack for a machine that runs other tests at the same time. */
const BOUND_MS = 2000 * 4;

test('ten hosts have their certificates, with the full chain, within two seconds of the start', {
  timeout: 60_000,
}, async () => {
  const site = await newSite();
  await using ca = await Pebble.start(site);
  const root = await ca.issuerRoot();
  const begun = performance.now();
  await runGatehouse(site, ca, HOSTS, `, trustedRoots: "${ca.rootsFile}"`);
  await soon(async () => {
    const all = await Promise.all(HOSTS.map((host) => handshake(site.tlsPort, host, root)));
    return all.every((one) => one === true) || undefined;
  });
  expect(performance.now() - begun).toBeLessThan(BOUND_MS);
  expect(await chainLength(site.tlsPort, HOSTS[9] as string)).toBe(2);
});

test.for(['tls-alpn-01', 'http-01'])(
  'by %s, with nonces that are refused at random',
  { timeout: 60_000 },
  async (type) => {
    const site = await newSite();
    await using ca = await Pebble.start({ ...site, env: { PEBBLE_WFE_NONCEREJECT: '30' } });
    const world = await startGateway(`
listen: { https: "127.0.0.1:${site.tlsPort}", http: "127.0.0.1:${site.httpPort}" }
certificates: { acme: { directory: "${ca.directory}", trustedRoots: "${ca.rootsFile}", challenges: [${type}] } }
sites:
  a.example.com: { to: "http://127.0.0.1:1" }
`);
    await soon(() => world.gateway.keeper?.find('a.example.com'));
  },
);

test('an authority that was started anew and knows nobody gets a new account', { timeout: 60_000 }, async () => {
  const site = await newSite();
  await using ca = await Pebble.start(site);
  const world = await startGateway(`
listen: { https: "127.0.0.1:${site.tlsPort}", http: "127.0.0.1:${site.httpPort}" }
certificates: { acme: { directory: "${ca.directory}", trustedRoots: "${ca.rootsFile}" } }
sites:
  a.example.com: { to: "http://127.0.0.1:1" }
`);
  const first = await soon(() => world.gateway.keeper?.find('a.example.com'));
  await ca.restart();
  const renewed = await world.gateway.keeper?.renew();
  expect(renewed?.[0]?.failure).toBeUndefined();
  expect(world.gateway.keeper?.find('a.example.com')?.serial).not.toBe(first.serial);
});

/** Certificates that are sent, without the root; 0: no handshake. */
function chainLength(port: number, servername: string): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const socket = tls.connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false }, () => {
    let [length, certificate] = [0, socket.getPeerX509Certificate()];
    for (; certificate !== undefined; certificate = certificate.issuerCertificate as X509Certificate | undefined)
      length++;
    socket.destroy();
    resolve(length);
  });
  socket.once('error', () => resolve(0));
  return promise;
}

test('an account whose address was lost is found by its key', { timeout: 60_000 }, async () => {
  const site = await newSite();
  await using ca = await Pebble.start(site);
  const folder = path.join(site.folder, 'certs');
  const yaml = (name: string): string => `
listen: { https: "127.0.0.1:${site.tlsPort}", http: "127.0.0.1:${site.httpPort}" }
certificates: { storage: "${folder}", acme: { directory: "${ca.directory}", trustedRoots: "${ca.rootsFile}" } }
sites:
  ${name}: { to: "http://127.0.0.1:1" }
`;
  const first = await startGateway(yaml('a.example.com'));
  await soon(() => first.gateway.keeper?.find('a.example.com'));
  await first.gateway.stop(0);
  const [authority = ''] = await readdir(path.join(folder, 'acme'));
  await rm(path.join(folder, 'acme', authority, 'account.json'));
  const second = await startGateway(yaml('b.example.com'));
  await soon(() => second.gateway.keeper?.find('b.example.com'));
  expect(ca.log()).not.toContain('There are now 2 accounts');
});

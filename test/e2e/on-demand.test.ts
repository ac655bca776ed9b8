// Certificates for names that only a wildcard site answers to, ordered when a client first asks for one.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startCa } from '../support/acme/ca.ts';
import { freePort } from '../support/acme/ports.ts';
import { startGateway } from '../support/world.ts';

test('a name is ordered within the handshake, once, when the service allows it', { timeout: 60_000 }, async () => {
  const service = await startService((domain) => domain.startsWith('good'));
  const { handshake, ca } = await startWorld(service.url);
  const all = await Promise.all([1, 2, 3].map(() => handshake('good.tenants.example.com')));
  expect(all).toEqual([1, 2, 3].map(() => ['good.tenants.example.com']));
  expect(ca.certificates.map(({ names }) => names)).toEqual([['good.tenants.example.com']]);
  expect(service.asked).toEqual(['good.tenants.example.com']);

  expect(await handshake('bad.tenants.example.com')).not.toContain('bad.tenants.example.com');
  expect(await handshake('bad.tenants.example.com')).not.toContain('bad.tenants.example.com');
  expect(service.asked).toEqual(['good.tenants.example.com', 'bad.tenants.example.com']);
  expect(ca.orders).toHaveLength(1);
});

test('nobody is asked for a name without a site, and nothing is ordered when nobody answers', async () => {
  const service = await startService(() => true);
  const { handshake, ca, gateway } = await startWorld(service.url);
  await handshake('elsewhere.example.org').catch(() => {});
  expect(service.asked).toEqual([]);
  await service.stop();
  expect(await handshake('some.tenants.example.com')).not.toContain('some.tenants.example.com');
  expect(ca.orders).toEqual([]);
  expect(gateway.keeper?.status()).toEqual([]);
});

test('a name that is allowed no longer is not renewed', { timeout: 60_000 }, async () => {
  let isAllowed = true;
  const service = await startService(() => isAllowed);
  const { handshake, ca, gateway } = await startWorld(service.url, 'lifeSeconds');
  expect(await handshake('one.tenants.example.com')).toEqual(['one.tenants.example.com']);
  isAllowed = false;
  await vi.waitFor(() => expect(gateway.keeper?.status()).toEqual([]), { timeout: 30_000, interval: 50 });
  expect(ca.orders.length).toBeLessThanOrEqual(2);
});

interface Service {
  readonly url: string;
  readonly asked: string[];
  stop(): Promise<void>;
}

async function startService(allows: (domain: string) => boolean): Promise<Service> {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    const domain = new URL(request.url ?? '', 'http://a').searchParams.get('domain') ?? '';
    asked.push(domain);
    response.writeHead(allows(domain) ? 200 : 404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(stop);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked, stop };
}

async function startWorld(ask: string, life?: 'lifeSeconds') {
  const [httpPort, tlsPort] = [await freePort(), await freePort()];
  const ca = await startCa({ httpPort, tlsPort, plainHttp: true, ...(life === undefined ? {} : { lifeSeconds: 4 }) });
  onTestFinished(() => ca[Symbol.asyncDispose]());
  const { gateway } = await startGateway(`
listen: { https: "127.0.0.1:${tlsPort}", http: "127.0.0.1:${httpPort}" }
certificates:
  acme: { directory: "${ca.directory}", onDemand: { ask: "${ask}" } }
sites:
  "*.tenants.example.com": { to: "http://127.0.0.1:1" }
`);
  const handshake = (servername: string): Promise<string[]> => {
    const { promise, resolve, reject } = Promise.withResolvers<string[]>();
    const socket = tls.connect({ port: tlsPort, host: '127.0.0.1', servername, rejectUnauthorized: false }, () => {
      const names = socket.getPeerX509Certificate()?.subjectAltName ?? '';
      socket.end();
      resolve(names.split(', ').map((name) => name.replace('DNS:', '')));
    });
    socket.once('error', reject);
    return promise;
  };
  return { ca, gateway, handshake };
}

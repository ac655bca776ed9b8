// Against Let's Encrypt's own test CA: the first certificate, by every challenge it knows.
import tls from 'node:tls';
import { test, vi } from 'vitest';
import { Pebble } from '../support/acme/pebble.ts';
import { freePort } from '../support/acme/ports.ts';
import { startGateway } from '../support/world.ts';

const HOSTS = Array.from({ length: 10 }, (_, i) => `host${i}.example.com`);

test('ten hosts have their certificates within seconds of the start', { timeout: 60_000 }, async () => {
  const [httpPort, tlsPort] = [await freePort(), await freePort()];
  await using ca = await Pebble.start({ httpPort, tlsPort });

  await startGateway(`
listen: { https: "127.0.0.1:${tlsPort}", http: "127.0.0.1:${httpPort}" }
certificates:
  acme: { directory: "${ca.directory}", trustedRoots: "${ca.rootsFile}" }
sites:
${HOSTS.map((host) => `  ${host}: { to: "http://127.0.0.1:1" }`).join('\n')}
`);
  const root = await ca.issuerRoot();
  await vi.waitFor(
    async () => {
      for (const host of HOSTS) await handshake(tlsPort, host, root);
    },
    { timeout: 20_000, interval: 20 },
  );
});

function handshake(port: number, servername: string, ca: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = tls.connect({ port, host: '127.0.0.1', servername, ca }, () => {
    socket.end();
    resolve();
  });
  socket.once('error', reject);
  return promise;
}

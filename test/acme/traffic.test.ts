// Certificates that live for seconds, renewed under traffic. `npm run test:renewal` does it for minutes, with a life of 60
// seconds.
import http2 from 'node:http2';
import { expect, test } from 'vitest';
import { startCa } from '../support/acme/ca.ts';
import { soon } from '../support/acme/keeping.ts';
import { freePort } from '../support/acme/ports.ts';
import { startBackend } from '../support/backend.ts';
import { request } from '../support/client.ts';
import { startGateway } from '../support/world.ts';

const SECONDS = Number(process.env.RENEWAL_SECONDS ?? 10);
const LIFE_SECONDS = SECONDS > 60 ? 60 : 6;
const NAME = 'a.example.com';
const AT_ONCE = 4;

test('certificates that live for seconds are renewed without a failed request', {
  timeout: (SECONDS + 60) * 1000,
}, async () => {
  const [httpPort, tlsPort] = [await freePort(), await freePort()];
  await using ca = await startCa({ httpPort, tlsPort, plainHttp: true, lifeSeconds: LIFE_SECONDS, backdateSeconds: 0 });
  const backend = await startBackend();
  const world = await startGateway(`
listen: { https: "127.0.0.1:${tlsPort}", http: "127.0.0.1:${httpPort}" }
certificates: { acme: { directory: "${ca.directory}", checkEvery: 1s } }
sites:
  ${NAME}: { to: "${backend.url}" }
`);
  await soon(() => world.gateway.runtime.certificates.select(NAME)?.source === 'acme' || undefined);
  const trusting = { port: tlsPort, ca: ca.rootPem };
  const endAt = performance.now() + SECONDS * 1000;
  const failures: string[] = [];
  let count = 0;
  // New connections, each of which looks at the certificate: an expired one fails the handshake.
  const newcomers = Array.from({ length: AT_ONCE }, async (_, index) => {
    while (performance.now() < endAt) {
      const answer = await request(index % 2 === 0 ? 'h2' : 'http/1.1', trusting, { host: NAME }).catch(
        (error: Error) => ({ status: error.message }),
      );
      if (answer.status !== 200) failures.push(String(answer.status));
      count++;
    }
  });
  await Promise.all([...newcomers, oneConnection(tlsPort, ca.rootPem, endAt, failures)]);
  expect(failures).toEqual([]);
  expect(count).toBeGreaterThan(SECONDS);
  expect(ca.certificates.length).toBeGreaterThanOrEqual(Math.floor(SECONDS / LIFE_SECONDS) + 1);
});

/** One connection from the first to the last moment, over all certificates. */
async function oneConnection(port: number, ca: string, endAt: number, failures: string[]): Promise<void> {
  const session = http2.connect(`https://127.0.0.1:${port}`, {
    servername: NAME,
    ca,
    checkServerIdentity: () => undefined,
  });
  session.on('error', (error) => failures.push(`the connection: ${error.message}`));
  session.on('close', () => performance.now() < endAt && failures.push('the connection was closed'));
  while (performance.now() < endAt && !session.destroyed) {
    const { promise, resolve } = Promise.withResolvers<number>();
    const stream = session.request({ ':path': '/', ':authority': NAME });
    stream.on('response', (headers) => resolve(headers[':status'] ?? 0));
    stream.on('error', () => resolve(0));
    stream.resume();
    if ((await promise) !== 200) failures.push('a request on the old connection');
  }
  session.destroy();
}

// One of the workers orders certificates; all of them answer challenges and serve what was issued.
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { expect, onTestFinished, test, vi } from 'vitest';
import { alpnCertificate } from '../../src/acme/challenges/alpn-certificate.ts';
import { ChallengeAnswers } from '../../src/acme/challenges/answers.ts';
import { FolderStorage } from '../../src/acme/storage/folder.ts';
import { type Ca, startCa } from '../support/acme/ca.ts';
import { freePort } from '../support/acme/ports.ts';
import { pidsOf, startWorkers, type Workers } from '../support/workers.ts';

interface Scene {
  readonly world: Workers;
  readonly ca: Ca;
  /** The serial number that the worker shows for the name; empty: it is not from the authority. */
  readonly shown: (pid: number, name: string) => Promise<string>;
}

async function scene(site: string, more = ''): Promise<Scene> {
  const [httpPort, tlsPort] = [await freePort(), await freePort()];
  const ca = await startCa({ httpPort, tlsPort, plainHttp: true });
  onTestFinished(() => ca[Symbol.asyncDispose]());
  const world = await startWorkers({
    listen: `{ https: "127.0.0.1:${tlsPort}", http: "127.0.0.1:${httpPort}" }`,
    certificates: `{ acme: { directory: "${ca.directory}"${more} } }`,
    name: site,
  });
  const shown: Scene['shown'] = (pid, servername) =>
    world.onlyBy(pid, async () => {
      const socket = tls.connect({ host: '127.0.0.1', port: tlsPort, servername, rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { serialNumber, issuer } = socket.getPeerCertificate();
      socket.destroy();
      return String(issuer.CN).startsWith('Gatehouse') ? '' : serialNumber;
    });
  return { world, ca, shown };
}

test('a certificate is ordered once and served by all; another one leads when that one has gone', {
  timeout: 60_000,
}, async () => {
  const { world, ca, shown } = await scene('one.example.com');
  const [one = 0, two = 0] = await pidsOf(world);
  await vi.waitFor(
    async () => expect((await world.status()).managed).toMatchObject([{ name: 'one.example.com', state: 'ready' }]),
    { timeout: 20_000 },
  );
  await vi.waitFor(async () => expect(await shown(two, 'one.example.com')).not.toBe(''), { timeout: 10_000 });
  const first = await shown(one, 'one.example.com');
  expect(first).toBe(await shown(two, 'one.example.com'));
  expect(ca.orders).toHaveLength(1);

  process.kill(one, 'SIGKILL');
  const after = await world.until((all) => all.every(({ state, pid }) => state === 'ready' && pid !== one));
  const [renewed] = JSON.parse((await world.ask('POST', '/certificates/renew')).text) as { isRenewed: boolean }[];
  expect(renewed).toMatchObject({ name: 'one.example.com', isRenewed: true });
  expect(ca.orders).toHaveLength(2);
  for (const { pid } of after) {
    await vi.waitFor(async () => expect(await shown(pid ?? 0, 'one.example.com')).not.toBeOneOf(['', first]), {
      timeout: 10_000,
    });
  }
});

test('what a client asks one worker for another one orders, and all have it', { timeout: 60_000 }, async () => {
  const asked: string[] = [];
  const service = http.createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end();
  });
  await once(service.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void service.close());
  const ask = `http://127.0.0.1:${(service.address() as AddressInfo).port}/`;
  const { world, ca } = await scene('"*.example.com"', `, onDemand: { ask: "${ask}" }`);
  const names = ['a.example.com', 'b.example.com', 'c.example.com', 'd.example.com'];
  // Whoever accepts them: one of both leads, and the other one asks it.
  await Promise.all(names.map((name) => handshake(world.port, name)));
  await Promise.all(names.map((name) => handshake(world.port, name)));
  const issued = ca.certificates.flatMap((each) => each.names).toSorted();
  expect(issued).toEqual(names);
});

test('each worker answers each challenge, whoever has published it', { timeout: 60_000 }, async () => {
  const httpPort = await freePort();
  const world = await startWorkers({
    listen: `{ https: "127.0.0.1:0", http: "127.0.0.1:${httpPort}" }`,
    certificates: '{ acme: { directory: "https://127.0.0.1:1/dir" } }',
    name: 'one.example.com',
  });
  const answers = new ChallengeAnswers(new FolderStorage(path.join(world.folder, 'certs')), Date.now);
  await answers.publishHttp('a-token', 'the answer');
  const pem = alpnCertificate('one.example.com', 'an authorization');
  await answers.publishAlpn('one.example.com', pem);
  for (const pid of await pidsOf(world)) {
    await world.onlyBy(pid, async () => {
      const url = `http://127.0.0.1:${httpPort}/.well-known/acme-challenge/a-token`;
      expect(await (await fetch(url, { headers: { connection: 'close' } })).text()).toBe('the answer');
      const ALPNProtocols = ['acme-tls/1'];
      const socket = tls.connect({
        port: world.port,
        servername: 'one.example.com',
        ALPNProtocols,
        rejectUnauthorized: false,
      });
      await once(socket, 'secureConnect');
      expect(socket.getPeerX509Certificate()?.fingerprint256).toBe(new X509Certificate(pem).fingerprint256);
      socket.destroy();
    });
  }
});

async function handshake(port: number, servername: string): Promise<void> {
  const socket = tls.connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  expect(socket.getPeerCertificate().subjectaltname).toBe(`DNS:${servername}`);
  socket.destroy();
}

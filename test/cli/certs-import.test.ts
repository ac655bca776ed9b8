// `gatehouse certs import`: a certificate from elsewhere, taken over by a gateway.

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chown, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import tls from 'node:tls';
import { expect, test } from 'vitest';
import { issueCertificate } from '../../src/tls/issue.ts';
import { type Ca, startCa } from '../support/acme/ca.ts';
import { freePorts, type Installation, install } from '../support/acme/operated.ts';

const DAY_MS = 86_400_000;
const SITES =
  '{ app.example.com: { to: "http://127.0.0.1:1", waf: { mode: off } }, b.example.com: { to: "http://127.0.0.1:1", waf: { mode: off } } }';

/** The authority refuses, so nothing but what is imported can be in service. */
async function refusing(): Promise<{ ca: Ca; world: Installation }> {
  const ports = await freePorts();
  const ca = await startCa({ ...ports, blocked: ['example.com'] });
  return { ca, world: await install({ directory: ca.directory, rootPem: ca.trustedRoot }, { ports, sites: SITES }) };
}

/** Writes live/fullchain.pem and live/privkey.pem, as certbot has them. */
async function bring(
  folder: string,
  names: readonly string[],
  { days = 60 }: { readonly days?: number } = {},
): Promise<string[]> {
  const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const [rootKey, key] = [newKey(), newKey()];
  const [notBefore, notAfter] = [new Date(Date.now() - 90 * DAY_MS), new Date(Date.now() + days * DAY_MS)];
  const root = issueCertificate({
    commonName: 'Elsewhere',
    key: rootKey,
    issuer: undefined,
    notBefore,
    notAfter,
    names: undefined,
  });
  const issuer = { certificate: root, key: rootKey };
  const leaf = issueCertificate({ commonName: names[0] ?? '', key, issuer, notBefore, notAfter, names: [...names] });
  await writeFile(path.join(folder, 'fullchain.pem'), `${leaf.toString()}${root.toString()}`);
  await writeFile(path.join(folder, 'privkey.pem'), key.export({ format: 'pem', type: 'pkcs8' }) as string);
  return ['--cert', 'fullchain.pem', '--key', 'privkey.pem'];
}

function shownUnder(servername: string, port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = tls.connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false }, () => {
    resolve(socket.getPeerX509Certificate()?.issuer ?? '');
    socket.destroy();
  });
  socket.once('error', reject);
  return promise;
}

test('a running gateway serves it at once, for the names it covers, and renews it later', async () => {
  const { ca, world } = await refusing();
  await using _ = ca;
  await world.start();
  await world.untilListed('failing');
  const files = await bring(world.folder, ['app.example.com']);
  const { code, stdout, stderr } = await world.gatehouse('certs', 'import', ...files, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ importedFor: ['app.example.com'], isServed: true });
  expect(stdout).not.toContain('PRIVATE KEY');
  expect(await shownUnder('app.example.com', world.tlsPort)).toContain('Elsewhere');
  expect(await shownUnder('b.example.com', world.tlsPort)).not.toContain('Elsewhere');
  const status = JSON.parse((await world.gatehouse('status', '--json')).stdout) as { managed: object[] };
  expect(status.managed).toMatchObject([
    { name: 'app.example.com', state: 'ready', renewAt: expect.stringMatching(/^20/) as string },
    { name: 'b.example.com', state: 'failing' },
  ]);
});

test('a gateway that starts later serves it from the start', async () => {
  const { ca, world } = await refusing();
  await using _ = ca;
  const files = await bring(world.folder, ['*.example.com']);
  const { code, stderr } = await world.gatehouse('certs', 'import', ...files);
  expect(code).toBe(0);
  expect(stderr).toContain('Imported for app.example.com, b.example.com: served when the gateway starts');
  await world.start();
  expect(await shownUnder('b.example.com', world.tlsPort)).toContain('Elsewhere');
  expect(ca.requestsTo('newOrder')).toEqual([]);
});

test('what cannot be served, is of no use, or is worse than what is there is refused, with 2', async () => {
  const { ca, world } = await refusing();
  await using _ = ca;
  const refusal = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await world.gatehouse('certs', 'import', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    return stderr;
  };
  expect(await refusal()).toContain('Name --cert and --key, or --pfx');
  expect(await refusal('--cert', 'no.pem', '--key', 'no.key')).toContain('there is no such file');
  const other = await bring(world.folder, ['other.example.net']);
  expect(await refusal(...other)).toContain('is for other.example.net, and the gateway orders app.example.com');
  const expired = await bring(world.folder, ['app.example.com'], { days: -1 });
  expect(await refusal(...expired)).toContain('It expired on');
  expect((await world.gatehouse('certs', 'import', ...expired, '--force')).code).toBe(0);
  const good = await bring(world.folder, ['app.example.com'], { days: 60 });
  expect((await world.gatehouse('certs', 'import', ...good)).code).toBe(0);
  const shorter = await bring(world.folder, ['app.example.com'], { days: 30 });
  expect(await refusal(...shorter)).toContain('which is longer');
  await writeFile(path.join(world.folder, 'privkey.pem'), readFileSync(path.join(world.folder, 'fullchain.pem')));
  expect(await refusal(...shorter)).toContain('privkey.pem');
});

test.skipIf(process.getuid?.() !== 0)('root leaves no files that the owner of the storage cannot read', async () => {
  const { ca, world } = await refusing();
  await using _ = ca;
  const storage = path.join(world.folder, 'certs');
  expect((await world.gatehouse('certs', 'export', '--root')).code).toBe(0);
  await chown(storage, 65_534, 65_534);
  const own = path.join(storage, 'internal');
  for (const file of [own, ...(await readdir(own)).map((name) => path.join(own, name))])
    await chown(file, 65_534, 65_534);
  const files = await bring(world.folder, ['app.example.com']);
  await chown(world.folder, 65_534, 65_534);
  expect(await world.gatehouse('certs', 'import', ...files)).toMatchObject({ code: 0 });
  for (const file of ['certificates', 'certificates/app.example.com.pem', 'certificates/app.example.com.json']) {
    expect((await stat(path.join(storage, file))).uid).toBe(65_534);
  }
});

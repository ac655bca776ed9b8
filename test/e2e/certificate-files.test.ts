// Certificates in files that are replaced while the gateway runs.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Gateway } from '../../src/gateway/gateway.ts';
import { startBackend } from '../support/backend.ts';
import { temporaryFolder } from '../support/cli.ts';
import { openTls } from '../support/client.ts';
import { ClientAuthority } from '../support/client-authority.ts';
import { startGateway, type World } from '../support/world.ts';
import { makeLeaf, type Pair } from '../tls/material.ts';

interface Scene {
  readonly world: World;
  readonly put: (name: string, text: string) => void;
  /** What the gateway has said of certificates. */
  readonly said: { level: string; msg: string; facts: Record<string, unknown> }[];
}

/** `a.test` has cert and key of its own, `b.test` one of the files brought along, `c.test` one of the local CA. */
async function start(): Promise<Scene & { first: Pair }> {
  const folder = await temporaryFolder();
  const backend = await startBackend();
  const put = (name: string, text: string): void => writeFileSync(path.join(folder, name), text);
  const [first, other] = [makeLeaf(['a.test']), makeLeaf(['b.test'])];
  put('a.pem', first.certPem);
  put('a.key', first.keyPem);
  put('b.pem', other.certPem + other.keyPem);
  const world = await startGateway(
    `
certificates: { files: [{ cert: "${folder}/b.pem", key: "${folder}/b.pem" }] }
sites:
  a.test: { to: "${backend.url}", certificate: { cert: "${folder}/a.pem", key: "${folder}/a.key" } }
  b.test: { to: "${backend.url}" }
  c.test: { to: "${backend.url}" }
`,
    { fileCheckMs: 20 },
  );
  return { world, put, said: listen(world.gateway), first };
}

function listen({ records }: Gateway): Scene['said'] {
  const said: Scene['said'] = [];
  for (const level of ['info', 'warn'] as const) {
    const spy = vi.spyOn(records, level).mockImplementation((event, msg, facts = {}) => {
      if (event === 'certificate') said.push({ level, msg, facts });
    });
    onTestFinished(() => spy.mockRestore());
  }
  return said;
}

async function connection(world: World, servername: string): Promise<TLSSocket> {
  return openTls(world, { servername, rejectUnauthorized: false });
}

async function served(world: World, servername: string): Promise<string> {
  const socket = await connection(world, servername);
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

test('a certificate and key written one after the other are served, and told, and no connection is cut', async () => {
  const { world, put, said } = await start();
  const standing = await connection(world, 'a.test');
  const next = makeLeaf(['a.test']);
  put('a.pem', next.certPem);
  put('a.key', next.keyPem);
  await vi.waitFor(async () => expect(await served(world, 'a.test')).toBe(next.certificate.fingerprint256), 5000);
  expect(standing.destroyed).toBe(false);
  const told = said.filter(({ level }) => level === 'info');
  expect(told).toMatchObject([{ facts: { names: ['a.test'], notAfter: next.certificate.validToDate.toISOString() } }]);
});

test('while the key does not fit yet the old one is served; then the new one', async () => {
  const { world, put, said, first } = await start();
  const next = makeLeaf(['a.test']);
  put('a.pem', next.certPem);
  await vi.waitFor(() => expect(said).not.toEqual([]), 5000);
  expect(said).toMatchObject([{ level: 'warn', msg: expect.stringMatching(/a\.key does not belong to/) as string }]);
  expect(await served(world, 'a.test')).toBe(first.certificate.fingerprint256);
  put('a.key', next.keyPem);
  await vi.waitFor(async () => expect(await served(world, 'a.test')).toBe(next.certificate.fingerprint256), 5000);
});

describe('one file that cannot be used', () => {
  test.for([
    { what: 'is damaged', spoil: (file: string) => writeFileSync(file, 'x') },
    { what: 'is gone', spoil: (file: string) => rmSync(file) },
    { what: 'is cut', spoil: (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 200)) },
  ])('because it $what keeps nobody from the others', async ({ spoil }) => {
    const { world, put, said, first } = await start();
    const before = await served(world, 'c.test');
    const next = makeLeaf(['b.test']);
    const folder = path.dirname(
      world.gateway.runtime.config.certificates.files.map((f) => ('cert' in f ? f.cert : ''))[0] ?? '',
    );
    spoil(path.join(folder, 'a.pem'));
    put('b.new', next.certPem + next.keyPem);
    renameSync(path.join(folder, 'b.new'), path.join(folder, 'b.pem'));
    await vi.waitFor(async () => expect(await served(world, 'b.test')).toBe(next.certificate.fingerprint256), 5000);
    expect(await served(world, 'a.test')).toBe(first.certificate.fingerprint256);
    expect(await served(world, 'c.test')).toBe(before);
    expect(said.map(({ level }) => level).sort()).toEqual(['info', 'warn']);
  });
});

test('when the local CA cannot be used any more its certificates are still served', async () => {
  const { world, said } = await start();
  const before = await served(world, 'c.test');
  writeFileSync(path.join(world.gateway.runtime.config.certificates.storage, 'internal/root.key'), 'x');
  await world.gateway.refreshCertificates();
  expect(await served(world, 'c.test')).toBe(before);
  expect(said).toMatchObject([{ level: 'warn', msg: expect.stringMatching(/root\.key is damaged/) as string }]);
});

test('client authorities are read anew too, and kept when they cannot be read', async () => {
  const folder = await temporaryFolder();
  const file = path.join(folder, 'ca.pem');
  const [old, next] = [new ClientAuthority('Old'), new ClientAuthority('New')];
  writeFileSync(file, old.certPem);
  const world = await startGateway(
    `sites: { a.test: { to: "http://127.0.0.1:1", clientCertificates: { ca: "${file}" } } }`,
    { fileCheckMs: 20 },
  );
  const said = listen(world.gateway);
  const policy = (): string | undefined => world.gateway.runtime.clientPolicyFor('a.test')?.id;
  const first = policy();
  writeFileSync(file, '');
  await vi.waitFor(() => expect(said).toMatchObject([{ level: 'warn', facts: { file } }]), 5000);
  expect(policy()).toBe(first);
  writeFileSync(file, next.certPem);
  await vi.waitFor(() => expect(policy()).not.toBe(first), 5000);
  expect(said.at(-1)).toMatchObject({ level: 'info', facts: { site: 'a.test', authorities: 1 } });
});

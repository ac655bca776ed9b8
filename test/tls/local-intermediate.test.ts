// The intermediate of the local CA: what it may sign, when it is replaced, and what happens to the leaves of the old one.
import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { describe, expect, test } from 'vitest';
import type { Certificate } from '../../src/tls/certificate.ts';
import { isIssuedBy, readCertificates } from '../../src/tls/chain.ts';
import { createFolder } from '../../src/tls/files.ts';
import { openLocalCa } from '../../src/tls/local-ca.ts';
import { DAY_MS, makeAuthority, temporaryFolder } from './material.ts';

const file = (storage: string): string => join(storage, 'internal/intermediate/current.pem');

function chainOf(certificate: Certificate): X509Certificate[] {
  return readCertificates(certificate.chainPem, 'chain');
}

test('leaves of different names share one intermediate, after a restart too', () => {
  const storage = temporaryFolder();
  const first = chainOf(openLocalCa(storage).certificateFor(['a.test']));
  const second = chainOf(openLocalCa(storage).certificateFor(['b.test']));
  expect(first[1]?.serialNumber).toBe(second[1]?.serialNumber);
  expect(first[1]?.ca).toBe(true);
});

describe('after two thirds of its life', () => {
  test('a new one signs, and a leaf of the old one is served with the old one until its own renewal', () => {
    const storage = temporaryFolder();
    let nowMs = Date.now();
    const ca = openLocalCa(storage, () => nowMs);
    const old = chainOf(ca.certificateFor(['a.test']))[1];
    nowMs += 235 * DAY_MS;
    const late = chainOf(ca.certificateFor(['b.test']));
    expect(late[1]?.serialNumber).toBe(old?.serialNumber);
    nowMs += 15 * DAY_MS;
    const next = chainOf(ca.certificateFor(['c.test']))[1];
    expect(next?.serialNumber).not.toBe(old?.serialNumber);
    const again = chainOf(ca.certificateFor(['b.test']));
    expect(again.map(({ serialNumber }) => serialNumber)).toEqual(late.map(({ serialNumber }) => serialNumber));
    expect(isIssuedBy(again[0] as X509Certificate, old as X509Certificate)).toBe(true);
  });
});

test('it never outlives the root, and no leaf outlives it', () => {
  const storage = temporaryFolder();
  const { rootNotAfter } = openLocalCa(storage);
  const late = openLocalCa(storage, () => rootNotAfter.getTime() - 40 * DAY_MS);
  const [leaf, intermediate] = chainOf(late.certificateFor(['a.test']));
  expect(intermediate?.validToDate).toEqual(rootNotAfter);
  expect(leaf?.validToDate).toEqual(rootNotAfter);
});

test.for([
  { what: 'a damaged one', text: () => 'x' },
  { what: 'half of one', text: (pem: string) => pem.slice(0, pem.length / 2) },
  { what: "another root's", text: () => foreign() },
])('$what is set aside, and a new one made', ({ text }) => {
  const storage = temporaryFolder();
  const ca = openLocalCa(storage);
  const before = chainOf(ca.certificateFor(['a.test']))[1];
  const bad = text(readFileSync(file(storage), 'latin1'));
  writeFileSync(file(storage), bad);
  const after = chainOf(ca.certificateFor(['b.test']))[1];
  expect(after?.serialNumber).not.toBe(before?.serialNumber);
  expect(isIssuedBy(after as X509Certificate, new X509Certificate(ca.rootPem))).toBe(true);
  const [damaged] = readdirSync(join(storage, 'internal/intermediate')).filter((name) => name.includes('damaged'));
  expect(readFileSync(join(storage, 'internal/intermediate', String(damaged)), 'latin1')).toBe(bad);
});

test('a root that allows no intermediate, as earlier versions made it, goes on to sign leaves itself', async () => {
  const storage = temporaryFolder();
  const root = makeAuthority('Gatehouse Local CA of old');
  createFolder(join(storage, 'internal'), { 'root.pem': root.certPem, 'root.key': root.keyPem });
  const leaf = openLocalCa(storage).certificateFor(['a.test']);
  expect(chainOf(leaf)).toHaveLength(1);
  expect(existsSync(file(storage))).toBe(false);
  expect(readFileSync(join(storage, 'internal/root.pem'), 'latin1')).toBe(root.certPem);
  expect(await isTrusted(leaf, root.certPem)).toBe(true);
  expect(openLocalCa(storage).certificateFor(['a.test']).serial).toBe(leaf.serial);
});

test('a client that trusts the root alone is satisfied', async () => {
  const ca = openLocalCa(temporaryFolder());
  expect(await isTrusted(ca.certificateFor(['a.test']), ca.rootPem)).toBe(true);
});

function foreign(): string {
  const { certPem, keyPem } = makeAuthority('Other', makeAuthority('Other root'));
  return certPem + keyPem;
}

/** Whether a TLS client with this root only completes a handshake for a.test. */
function isTrusted(leaf: Certificate, rootPem: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer({ cert: leaf.chainPem, key: leaf.keyPem }).listen(0, '127.0.0.1', () => {
    const { port } = server.address() as { port: number };
    const socket = connect({ port, host: '127.0.0.1', ca: rootPem, servername: 'a.test' });
    socket.on('secureConnect', () => resolve(socket.authorized));
    socket.on('error', () => resolve(false));
    socket.on('close', () => server.close());
    void promise.then(() => socket.destroy());
  });
  return promise;
}

// Leaves of the local CA: what they hold, which clients accept them, and when they are made anew.
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { checkServerIdentity, connect, type PeerCertificate } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Certificate } from '../../src/tls/certificate.ts';
import { isIssuedBy, readCertificates } from '../../src/tls/chain.ts';
import { isFresh } from '../../src/tls/freshness.ts';
import { type LocalCa, openLocalCa } from '../../src/tls/local-ca.ts';
import { DAY_MS, makeLeaf, refusal, temporaryFolder } from './material.ts';

describe('a leaf', () => {
  const names = ['app.test', '*.app.test', '127.0.0.1', '::1'];

  test('holds exactly the names asked for, and its chain leads to the root', () => {
    const ca = openLocalCa(temporaryFolder());
    const leaf = ca.certificateFor(['App.Test.', ...names, '[::1]']);
    expect(leaf.names).toEqual(names);
    expect(leaf.source).toBe('internal');
    expect(leaf.keyType).toBe('ecdsa');
    expect(leaf.warnings).toEqual([]);
    expect(leaf.serial).toHaveLength(32);
    expect(leaf.notBefore.getTime()).toBeLessThan(Date.now() - 3_500_000);
    expect(leaf.notAfter.getTime() - leaf.notBefore.getTime()).toBeLessThan(397 * DAY_MS);
    const certificate = expectIssued(leaf, ca);
    expect(certificate.ca).toBe(false);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  test.for(['app.test', 'any.app.test', '127.0.0.1', '::1'])(
    'is accepted by a client that asks for %s',
    async (host) => {
      const ca = openLocalCa(temporaryFolder());
      const leaf = ca.certificateFor(names);
      expect(await handshake(leaf, ca.rootPem, host)).toBe('authorized');
    },
  );

  test.for(['other.test', 'a.b.app.test', '127.0.0.2'])('is refused by a client that asks for %s', async (host) => {
    const ca = openLocalCa(temporaryFolder());
    expect(await handshake(ca.certificateFor(names), ca.rootPem, host)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  test('is refused by a client that trusts another root', async () => {
    const leaf = openLocalCa(temporaryFolder()).certificateFor(names);
    const stranger = openLocalCa(temporaryFolder());
    expect(await handshake(leaf, stranger.rootPem, 'app.test')).toMatch(
      /UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER/,
    );
  });

  test('for a name longer than a common name may be is accepted too', async () => {
    const ca = openLocalCa(temporaryFolder());
    const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.test`;
    expect(await handshake(ca.certificateFor([long]), ca.rootPem, long)).toBe('authorized');
  });

  test('of before is served again, whatever the order of its names', () => {
    const storage = temporaryFolder();
    const first = openLocalCa(storage).certificateFor(names);
    expect(openLocalCa(storage).certificateFor(names.toReversed()).serial).toBe(first.serial);
    expect(openLocalCa(storage).certificateFor(['app.test']).serial).not.toBe(first.serial);
  });

  test.for([
    { days: 0, isNew: false },
    { days: 59, isNew: false },
    { days: 61, isNew: true },
    { days: 100, isNew: true },
  ])('after $days days is a new one: $isNew', ({ days, isNew }) => {
    const storage = temporaryFolder();
    let nowMs = Date.now();
    const ca = openLocalCa(storage, () => nowMs);
    const first = ca.certificateFor(names);
    nowMs += days * DAY_MS;
    const second = ca.certificateFor(names);
    expect(second.serial !== first.serial).toBe(isNew);
    expect(isFresh(second, nowMs)).toBe(true);
    expect(second.keyPem !== first.keyPem).toBe(isNew);
  });

  test('never outlives the root', () => {
    const storage = temporaryFolder();
    const ca = openLocalCa(storage);
    const late = openLocalCa(storage, () => ca.rootNotAfter.getTime() - 10 * DAY_MS);
    expect(late.certificateFor(['app.test']).notAfter).toEqual(ca.rootNotAfter);
  });

  test.for([
    { what: 'damaged', text: 'x' },
    { what: "another root's", text: undefined },
  ])('that is $what is replaced', ({ text }) => {
    const storage = temporaryFolder();
    const ca = openLocalCa(storage);
    ca.certificateFor(['app.test']);
    const [file] = readdirSync(join(storage, 'internal/leaves'));
    const foreign = makeLeaf(['app.test'], { days: 90 });
    writeFileSync(join(storage, 'internal/leaves', String(file)), text ?? foreign.certPem + foreign.keyPem);
    expectIssued(ca.certificateFor(['app.test']), ca);
  });

  test.for([
    { names: [], says: /at least one name/ },
    { names: ['app.test', '../../../etc/cron.d/x'], says: /cannot certify/ },
    { names: ['a b'], says: /cannot certify "a b"/ },
    { names: ['*.*.test'], says: /cannot certify/ },
    { names: [''], says: /cannot certify ""/ },
    { names: ['default\n'], says: /cannot certify/ },
  ])('for $names is refused', ({ names: unfit, says }) => {
    const storage = temporaryFolder();
    const ca = openLocalCa(storage);
    expect(refusal(() => ca.certificateFor(unfit)).message).toMatch(says);
    expect(readdirSync(join(storage, 'internal')).sort()).toEqual(['root.key', 'root.pem']);
  });

  test('has a file name that any file system takes', () => {
    const storage = temporaryFolder();
    const ca = openLocalCa(storage);
    ca.certificateFor(['*.app.test']);
    ca.certificateFor(['::1']);
    ca.certificateFor([`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(50)}`]);
    const files = readdirSync(join(storage, 'internal/leaves'));
    expect(files).toHaveLength(3);
    expect(files).toContainEqual(expect.stringMatching(/^_wildcard\.app\.test-[0-9a-f]{16}\.pem$/));
    for (const file of files) expect(file).toMatch(/^[a-z0-9._-]{1,110}\.pem$/);
  });
});

/** The leaf itself, when its chain of two leads to the root. */
function expectIssued(leaf: Certificate, ca: LocalCa): X509Certificate {
  const [certificate, intermediate, ...others] = readCertificates(leaf.chainPem, 'chain') as [
    X509Certificate,
    X509Certificate,
  ];
  expect(others).toEqual([]);
  expect(isIssuedBy(certificate, intermediate)).toBe(true);
  expect(isIssuedBy(intermediate, new X509Certificate(ca.rootPem))).toBe(true);
  return certificate;
}

/** `authorized`, or the code of the error that the client gave up with. */
async function handshake(leaf: Certificate, rootPem: string, host: string): Promise<string> {
  const server = createServer({ cert: leaf.chainPem, key: leaf.keyPem });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      ca: rootPem,
      servername: /[a-z]/.test(host) ? host : '',
      ...identity(host),
    });
    socket.on('secureConnect', () => resolve(socket.authorized ? 'authorized' : String(socket.authorizationError)));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
    onTestFinished(() => void socket.destroy());
  });
}

/** Clients send no SNI for an address, but check the certificate against it all the same. */
function identity(host: string): { checkServerIdentity?: (name: string, peer: PeerCertificate) => Error | undefined } {
  if (/[a-z]/.test(host)) return {};
  return { checkServerIdentity: (_name, peer) => checkServerIdentity(host, peer) };
}

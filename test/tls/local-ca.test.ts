// The local CA: what it certifies, what clients accept, what survives a restart, and what is never replaced.
import { fork } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { checkServerIdentity, connect, type PeerCertificate } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { GatehouseError } from '../../src/base/errors.ts';
import type { Certificate } from '../../src/tls/certificate.ts';
import { isFresh, type LocalCa, openLocalCa } from '../../src/tls/local-ca.ts';
import { DAY_MS, makeAuthority, makeLeaf, makeRsa, temporaryFolder } from './material.ts';

const isWindows = process.platform === 'win32';

describe('the root', () => {
  test('is an authority on P-256 for ten years, named after this machine', () => {
    const storage = temporaryFolder();
    const ca = openLocalCa(storage);
    const root = new X509Certificate(ca.rootPem);
    expect(ca.rootPath).toBe(join(storage, 'internal/root.pem'));
    expect(readFileSync(ca.rootPath, 'latin1')).toBe(ca.rootPem);
    expect(root.ca).toBe(true);
    expect(root.verify(root.publicKey)).toBe(true);
    expect(root.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(root.subject).toMatch(/^CN=Gatehouse Local CA .* \d{4}-\d\d-\d\d [0-9a-f]{4}$/);
    expect(root.subject).toContain(hostname().slice(0, 24));
    expect(ca.rootNotAfter.getTime() - Date.now()).toBeGreaterThan(9.9 * 365 * DAY_MS);
    expect(ca.rootNotAfter).toEqual(root.validToDate);
  });

  test('is the same after a restart', () => {
    const storage = temporaryFolder();
    expect(openLocalCa(storage).rootPem).toBe(openLocalCa(storage).rootPem);
  });

  test.skipIf(isWindows)('and its leaves are readable by the owner alone, and nothing temporary stays behind', () => {
    const storage = join(temporaryFolder(), 'not/yet/there');
    openLocalCa(storage).certificateFor(['app.test']);
    const mode = (path: string): number => statSync(join(storage, path)).mode & 0o777;
    expect(mode('internal')).toBe(0o700);
    expect(mode('internal/root.key')).toBe(0o600);
    expect(mode('internal/leaves')).toBe(0o700);
    const [leaf] = readdirSync(join(storage, 'internal/leaves'));
    expect(mode(`internal/leaves/${leaf}`)).toBe(0o600);
    expect(readdirSync(storage)).toEqual(['internal']);
    expect(readdirSync(join(storage, 'internal')).sort()).toEqual(['leaves', 'root.key', 'root.pem']);
  });

  test('of several processes that start at once is one and the same', async () => {
    const storage = join(temporaryFolder(), 'certs');
    const serials = await Promise.all(Array.from({ length: 6 }, () => startInAnotherProcess(storage)));
    expect(new Set(serials).size).toBe(1);
    expect(serials[0]).toBe(new X509Certificate(readFileSync(join(storage, 'internal/root.pem'))).serialNumber);
    expect(readdirSync(storage)).toEqual(['internal']);
  });

  test('is made anew when both files were deleted, and old leaves with it', () => {
    const storage = temporaryFolder();
    const first = openLocalCa(storage);
    first.certificateFor(['app.test']);
    rmSync(join(storage, 'internal/root.pem'));
    rmSync(join(storage, 'internal/root.key'));
    const second = openLocalCa(storage);
    expect(second.rootPem).not.toBe(first.rootPem);
    expectIssued(second.certificateFor(['app.test']), second);
  });
});

describe('a root that cannot be used is refused and left as it is', () => {
  const other = makeAuthority('Other');
  const expired = makeAuthority('Gatehouse Local CA old');
  const rsa = makeRsa('Mine', []);

  test.for([
    {
      what: 'with a missing key',
      files: { 'root.key': undefined },
      says: /root\.key is missing while root\.pem is there/,
    },
    {
      what: 'with a missing certificate',
      files: { 'root.pem': undefined },
      says: /root\.pem is missing while root\.key is there/,
    },
    { what: 'with a damaged certificate', files: { 'root.pem': 'x' }, says: /root\.pem is damaged/ },
    { what: 'with an empty key', files: { 'root.key': '' }, says: /root\.key is damaged/ },
    { what: "with another's key", files: { 'root.key': other.keyPem }, says: /root\.key does not belong to root\.pem/ },
    {
      what: 'of another kind',
      files: { 'root.pem': rsa.certPem, 'root.key': rsa.keyPem },
      says: /not a root that Gatehouse made/,
    },
    {
      what: 'that has expired',
      files: { 'root.pem': expired.certPem, 'root.key': expired.keyPem },
      days: 40,
      says: /root\.pem expired on/,
    },
  ])('$what', ({ files, days, says }) => {
    const storage = temporaryFolder();
    openLocalCa(storage);
    const folder = join(storage, 'internal');
    for (const [name, text] of Object.entries(files)) {
      if (text === undefined) rmSync(join(folder, name));
      else writeFileSync(join(folder, name), text);
    }
    const before = contentOf(folder);
    const error = refusal(() => openLocalCa(storage, () => Date.now() + (days ?? 0) * DAY_MS));
    expect(error.message).toMatch(says);
    expect(error.message).toMatch(/Restore root\.pem and root\.key from a backup.*delete both/);
    expect(contentOf(folder)).toEqual(before);
  });

  test('and so is a folder that holds something else', () => {
    const storage = temporaryFolder();
    mkdirSync(join(storage, 'internal'));
    writeFileSync(join(storage, 'internal/notes.txt'), 'mine');
    expect(refusal(() => openLocalCa(storage)).message).toMatch(/holds other files but no root\.pem/);
    expect(readdirSync(storage)).toEqual(['internal']);
  });

  test.skipIf(isWindows || process.getuid?.() === 0)('and a storage without permission says so', () => {
    const storage = temporaryFolder();
    chmodSync(storage, 0o500);
    expect(refusal(() => openLocalCa(storage)).message).toMatch(/cannot be written.*certificates\.storage/);
  });

  test('and a storage that is a file says so', () => {
    const storage = join(temporaryFolder(), 'file');
    writeFileSync(storage, '');
    expect(refusal(() => openLocalCa(storage)).code).toBe('certificate_invalid');
  });
});

describe('a leaf', () => {
  const names = ['app.test', '*.app.test', '127.0.0.1', '::1'];

  test('holds exactly the names asked for and is signed by the root', () => {
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

function expectIssued(leaf: Certificate, ca: LocalCa): X509Certificate {
  const certificate = new X509Certificate(leaf.chainPem);
  const root = new X509Certificate(ca.rootPem);
  expect(certificate.checkIssued(root)).toBe(true);
  expect(certificate.verify(root.publicKey)).toBe(true);
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

async function startInAnotherProcess(storage: string): Promise<string> {
  const child = fork(join(import.meta.dirname, 'open-local-ca.ts'), [storage]);
  const [serial] = (await once(child, 'message')) as [string];
  await once(child, 'exit');
  return serial;
}

function contentOf(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'latin1')]));
}

function refusal(attempt: () => unknown): GatehouseError {
  try {
    attempt();
  } catch (error) {
    expect(error).toBeInstanceOf(GatehouseError);
    return error as GatehouseError;
  }
  throw new Error('it was accepted');
}

// The root of the local CA: made once, shared by processes that start together, and never replaced.

import { fork } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCertificates } from '../../src/tls/chain.ts';
import { openLocalCa } from '../../src/tls/local-ca.ts';
import { DAY_MS, makeAuthority, makeRsa, refusal, temporaryFolder } from './material.ts';

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
    expect(readdirSync(join(storage, 'internal')).sort()).toEqual(['intermediate', 'leaves', 'root.key', 'root.pem']);
    expect(mode('internal/intermediate/current.pem')).toBe(0o600);
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
    const last = readCertificates(second.certificateFor(['app.test']).chainPem, 'chain').at(-1);
    expect(last?.verify(new X509Certificate(second.rootPem).publicKey)).toBe(true);
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

async function startInAnotherProcess(storage: string): Promise<string> {
  const child = fork(join(import.meta.dirname, 'open-local-ca.ts'), [storage]);
  const [serial] = (await once(child, 'message')) as [string];
  await once(child, 'exit');
  return serial;
}

function contentOf(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'latin1')]));
}

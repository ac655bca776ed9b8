// From a configuration to the certificate behind every name, with files and a storage on disk.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CertificateFile } from '../../src/config/model/certificates.ts';
import { isCertificateName } from '../../src/tls/names.ts';
import type { LoadedCertificates } from '../../src/tls/sites.ts';
import { DAY_MS, fixture } from './material.ts';
import { world } from './site-world.ts';

function sourceOf(loaded: LoadedCertificates, name: string | undefined): string | undefined {
  return loaded.selector.select(name)?.source.split('/').at(-1);
}

describe('auto', () => {
  test('takes the file that covers each name, and one certificate of the local CA for the names left over', async () => {
    const { file, load } = world();
    const loaded = await load([file('app.pem', ['app.test']), file('wild.pem', ['*.app.test'])], {
      'app.test': { aliases: ['www.app.test', 'app.internal', '*.internal'] },
    });
    expect(loaded.problems).toEqual([]);
    expect(loaded.warnings).toEqual([]);
    expect(['app.test', 'www.app.test', 'app.internal', 'x.internal'].map((name) => sourceOf(loaded, name))).toEqual([
      'app.pem',
      'wild.pem',
      'internal',
      'internal',
    ]);
    expect(loaded.selector.select('app.internal')?.names).toEqual(['app.internal', '*.internal']);
    expect(loaded.bySite.get('app.test')?.names).toEqual(['app.test']);
    expect(loaded.certificates).toHaveLength(3);
  });

  test('a wildcard site needs a wildcard certificate', async () => {
    const { file, load } = world();
    const loaded = await load([file('a.pem', ['a.test']), file('wild.pem', ['*.other.test'])], {
      '*.test': {},
      '*.other.test': {},
    });
    expect(sourceOf(loaded, 'a.test')).toBe('internal');
    expect(sourceOf(loaded, 'a.other.test')).toBe('wild.pem');
  });

  test('opens the local CA only when a site needs it', async () => {
    const { file, load, storage } = world();
    const loaded = await load([file('a.pem', ['a.test'])], { 'a.test': {} });
    expect(loaded.localCa).toBeUndefined();
    expect(existsSync(storage)).toBe(false);
  });
});

describe('internal', () => {
  test('is one certificate for the site and its aliases, whatever files there are', async () => {
    const { file, load, storage } = world();
    const loaded = await load([file('a.pem', ['a.test'])], {
      'a.test': { certificate: 'internal', aliases: ['b.test'] },
      'c.test': {},
    });
    expect(loaded.bySite.get('a.test')?.names).toEqual(['a.test', 'b.test']);
    expect(loaded.selector.select('b.test')).toBe(loaded.bySite.get('a.test'));
    expect(loaded.bySite.get('c.test')?.names).toEqual(['c.test']);
    expect(loaded.localCa?.rootPath).toBe(join(storage, 'internal/root.pem'));
  });

  test('is the same after a reload', async () => {
    const { load } = world();
    const sites = { 'a.test': { certificate: 'internal' } } as const;
    const [first, second] = [await load([], sites), await load([], sites)];
    expect(second.bySite.get('a.test')?.serial).toBe(first.bySite.get('a.test')?.serial);
  });

  test('says when the root is about to end', async () => {
    const { load } = world();
    const { localCa } = await load([], { 'a.test': {} });
    const nowMs = (localCa?.rootNotAfter.getTime() ?? 0) - 30 * DAY_MS;
    const loaded = await load([], { 'a.test': {} }, nowMs);
    expect(loaded.warnings).toEqual([expect.stringMatching(/root\.pem\) ends on .*trust it on every machine/)]);
  });
});

describe('an explicit file', () => {
  test('serves every name of its site, with a warning for those that it does not cover', async () => {
    const { file, load } = world();
    const loaded = await load([], { 'a.test': { certificate: file('mine.pem', ['a.test']), aliases: ['b.test'] } });
    expect(sourceOf(loaded, 'a.test')).toBe('mine.pem');
    expect(sourceOf(loaded, 'b.test')).toBe('mine.pem');
    expect(loaded.warnings).toEqual([
      expect.stringMatching(/mine\.pem is set for the site a\.test but does not cover b\.test/),
    ]);
  });

  test('of several sites is read once', async () => {
    const { file, load } = world();
    const certificate = file('mine.pem', ['a.test', 'b.test']);
    const loaded = await load([certificate], { 'a.test': { certificate }, 'b.test': { certificate } });
    expect(loaded.certificates).toHaveLength(1);
    expect(loaded.warnings).toEqual([]);
  });

  test('may be PKCS#12', async () => {
    const { load, storage } = world();
    const pfx = `${storage}.p12`;
    writeFileSync(pfx, fixture('ec-legacy'));
    const loaded = await load([], { 'ec.example.com': { certificate: { pfx, passphrase: 'secret' } } });
    expect(loaded.problems).toEqual([]);
    expect(loaded.bySite.get('ec.example.com')?.source).toBe(pfx);
  });
});

describe('the default site', () => {
  test('gets one of the local CA for the names of this machine, also when there are files', async () => {
    const { file, load } = world();
    const loaded = await load([file('a.pem', ['localhost'])], { default: { aliases: ['spare.test'] } });
    const fallback = loaded.selector.select(undefined);
    expect(fallback).toBe(loaded.bySite.get('default'));
    expect(fallback?.source).toBe('internal');
    const machine = hostname().toLowerCase();
    const names = ['localhost', '127.0.0.1', '::1', ...(isCertificateName(machine) ? [machine] : []), 'spare.test'];
    expect(fallback?.names).toEqual([...new Set(names)]);
    expect(loaded.selector.select('unknown.test')).toBe(fallback);
    expect(loaded.selector.select('default')).toBe(fallback);
  });

  test('with a file of its own shows it to clients without a known name, and no warning is due', async () => {
    const { file, load } = world();
    const loaded = await load([], { default: { certificate: file('mine.pem', ['whatever.test']) } });
    expect(sourceOf(loaded, undefined)).toBe('mine.pem');
    expect(loaded.warnings).toEqual([]);
  });

  test('is not there by itself: unknown names get nothing', async () => {
    const { load } = world();
    const loaded = await load([], { 'a.test': {} });
    expect(loaded.selector.default).toBeUndefined();
    expect(loaded.selector.select('unknown.test')).toBeUndefined();
  });
});

describe('a site that is named by an address', () => {
  test('is what clients without a name are shown, when there is no default site', async () => {
    const { load } = world();
    const loaded = await load([], { 'a.test': {}, '192.0.2.1': { aliases: ['[2001:db8::1]', 'b.test'] } });
    expect(loaded.selector.default).toBe(loaded.bySite.get('192.0.2.1'));
    expect(loaded.selector.default?.names).toEqual(['192.0.2.1', '2001:db8::1', 'b.test']);
    expect(loaded.warnings).toEqual([]);
  });

  test('beside another one, or beside a default site, is pointed out', async () => {
    const { load } = world();
    const beside = await load([], { '192.0.2.1': {}, '192.0.2.2': {} });
    expect(beside.warnings).toEqual([
      expect.stringMatching(/connect to 192\.0\.2\.2 are shown internal, which does not cover it/),
    ]);
    const hidden = await load([], { '192.0.2.1': {}, default: {} });
    expect(hidden.selector.default).toBe(hidden.bySite.get('default'));
    expect(hidden.warnings).toEqual([expect.stringMatching(/connect to 192\.0\.2\.1 are shown/)]);
  });
});

describe('faults', () => {
  test('of all files are reported at once, and what is sound is loaded', async () => {
    const { file, load, storage } = world();
    const missing = (name: string): CertificateFile => ({ pfx: join(storage, name), passphrase: 'sesame' });
    const damaged = join(storage, '../damaged.pem');
    writeFileSync(damaged, 'x');
    const loaded = await load(
      [missing('1.p12'), file('good.pem', ['good.test']), { cert: damaged, key: damaged, passphrase: undefined }],
      {
        'good.test': {},
        'bad.test': { certificate: missing('2.p12') },
        'worse.test': { certificate: missing('2.p12') },
      },
    );
    expect(loaded.problems).toEqual([
      {
        file: join(storage, '1.p12'),
        line: 0,
        column: 0,
        code: 'certificate-invalid',
        message: expect.stringMatching(/no such file/),
      },
      {
        file: damaged,
        line: 0,
        column: 0,
        code: 'certificate-invalid',
        message: expect.stringMatching(/no certificate in PEM form/),
      },
      {
        file: join(storage, '2.p12'),
        line: 0,
        column: 0,
        code: 'certificate-invalid',
        message: expect.stringMatching(/no such file/),
      },
    ]);
    expect([...loaded.bySite.keys()]).toEqual(['good.test']);
    expect(JSON.stringify(loaded.problems)).not.toContain('sesame');
  });

  test('of the local CA keep no site from serving: certificates that nobody trusts stand in', async () => {
    const { load, storage } = world();
    writeFileSync(storage, 'a file, not a folder');
    const sites = { 'a.test': {}, 'b.test': {} };
    const loaded = await load([], sites);
    expect(loaded.problems).toEqual([]);
    expect(loaded.warnings).toEqual([expect.stringMatching(/cannot be written.*nobody trusts.*a\.test, b\.test/)]);
    expect(sourceOf(loaded, 'a.test')).toBe('internal');
    const again = await load([], sites, Date.now(), loaded);
    expect(again.kept).toEqual([expect.objectContaining({ file: storage, code: 'certificate-invalid' })]);
    expect(again.selector.select('a.test')).toBe(loaded.selector.select('a.test'));
    for (const each of [loaded, again]) expect(each.untrusted).toEqual(['a.test', 'b.test']);
    rmSync(storage);
    const healed = await load([], sites, Date.now(), again);
    expect(healed.kept).toEqual([]);
    expect(healed.untrusted).toEqual([]);
    expect(healed.selector.select('a.test')?.chainPem).not.toBe(loaded.selector.select('a.test')?.chainPem);
  });

  test('of a root that is damaged change nothing about it', async () => {
    const { load, storage } = world();
    await load([], { 'a.test': {} });
    const key = join(storage, 'internal/root.key');
    writeFileSync(key, 'x');
    const loaded = await load([], { 'a.test': {} });
    expect(loaded.problems).toEqual([]);
    expect(loaded.warnings).toEqual([expect.stringMatching(/root\.key is damaged/)]);
    expect(sourceOf(loaded, 'a.test')).toBe('internal');
    expect(readFileSync(key, 'utf8')).toBe('x');
  });

  test('of the folder of leaves keep no site from serving', async () => {
    const { load, storage } = world();
    await load([], { 'a.test': {} });
    rmSync(join(storage, 'internal/leaves'), { recursive: true });
    writeFileSync(join(storage, 'internal/leaves'), '');
    const loaded = await load([], { 'a.test': {}, 'b.test': {} });
    expect(loaded.problems).toEqual([]);
    expect(loaded.warnings).toEqual([expect.stringMatching(/nobody trusts stands in for a\.test, b\.test/)]);
    expect([...loaded.bySite.keys()]).toEqual(['a.test', 'b.test']);
  });

  test('of one leaf leave the others alone', async () => {
    const { load, storage } = world();
    const loaded = await load([], { 'not a name': {}, 'a.test': {} });
    expect(loaded.problems).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/cannot certify "not a name"/) }),
    ]);
    expect([...loaded.bySite.keys()]).toEqual(['a.test']);
    expect(readdirSync(join(storage, 'internal/leaves'))).toHaveLength(1);
  });
});

test('a file that serves no site is named in a warning, and so is an expired one', async () => {
  const { file, load } = world();
  const loaded = await load([file('idle.pem', ['idle.test']), file('old.pem', ['a.test'], { fromDays: -40 })], {
    'a.test': {},
  });
  expect(loaded.warnings).toEqual([
    expect.stringMatching(/old\.pem expired on/),
    expect.stringMatching(/idle\.pem serves no site; its names: idle\.test/),
  ]);
});

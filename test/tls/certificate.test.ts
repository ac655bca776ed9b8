// Reading a chain and a key: what is accepted, what is repaired, and what each refusal says.
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GatehouseError } from '../../src/base/errors.ts';
import { type Certificate, loadCertificateFile, readCertificate } from '../../src/tls/certificate.ts';
import { DAY_MS, fixture, makeAuthority, makeLeaf, makeRsa, refusal, temporaryFolder } from './material.ts';

const root = makeAuthority('Root');
const middle = makeAuthority('Middle', root);
const leaf = makeLeaf(['app.example.com', '*.app.example.com'], { issuer: middle });
const stranger = makeLeaf(['stranger.example']);

function read(certPem: string, keyPem: string, passphrase?: string): Certificate {
  return readCertificate(certPem, keyPem, passphrase, 'site.pem', { keySource: 'site.key' });
}

function commonNames(certificate: Certificate): string[] {
  return [...certificate.chainPem.matchAll(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----/g)].map(([pem]) =>
    String([root, middle, leaf, stranger].find((pair) => pair.certPem.trim() === pem)?.certificate.subject),
  );
}

describe('what is known of a certificate', () => {
  const certificate = read(leaf.certPem + middle.certPem, leaf.keyPem);

  test('is its names, life, issuer, serial and kind of key', () => {
    expect(certificate.names).toEqual(['app.example.com', '*.app.example.com']);
    expect(certificate.notBefore).toEqual(leaf.certificate.validFromDate);
    expect(certificate.notAfter).toEqual(leaf.certificate.validToDate);
    expect(certificate.issuer).toBe('CN=Middle');
    expect(certificate.serial).toBe(leaf.certificate.serialNumber);
    expect(certificate.fingerprint256).toBe(leaf.certificate.fingerprint256);
    expect(certificate.keyType).toBe('ecdsa');
    expect(certificate.source).toBe('site.pem');
    expect(certificate.warnings).toEqual([]);
  });

  test('never shows the key, whichever way it is printed or copied', () => {
    const secret = certificate.keyPem.split('\n')[1] as string;
    const copies = [
      inspect(certificate, { depth: 9, showHidden: true }),
      JSON.stringify(certificate),
      inspect(Object.assign({}, certificate)),
    ];
    for (const copy of copies) {
      expect(copy).not.toContain(secret);
      expect(copy).not.toContain('PRIVATE KEY');
    }
    expect(Object.keys(certificate)).not.toContain('keyPem');
  });
});

test.for([
  { order: 'leaf first', pem: leaf.certPem + middle.certPem },
  { order: 'with its root', pem: leaf.certPem + middle.certPem + root.certPem },
  { order: 'root first', pem: root.certPem + middle.certPem + leaf.certPem },
  { order: 'with the leaf twice', pem: leaf.certPem + leaf.certPem + middle.certPem },
  { order: 'with text and a key between', pem: `subject=x\n${middle.certPem}${leaf.keyPem}\r\n${leaf.certPem}` },
])('a chain $order is sent as leaf and intermediate', ({ pem }) => {
  const certificate = read(pem, leaf.keyPem);
  expect(commonNames(certificate)).toEqual(['CN=app.example.com', 'CN=Middle']);
  expect(certificate.warnings).toEqual([]);
});

test('of two leaves with one key the later one counts', () => {
  const renewed = makeLeaf(['app.example.com'], { issuer: middle, key: leaf.key, days: 60 });
  const certificate = read(leaf.certPem + middle.certPem + renewed.certPem, leaf.keyPem);
  expect(certificate.serial).toBe(renewed.certificate.serialNumber);
});

describe('keys', () => {
  const password = 'päss wörd';
  const cases = {
    'PKCS#8, AES': leaf.key.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: password }),
    'traditional, encrypted': leaf.key.export({
      format: 'pem',
      type: 'sec1',
      cipher: 'aes-128-cbc',
      passphrase: password,
    }),
    'traditional, triple DES': leaf.key.export({
      format: 'pem',
      type: 'sec1',
      cipher: 'des-ede3-cbc',
      passphrase: password,
    }),
    'traditional, plain': leaf.key.export({ format: 'pem', type: 'sec1' }),
    'behind EC parameters': `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${leaf.keyPem}`,
  };

  test.for(Object.entries(cases))('%s are read', ([, keyPem]) => {
    const certificate = read(leaf.certPem, String(keyPem), password);
    expect(certificate.keyPem).toBe(leaf.keyPem);
  });

  test('RSA is read too', () => {
    const { certPem, keyPem } = makeRsa('rsa.example', ['rsa.example']);
    expect(read(certPem, keyPem).keyType).toBe('rsa');
  });

  test.for([
    { passphrase: undefined, says: /site\.key is encrypted\. Set `passphrase`/ },
    { passphrase: '', says: /site\.key is encrypted\. Set `passphrase`/ },
    { passphrase: 'sesame', says: /passphrase does not open the private key in site\.key/ },
  ])('an encrypted one with the passphrase $passphrase is refused', ({ passphrase, says }) => {
    const error = refusal(() => read(leaf.certPem, String(cases['PKCS#8, AES']), passphrase));
    expect(error.message).toMatch(says);
    expect(error.message).not.toContain('sesame');
  });
});

test.for([
  { what: 'no certificate', cert: 'hello', key: leaf.keyPem, says: /site\.pem holds no certificate in PEM form/ },
  { what: 'no key', cert: leaf.certPem, key: leaf.certPem, says: /site\.key holds no private key/ },
  {
    what: "another's key",
    cert: leaf.certPem,
    key: stranger.keyPem,
    says: /site\.key does not belong to the certificate in site\.pem/,
  },
  {
    what: "a chain without the key's leaf",
    cert: middle.certPem + root.certPem,
    key: leaf.keyPem,
    says: /any certificate in site\.pem/,
  },
  {
    what: 'a damaged certificate',
    cert: damaged(leaf.certPem),
    key: leaf.keyPem,
    says: /Certificate 1 in site\.pem is damaged/,
  },
  { what: 'a damaged key', cert: leaf.certPem, key: damaged(leaf.keyPem), says: /private key in site\.key is damaged/ },
  { what: 'a bundle of roots', cert: root.certPem.repeat(40), key: leaf.keyPem, says: /40 certificates, more than 32/ },
])('$what is refused, with the file named', ({ cert, key, says }) => {
  expect(refusal(() => read(cert, key)).message).toMatch(says);
});

test('a key that is too short for TLS is refused', () => {
  const { certPem, keyPem } = makeRsa('weak.example', ['weak.example'], 1024);
  expect(refusal(() => read(certPem, keyPem)).message).toMatch(/too short to be safe.*RSA key of 2048 bits/);
});

describe('warnings', () => {
  const edwards = makeLeaf(['ed.example'], { issuer: middle });

  test.for([
    {
      what: 'an expired certificate',
      pair: makeLeaf(['a.example'], { fromDays: -40 }),
      says: /expired on .*Replace it/,
    },
    { what: 'one of tomorrow', pair: makeLeaf(['a.example'], { fromDays: 1 }), says: /not valid before/ },
    { what: 'one without a SAN', pair: makeRsa('a.example', []), says: /no subject alternative name/ },
    {
      what: 'one with strangers beside it',
      pair: { certPem: leaf.certPem + middle.certPem + edwards.certPem, keyPem: leaf.keyPem },
      says: /1 further certificate\(s\) that are no part of its chain/,
    },
  ])('$what is read with a warning', ({ pair, says }) => {
    expect(read(pair.certPem, pair.keyPem).warnings).toEqual([expect.stringMatching(says)]);
  });

  test('depend on the time that is passed in', () => {
    const later = readCertificate(leaf.certPem, leaf.keyPem, undefined, 'x', { nowMs: Date.now() + 31 * DAY_MS });
    expect(later.warnings).toEqual([expect.stringMatching(/expired/)]);
  });
});

describe('files', () => {
  test('a pair of PEM files, one combined file, and a PKCS#12 file are loaded', async () => {
    const folder = temporaryFolder();
    const path = (name: string): string => join(folder, name);
    writeFileSync(path('a.pem'), leaf.certPem + middle.certPem);
    writeFileSync(path('a.key'), leaf.keyPem);
    writeFileSync(path('both.pem'), leaf.keyPem + leaf.certPem);
    writeFileSync(path('b.p12'), fixture('rsa-legacy'));
    const [pair, both, pfx] = await Promise.all([
      loadCertificateFile({ cert: path('a.pem'), key: path('a.key'), passphrase: undefined }),
      loadCertificateFile({ cert: path('both.pem'), key: path('both.pem'), passphrase: undefined }),
      loadCertificateFile({ pfx: path('b.p12'), passphrase: 'secret' }),
    ]);
    expect(pair.source).toBe(path('a.pem'));
    expect(both.serial).toBe(pair.serial);
    expect(pfx.source).toBe(path('b.p12'));
    expect(pfx.names).toEqual(['rsa.example.com', '*.rsa.example.com', '192.0.2.1']);
  });

  test('a missing file, a folder and a DER file say what to do', async () => {
    const folder = temporaryFolder();
    const der = join(folder, 'a.der');
    writeFileSync(der, leaf.certificate.raw);
    const load = (cert: string): Promise<Certificate> =>
      loadCertificateFile({ cert, key: cert, passphrase: undefined });
    await expect(load(join(folder, 'none.pem'))).rejects.toThrow(
      /none\.pem cannot be read: there is no such file\. Check the path/,
    );
    await expect(load(folder)).rejects.toThrow(/cannot be read: it is a folder/);
    await expect(load(der)).rejects.toThrow(/openssl x509 -inform der/);
  });

  test.skipIf(process.getuid?.() === 0)('a file without permission says so', async () => {
    const path = join(temporaryFolder(), 'a.pem');
    writeFileSync(path, leaf.certPem);
    chmodSync(path, 0);
    await expect(loadCertificateFile({ pfx: path, passphrase: undefined })).rejects.toThrow(/permission denied/);
  });
});

describe('properties', () => {
  const edwardsKey = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
  const mutated = fc
    .tuple(
      fc.constantFrom(leaf.certPem + middle.certPem, leaf.keyPem, edwardsKey),
      fc.nat(),
      fc.string({ unit: 'grapheme' }),
    )
    .map(([pem, at, insert]) => pem.slice(0, at % pem.length) + insert + pem.slice((at % pem.length) + insert.length));
  const text = fc.oneof(fc.string({ unit: 'binary' }), mutated, fc.constant(leaf.certPem), fc.constant(leaf.keyPem));

  test('readCertificate throws nothing but a GatehouseError', () => {
    fc.assert(
      fc.property(text, text, fc.option(fc.string(), { nil: undefined }), (certPem, keyPem, passphrase) => {
        try {
          read(certPem, keyPem, passphrase);
        } catch (error) {
          expect(error).toBeInstanceOf(GatehouseError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** The base64 body cut short in its middle. */
function damaged(pem: string): string {
  const lines = pem.split('\n');
  lines.splice(2, 1);
  return lines.join('\n');
}

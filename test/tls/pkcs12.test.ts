// PKCS#12 files as they are found in the wild; fixtures/make.sh made them with OpenSSL.
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import fc from 'fast-check';
import forge from 'node-forge';
import { describe, expect, test } from 'vitest';
import { GatehouseError } from '../../src/base/errors.ts';
import { octets, parseNode } from '../../src/tls/asn1.ts';
import { readPkcs12 } from '../../src/tls/pkcs12.ts';
import { fixture, fixtureRoot, isKeyOf, makeRsa, refusal } from './material.ts';

const UNICODE = 'pässwörd€😀';

test.for([
  { name: 'ec-modern', passphrase: 'secret', chain: 2 },
  { name: 'ec-legacy', passphrase: 'secret', chain: 2 },
  { name: 'rsa-modern', passphrase: 'secret', chain: 2 },
  { name: 'rsa-legacy', passphrase: 'secret', chain: 2 },
  { name: 'ec-sha512', passphrase: 'secret', chain: 1 },
  { name: 'ec-unicode', passphrase: UNICODE, chain: 2 },
  { name: 'ec-legacy-unicode', passphrase: UNICODE, chain: 2 },
  { name: 'ec-empty-passphrase', passphrase: '', chain: 1 },
  { name: 'ec-empty-passphrase', passphrase: undefined, chain: 1 },
  { name: 'ec-legacy-empty-passphrase', passphrase: '', chain: 1 },
  { name: 'ec-legacy-empty-passphrase', passphrase: undefined, chain: 1 },
  { name: 'ec-unsealed', passphrase: 'secret', chain: 1 },
  { name: 'ec-plain', passphrase: undefined, chain: 1 },
  { name: 'ec-plain', passphrase: 'of no use', chain: 1 },
])('$name opens with $passphrase', ({ name, passphrase, chain }) => {
  const { certPem, keyPem } = readPkcs12(fixture(name), passphrase);
  const [leaf, middle] = certificatesOf(certPem);
  expect(leaf?.subject).toBe(`CN=${name.split('-')[0]}.example.com`);
  expect(isKeyOf(keyPem, leaf as X509Certificate)).toBe(true);
  expect(certificatesOf(certPem)).toHaveLength(chain);
  if (middle !== undefined) {
    expect(leaf?.verify(middle.publicKey)).toBe(true);
    expect(middle.verify(new X509Certificate(fixtureRoot()).publicKey)).toBe(true);
  }
  expect(() => createSecureContext({ cert: certPem, key: keyPem })).not.toThrow();
});

test.for([
  { name: 'ec-modern', passphrase: 'wrong', says: /the passphrase does not open it/ },
  { name: 'ec-legacy', passphrase: 'wrong', says: /the passphrase does not open it/ },
  { name: 'ec-unsealed', passphrase: 'wrong', says: /the passphrase does not open it/ },
  { name: 'ec-empty-passphrase', passphrase: 'wrong', says: /the passphrase does not open it/ },
  { name: 'ec-modern', passphrase: undefined, says: /protected by a passphrase\. Set `passphrase`/ },
  { name: 'rsa-legacy', passphrase: '', says: /protected by a passphrase\. Set `passphrase`/ },
  { name: 'ec-no-key', passphrase: 'secret', says: /holds no private key/ },
  { name: 'ec-no-certificate', passphrase: 'secret', says: /no certificate for its private key/ },
])('$name with the passphrase $passphrase is refused', ({ name, passphrase, says }) => {
  const error = refusedFile(fixture(name), passphrase);
  expect(error.message).toMatch(says);
  expect(error.message).toContain('site.p12');
});

describe('other writers', () => {
  const rsa = makeRsa('forge.example', ['forge.example']);
  const written = (passphrase: string | null, algorithm: '3des' | 'aes256'): Buffer => {
    const key = forge.pki.privateKeyFromPem(rsa.keyPem);
    const file = forge.pkcs12.toPkcs12Asn1(key, [forge.pki.certificateFromPem(rsa.certPem)], passphrase, { algorithm });
    return Buffer.from(forge.asn1.toDer(file).getBytes(), 'latin1');
  };

  test('a seal made with no passphrase at all, not even an empty one, is opened', () => {
    expect(certificatesOf(readPkcs12(written(null, '3des'), undefined).certPem)).toHaveLength(1);
  });

  test('a passphrase whose UTF-8 was widened byte by byte, as OpenSSL 1.0 did, opens the file', () => {
    const widened = Buffer.from(UNICODE, 'utf8').toString('latin1');
    expect(certificatesOf(readPkcs12(written(widened, '3des'), UNICODE).certPem)).toHaveLength(1);
  });

  test('content in pieces of indefinite length (BER) is put together', () => {
    const pieces = Buffer.from('2480 0402abcd 0401ef 0000'.replaceAll(' ', ''), 'hex');
    expect(octets(parseNode(pieces)).toString('hex')).toBe('abcdef');
  });
});

test.for([
  { what: 'nothing', bytes: Buffer.alloc(0) },
  { what: 'text', bytes: Buffer.from('-----BEGIN CERTIFICATE-----') },
  { what: 'a file cut short', bytes: fixture('ec-modern').subarray(0, 900) },
  { what: 'an empty sequence', bytes: Buffer.from([0x30, 0x00]) },
  { what: 'too deep a nesting', bytes: Buffer.concat(Array.from({ length: 5000 }, () => Buffer.from([0x30, 0x80]))) },
])('$what is refused as no PKCS#12 file', ({ bytes }) => {
  expect(refusedFile(bytes, 'secret').message).toMatch(/not a PKCS#12 file, or it is damaged/);
});

test('a seal with an absurd number of iterations is refused at once', () => {
  const bytes = fixture('ec-modern');
  // The count is the last element of the file: INTEGER of two bytes, 2048. All lengths around it stay as they are.
  expect(bytes.subarray(-4).toString('hex')).toBe('02020800');
  const grown = Buffer.concat([bytes.subarray(0, -4), Buffer.from('02047fffffff', 'hex')]);
  grown.writeUInt16BE(grown.readUInt16BE(2) + 2, 2);
  const macAt = grown.lastIndexOf(Buffer.from('3041', 'hex'));
  grown.writeUInt8(0x43, macAt + 1);
  expect(refusedFile(grown, 'secret').message).toMatch(/damaged/);
  expect((refusedFile(grown, 'secret').cause as Error).message).toMatch(/2147483647 iterations/);
});

test('readPkcs12 throws nothing but a GatehouseError on arbitrary and on mutated bytes', () => {
  const names = ['ec-modern', 'ec-legacy', 'ec-plain', 'ec-unsealed'];
  const mutated = fc.tuple(fc.constantFrom(...names), fc.nat(), fc.nat({ max: 255 })).map(([name, at, byte]) => {
    const bytes = fixture(name);
    bytes[at % bytes.length] = byte;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated), (bytes) => {
      try {
        readPkcs12(bytes, 'secret');
      } catch (error) {
        expect(error).toBeInstanceOf(GatehouseError);
      }
    }),
    { numRuns: 150 },
  );
});

function certificatesOf(pem: string): X509Certificate[] {
  return pem
    .split(/(?<=-----END CERTIFICATE-----\n)/)
    .filter((block) => block.trim() !== '')
    .map((block) => new X509Certificate(block));
}

function refusedFile(bytes: Buffer, passphrase: string | undefined): GatehouseError {
  return refusal(() => readPkcs12(bytes, passphrase, 'site.p12'));
}

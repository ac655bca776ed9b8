// Names in certificates and the rule of RFC 9525, 6.3.

import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { certificateNames, coversName, isCertificateName, normalName } from '../../src/tls/names.ts';
import { makeLeaf, makeRsa } from './material.ts';

test.for([
  ['App.Example.COM', 'app.example.com'],
  ['app.example.com.', 'app.example.com'],
  ['[2001:DB8::1]', '2001:db8::1'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['192.0.2.1', '192.0.2.1'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
  ['', ''],
])('%s is spelled %s', ([name, spelled]) => {
  expect(normalName(name as string)).toBe(spelled);
});

test.for([
  ['app.example.com', true],
  ['*.example.com', true],
  ['localhost', true],
  ['a_b.example', true],
  ['xn--bcher-kva.example', true],
  ['::1', true],
  ['', false],
  ['*', false],
  ['*.*.example.com', false],
  ['a.*.example.com', false],
  ['f*.example.com', false],
  ['..', false],
  ['../../etc/passwd', false],
  ['a b', false],
  ['bücher.example', false],
  ['-a.example', false],
  ['fe80::1%eth0', false],
  [`${'a'.repeat(64)}.example`, false],
  [`${'a.'.repeat(126)}aa`, false],
] as const)('%s can stand in a certificate: %s', ([name, expected]) => {
  expect(isCertificateName(name)).toBe(expected);
});

test.for([
  { held: ['app.example.com'], host: 'app.example.com', covers: true },
  { held: ['app.example.com'], host: 'APP.example.com.', covers: true },
  { held: ['app.example.com'], host: 'xapp.example.com', covers: false },
  { held: ['*.example.com'], host: 'app.example.com', covers: true },
  { held: ['*.example.com'], host: 'example.com', covers: false },
  { held: ['*.example.com'], host: 'a.b.example.com', covers: false },
  { held: ['*.example.com'], host: '.example.com', covers: false },
  { held: ['*.example.com'], host: '*.example.com', covers: true },
  { held: ['app.example.com'], host: '*.example.com', covers: false },
  { held: ['*.b.example.com'], host: '*.example.com', covers: false },
  { held: ['*.0.2.1'], host: '192.0.2.1', covers: false },
  { held: ['192.0.2.1'], host: '192.0.2.1', covers: true },
  { held: ['2001:db8::1'], host: '[2001:DB8:0::1]', covers: true },
  { held: ['localhost'], host: 'localhost', covers: true },
  { held: [], host: 'localhost', covers: false },
])('$held covers $host: $covers', ({ held, host, covers }) => {
  expect(coversName({ names: held }, host)).toBe(covers);
});

describe('names of a certificate', () => {
  test('are those of the SAN, in lower case, each once', () => {
    const { certificate } = makeLeaf([
      'App.Example.com',
      'app.example.com',
      '*.example.com',
      '192.0.2.1',
      '2001:db8::1',
    ]);
    expect(certificateNames(certificate)).toEqual(['app.example.com', '*.example.com', '192.0.2.1', '2001:db8::1']);
  });

  test('leave out what no client can ask for, also when it tries to look like several names', () => {
    const { certificate } = makeLeaf(['ok.example', 'f*.example', 'x, DNS:evil.example', 'a"b', '*']);
    expect(certificateNames(certificate)).toEqual(['ok.example']);
  });

  test('are the common name when there is no SAN, and only then', () => {
    expect(certificateNames(new X509Certificate(makeRsa('Old.Example', []).certPem))).toEqual(['old.example']);
    expect(certificateNames(new X509Certificate(makeRsa('old.example', ['new.example']).certPem))).toEqual([
      'new.example',
    ]);
  });
});

describe('properties', () => {
  const label = fc.constantFrom('a', 'b', 'xn--a', '*', 'A', '');
  const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));

  test('coversName agrees with the rule written out', () => {
    fc.assert(
      fc.property(
        fc.array(
          name.filter((held) => held === held.toLowerCase()),
          { maxLength: 4 },
        ),
        name,
        (held, host) => {
          expect(coversName({ names: held }, host)).toBe(held.some((pattern) => coversPlainly(pattern, host)));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('no text makes normalName or coversName throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV6(), fc.string({ unit: 'binary' })), (text) => {
        coversName({ names: [normalName(text)] }, text);
      }),
    );
  });
});

/** RFC 9525, 6.3, label by label. */
function coversPlainly(pattern: string, asked: string): boolean {
  const wanted = asked.toLowerCase().replace(/\.$/, '').split('.');
  const held = pattern.split('.');
  if (wanted.some((label) => label === '') || wanted.slice(1).includes('*') || wanted.join('.') === '*') return false;
  if (held.length !== wanted.length) return false;
  return held.every((label, index) => label === wanted[index] || (index === 0 && label === '*' && held.length > 1));
}

// Choosing a certificate by name, against a reference that is too simple to be wrong.
import { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sniCallback } from '../../src/tls/ask-clients.ts';
import type { Certificate } from '../../src/tls/certificate.ts';
import { CertificateSelector } from '../../src/tls/select.ts';
import { certificateFor } from './material.ts';

const exact = certificateFor('app.example.com');
const wildcard = certificateFor('*.example.com');
const fallback = certificateFor('localhost');
const labels = new Map<Certificate | undefined, string>([
  [exact, 'exact'],
  [wildcard, 'wildcard'],
  [fallback, 'default'],
  [undefined, 'none'],
]);
const entries = [
  { certificate: wildcard, patterns: ['*.example.com', 'APP.example.com'] },
  { certificate: exact, patterns: ['App.Example.com', 'second.test'] },
];

describe('a name is served by', () => {
  const strict = new CertificateSelector([entries[1]!, entries[0]!]);
  const lenient = new CertificateSelector([entries[1]!, entries[0]!], fallback);

  test.for([
    ['app.example.com', 'exact', 'exact'],
    ['APP.EXAMPLE.COM.', 'exact', 'exact'],
    ['second.test', 'exact', 'exact'],
    ['other.example.com', 'wildcard', 'wildcard'],
    ['a.b.example.com', 'none', 'default'],
    ['example.com', 'none', 'default'],
    ['.example.com', 'none', 'default'],
    ['__proto__', 'none', 'default'],
    ['', 'none', 'default'],
    [undefined, 'none', 'default'],
    ['192.0.2.1', 'none', 'default'],
    ['fe80::1%eth0', 'none', 'default'],
    [`${'a.'.repeat(5000)}example.com`, 'none', 'default'],
  ])('%s: %s, with a default %s', ([name, without, withDefault]) => {
    expect(labels.get(strict.select(name))).toBe(without);
    expect(labels.get(lenient.select(name))).toBe(withDefault);
  });

  test('the first of two entries with one pattern', () => {
    expect(new CertificateSelector(entries).select('app.example.com')).toBe(wildcard);
  });
});

test('select agrees with a search through all patterns', () => {
  const name = fc
    .array(fc.constantFrom('a', 'b', 'c', '*'), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('.'));
  const entry = fc.record({
    certificate: fc.constantFrom(exact, wildcard),
    patterns: fc.array(name, { maxLength: 4 }),
  });
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 5 }),
      fc.option(name, { nil: undefined }),
      fc.boolean(),
      (list, asked, hasDefault) => {
        const selector = new CertificateSelector(list, hasDefault ? fallback : undefined);
        const all = list.flatMap(({ certificate, patterns }) => patterns.map((pattern) => ({ certificate, pattern })));
        const parent = asked?.includes('.') ? `*.${asked.split('.').slice(1).join('.')}` : undefined;
        const found = all.find(({ pattern }) => pattern === asked) ?? all.find(({ pattern }) => pattern === parent);
        expect(selector.select(asked)).toBe(found?.certificate ?? (hasDefault ? fallback : undefined));
      },
    ),
    { numRuns: 2000 },
  );
});

describe('the SNI callback', () => {
  const ask = (callback: ReturnType<typeof sniCallback>, name: string): [Error | null, SecureContext | undefined] => {
    let answer: [Error | null, SecureContext | undefined] = [new Error('no answer'), undefined];
    callback.call(new TLSSocket(new Socket()), name, (error, context) => {
      answer = [error, context];
    });
    return answer;
  };

  test('gives the context of the certificate, and none for an unknown name', () => {
    const callback = sniCallback(new CertificateSelector(entries));
    expect(ask(callback, 'x.example.com')).toEqual([null, wildcard.context]);
    expect(ask(callback, 'unknown.test')).toEqual([null, undefined]);
  });

  test('asks for the present selector in every handshake', () => {
    let selector = new CertificateSelector([]);
    const callback = sniCallback(() => selector);
    expect(ask(callback, 'second.test')).toEqual([null, undefined]);
    selector = new CertificateSelector(entries);
    expect(ask(callback, 'second.test')).toEqual([null, exact.context]);
  });

  test('answers without an error, whatever a client sends', () => {
    const callback = sniCallback(new CertificateSelector(entries));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.ipV6(), fc.domain()), (name) => {
        expect(ask(callback, name)[0]).toBeNull();
      }),
    );
  });
});

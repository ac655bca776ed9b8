// What a site says of TLS beside its own certificate: certificates of its clients, and HSTS.
import { describe, expect, test } from 'vitest';
import { configOf, messagesOf, placesOf } from '../reading.ts';

const site = (more: string): string => `sites:\n  a.test:\n    to: http://a\n    ${more}\n`;

describe('clientCertificates', () => {
  const read = (text: string): unknown => configOf(site(`clientCertificates: ${text}`)).sites[0]?.clientCertificates;

  test.for([
    ['{ ca: ca.pem }', { mode: 'require', ca: '/etc/gatehouse/ca.pem', crl: undefined }],
    ['{ mode: request, ca: /ca.pem, crl: x.crl }', { mode: 'request', ca: '/ca.pem', crl: '/etc/gatehouse/x.crl' }],
    ['{ mode: off, ca: ca.pem }', undefined],
    ['{ mode: false }', undefined],
    ['null', undefined],
    ['off', undefined],
    ['false', undefined],
  ] as const)('%s', ([text, expected]) => {
    expect(read(text)).toEqual(expected);
  });

  test.for([
    ['{ mode: require }', '4:5 missing-key'],
    ['{ crl: x.crl }', '4:5 missing-key'],
    ['{ mode: demand, ca: ca.pem }', '4:33 bad-value'],
    ['{ ca: "" }', '4:31 bad-value'],
    ['{ ca: a.pem, cn: x }', '4:38 unknown-key'],
  ] as const)('%s is a fault', ([text, place]) => {
    expect(placesOf(site(`clientCertificates: ${text}`))).toEqual([place]);
  });
});

describe('hsts', () => {
  const year = { maxAgeSeconds: 31_536_000, includeSubdomains: false, preload: false };
  test.for([
    ['365d', year],
    ['{ includeSubdomains: true }', { ...year, includeSubdomains: true }],
    ['{ includeSubdomains: on, preload: true }', { ...year, includeSubdomains: true, preload: true }],
    ['{ maxAge: 1h30m }', { ...year, maxAgeSeconds: 5400 }],
    ['{ maxAge: 0 }', { ...year, maxAgeSeconds: 0 }],
    ['0', undefined],
    ['off', undefined],
    ['false', undefined],
    ['null', undefined],
  ] as const)('%s', ([text, expected]) => {
    expect(configOf(site(`hsts: ${text}`)).sites[0]?.hsts).toEqual(expected);
  });

  test.for([
    ['true', '4:11 wrong-type'],
    ['31536000', '4:11 bad-value'],
    ['9999d', '4:11 bad-value'],
    ['{ preload: true }', '4:22 bad-value'],
    ['{ preload: true, includeSubdomains: true, maxAge: 364d }', '4:22 bad-value'],
    ['{ preload: true, maxAge: 730d }', '4:22 bad-value'],
    ['{ includeSubDomains: true }', '4:13 unknown-key'],
  ] as const)('%s is a fault', ([text, place]) => {
    expect(placesOf(site(`hsts: ${text}`))).toEqual([place]);
  });

  test('preload says what it needs', () => {
    expect(messagesOf(site('hsts: { preload: true }'))[0]).toMatch(/includeSubdomains: true.*365d/);
  });
});

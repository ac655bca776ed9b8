// Which of several certificates serves a name. How files and the local CA come together is in sites.test.ts.
import { expect, test } from 'vitest';
import type { SiteConfig } from '../../src/config/model/sites.ts';
import { type Certificate, readCertificate } from '../../src/tls/certificate.ts';
import { namesToCertify, planSite } from '../../src/tls/plan.ts';
import { type LeafOptions, makeLeaf } from './material.ts';

/** A certificate's name, and its life. */
type Brought = [name: string, life?: LeafOptions];

test.for<{ what: string; a: Brought; b: Brought; best: string }>([
  { what: 'an exact name beats a wildcard that lives longer', a: ['a.test'], b: ['*.test', { days: 300 }], best: 'a' },
  { what: 'the later end wins among equals', a: ['a.test'], b: ['a.test', { days: 60 }], best: 'b' },
  { what: 'a valid wildcard beats an expired exact name', a: ['a.test', { fromDays: -40 }], b: ['*.test'], best: 'b' },
  { what: 'a valid one beats one of tomorrow', a: ['a.test', { fromDays: 1, days: 90 }], b: ['a.test'], best: 'b' },
  { what: 'an expired one beats a CA that nobody trusts', a: ['a.test', { fromDays: -40 }], b: ['b.test'], best: 'a' },
])('$what', ({ a, b, best }) => {
  for (const brought of [
    [certificate('a', a), certificate('b', b)],
    [certificate('b', b), certificate('a', a)],
  ]) {
    const plan = planSite(site({}), undefined, brought, Date.now());
    expect(plan.byName.get('a.test')?.source).toBe(best);
    expect(plan.internal).toEqual([]);
  }
});

test('what no certificate covers is left to the local CA', () => {
  const brought = [certificate('a', ['a.test'])];
  const plan = planSite(site({ aliases: ['b.test', '*.a.test'] }), undefined, brought, Date.now());
  expect([...plan.byName.keys()]).toEqual(['a.test']);
  expect(plan.internal).toEqual(['b.test', '*.a.test']);
});

test('internal leaves every name to the local CA', () => {
  const plan = planSite(site({ certificate: 'internal' }), undefined, [certificate('a', ['a.test'])], Date.now());
  expect(plan.internal).toEqual(['a.test']);
});

test('a site whose own file cannot be read gets no other certificate instead', () => {
  const file = { pfx: '/gone.p12', passphrase: undefined };
  const plan = planSite(site({ certificate: file }), undefined, [certificate('a', ['a.test'])], Date.now());
  expect(plan.byName.size).toBe(0);
  expect(plan.internal).toEqual([]);
});

test('default stands for the names of this machine', () => {
  expect(namesToCertify(['a.test', 'default'])).toEqual(
    expect.arrayContaining(['a.test', 'localhost', '127.0.0.1', '::1']),
  );
  expect(namesToCertify(['a.test', 'default'])).not.toContain('default');
});

function certificate(source: string, [name, life]: Brought): Certificate {
  const { certPem, keyPem } = makeLeaf([name], life);
  return readCertificate(certPem, keyPem, undefined, source);
}

function site(changes: Partial<SiteConfig>): SiteConfig {
  const noHeaders = { set: new Map<string, string>(), remove: [] };
  return {
    name: 'a.test',
    aliases: [],
    certificate: 'auto',
    clientCertificates: undefined,
    hsts: undefined,
    path: 'canonical',
    cache: undefined,
    headers: { request: noHeaders, response: noHeaders },
    routes: [],
    ...changes,
  };
}

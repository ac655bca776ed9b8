// The files of a site that asks for certificates: what is read, and what each refusal says.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadClientPolicies } from '../../src/tls/client-policy.ts';
import { ClientAuthority } from '../support/client-authority.ts';
import { temporaryFolder } from './material.ts';

const company = new ClientAuthority('Company CA');
const partner = new ClientAuthority('Partner CA');

/** A file `ca`, perhaps a file `crl`, and the site that reads them. */
function siteWith(ca: string | undefined, crl?: string): Parameters<typeof loadClientPolicies>[0] {
  const folder = temporaryFolder();
  const path = (name: string): string => join(folder, name);
  if (ca !== undefined) writeFileSync(path('ca'), ca);
  if (crl !== undefined) writeFileSync(path('crl'), crl);
  const clientCertificates = {
    mode: 'require',
    ca: path('ca'),
    crl: crl === undefined ? undefined : path('crl'),
  } as const;
  return [
    { name: 'a.test', clientCertificates },
    { name: 'b.test', clientCertificates: { ...clientCertificates, mode: 'request' } },
    { name: 'c.test', clientCertificates: undefined },
  ];
}

test('two sites with the same authorities and lists take the same certificates, whatever their modes', async () => {
  const both = company.certPem + partner.certPem;
  const { bySite, problems } = await loadClientPolicies(
    siteWith(both, company.revocationList([]) + partner.revocationList([])),
  );
  expect(problems).toEqual([]);
  expect([...bySite.keys()]).toEqual(['a.test', 'b.test']);
  const [a, b] = [...bySite.values()];
  expect(a?.id).toBe(b?.id);
  expect([a?.mode, b?.mode]).toEqual(['require', 'request']);
  expect(a?.anchors).toHaveLength(2);
  const plain = await loadClientPolicies(siteWith(both));
  expect(plain.bySite.get('a.test')?.id).not.toBe(a?.id);
});

test.for([
  { what: 'a missing file', ca: undefined, crl: undefined, says: /ca cannot be read: there is no such file/ },
  { what: 'an empty file', ca: '', crl: undefined, says: /holds no certificate in PEM form/ },
  { what: 'a damaged one', ca: company.certPem.replace(/M.{40}/, ''), crl: undefined, says: /ca is damaged/ },
  {
    what: 'a certificate as a list',
    ca: company.certPem,
    crl: partner.certPem,
    says: /crl holds no revocation list.*openssl crl/,
  },
  {
    what: 'a damaged list',
    ca: company.certPem,
    crl: '-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n',
    says: /crl is damaged/,
  },
])('$what is a problem of the site', async ({ ca, crl, says }) => {
  const { bySite, problems, kept } = await loadClientPolicies(siteWith(ca, crl));
  expect(problems[0]?.message).toMatch(says);
  expect(problems).toHaveLength(2);
  expect(bySite.size).toBe(0);
  expect(kept).toEqual([]);
});

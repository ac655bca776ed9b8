// Certificates that a client must not take, in place of the right one.
import { X509Certificate } from 'node:crypto';
import type { CertificateFault } from './faults.ts';
import type { Issuer } from './issuer.ts';
import type { IssuedCertificate } from './model.ts';

const DAY_MS = 86_400_000;

/** The text to send instead of the chain. */
export async function spoiled(certificate: IssuedCertificate, what: CertificateFault, issuer: Issuer): Promise<string> {
  const { leafPem, names, notBefore, notAfter } = certificate;
  const [intermediate = ''] = issuer.intermediatePems;
  const spki = new X509Certificate(leafPem).publicKey.export({ format: 'der', type: 'spki' });
  const right = { spki, names, notBefore, notAfter };
  const chainOf = async (wish: Parameters<Issuer['issue']>[0]): Promise<string> =>
    (await issuer.issue(wish)).pem + intermediate;
  switch (what) {
    case 'garbage':
      return '-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n';
    case 'empty':
      return '';
    case 'leafOnly':
      return leafPem;
    case 'reversed':
      return intermediate + leafPem;
    case 'otherKey':
      return chainOf({ ...right, spki: undefined });
    case 'otherNames':
      return chainOf({ ...right, names: ['other.example.com'] });
    case 'expired':
      return chainOf({ ...right, notBefore: past(2), notAfter: past(1) });
    case 'future':
      return chainOf({ ...right, notBefore: past(-1), notAfter: past(-90) });
  }
}

function past(days: number): Date {
  return new Date(Date.now() - days * DAY_MS);
}

// A certificate as the command line and the admin endpoint show it: nothing secret.
import type { CertificateStatus } from '../admin/control.ts';
import type { Certificate } from '../tls/certificate.ts';

export function certificateStatus(certificate: Certificate): CertificateStatus {
  const { names, issuer, keyType, notAfter, source, fingerprint256 } = certificate;
  return { names, issuer, keyType, notAfter: notAfter.toISOString(), source, fingerprint256 };
}

// Certificates of the file. Whether the files exist and fit is for the tls room to find out.

import type { CertificateFile, CertificatesConfig } from '../model/certificates.ts';
import type { ClientCertificatesConfig } from '../model/sites.ts';
import type { Part } from '../part.ts';
import { resolveAcme } from './acme.ts';

const SHARED = 'shared';

export function resolveCertificates(part: Part, baseDir: string, hasShared: boolean): CertificatesConfig {
  const isShared = part.at('storage').text() === SHARED;
  if (isShared && !hasShared) {
    part
      .at('storage')
      .fault('missing-key', 'is the store that machines share; write shared: redis://HOST beside certificates');
  }
  return {
    storage: part.at(isShared ? 'copy' : 'storage').path(baseDir) ?? baseDir,
    isShared,
    issuer: isSwitchedOff(part.at('acme')) ? 'internal' : part.at('issuer').word(['acme', 'internal']),
    acme: resolveAcme(part.at('acme'), baseDir),
    files: part
      .at('files')
      .items()
      .flatMap((file) => resolveCertificateFile(file, baseDir) ?? []),
  };
}

/** An empty `acme:` is one that says nothing, so its defaults hold. */
function isSwitchedOff(acme: Part): boolean {
  return acme.isGiven && acme.isOff && acme.value !== null;
}

/** `cert` with `key`, or `pfx`; undefined, and a fault told, when it is neither or both. */
export function resolveCertificateFile(part: Part, baseDir: string): CertificateFile | undefined {
  if (part.document.isFaulty(part.pointer)) return undefined;
  const cert = part.at('cert').path(baseDir);
  const key = part.at('key').path(baseDir);
  const pfx = part.at('pfx').path(baseDir);
  const passphrase = part.at('passphrase').text();
  const isTold = ['cert', 'key', 'pfx'].some((name) => part.document.isFaulty(part.at(name).pointer));
  if (isTold) return undefined;
  if (pfx !== undefined && (cert !== undefined || key !== undefined)) {
    part.fault('bad-value', 'has both pfx and cert or key; write one of the two forms', 'key');
  } else if (pfx !== undefined) {
    return { pfx, passphrase };
  } else if (cert !== undefined && key !== undefined) {
    return { cert, key, passphrase };
  } else {
    part.fault('missing-key', 'names no certificate; write cert and key, or pfx', 'key');
  }
  return undefined;
}

/** undefined: clients are not asked. */
export function resolveClientCertificates(part: Part, baseDir: string): ClientCertificatesConfig | undefined {
  if (!part.isGiven || part.isOff || part.at('mode').isOff) return undefined;
  const ca = part.at('ca').path(baseDir);
  if (ca === undefined) {
    if (!part.document.isFaulty(part.at('ca').pointer)) {
      part.fault(
        'missing-key',
        'names no authorities; write ca, a PEM file of those that issue the certificates',
        'key',
      );
    }
    return undefined;
  }
  return { mode: part.at('mode').word(['require', 'request']), ca, crl: part.at('crl').path(baseDir) };
}

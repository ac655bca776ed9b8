// The certificate by which a test CA secures its own API.
import type { KeyObject } from 'node:crypto';
import { generateKeyPairSync } from 'node:crypto';
import { issueCertificate } from '../../../src/tls/issue.ts';

const HOUR_MS = 3_600_000;

export interface ApiCertificate {
  /** What a client has to trust. */
  readonly rootPem: string;
  readonly certPem: string;
  readonly keyPem: string;
}

/** For `localhost` and `127.0.0.1`, by a root of its own. */
export function makeApiCertificate(): ApiCertificate {
  const notBefore = new Date(Date.now() - HOUR_MS);
  const notAfter = new Date(Date.now() + 24 * HOUR_MS);
  const rootKey = newKey();
  const key = newKey();
  const root = issueCertificate({
    commonName: 'Test API Root',
    key: rootKey,
    issuer: undefined,
    notBefore,
    notAfter,
    names: undefined,
  });
  const leaf = issueCertificate({
    commonName: 'localhost',
    key,
    issuer: { certificate: root, key: rootKey },
    notBefore,
    notAfter,
    names: ['localhost', '127.0.0.1'],
  });
  return {
    rootPem: root.toString(),
    certPem: leaf.toString(),
    keyPem: key.export({ format: 'pem', type: 'pkcs8' }) as string,
  };
}

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

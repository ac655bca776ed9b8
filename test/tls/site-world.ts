// A configuration with its certificate files and storage on disk, gone after the test.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CertificateFile } from '../../src/config/model/certificates.ts';
import type { SiteConfig } from '../../src/config/model/sites.ts';
import type { CertificateNeeds } from '../../src/tls/brought.ts';
import { type LoadedCertificates, loadCertificates } from '../../src/tls/sites.ts';
import { type LeafOptions, makeLeaf, temporaryFolder } from './material.ts';

export interface World {
  readonly storage: string;
  /** Writes a certificate with its key into one file. */
  readonly file: (name: string, names: readonly string[], options?: LeafOptions) => CertificateFile;
  readonly load: (
    files: CertificateFile[],
    sites: Sites,
    nowMs?: number,
    previous?: LoadedCertificates,
  ) => Promise<LoadedCertificates>;
}

type Sites = Record<string, Partial<SiteConfig>>;

export function world(): World {
  const folder = temporaryFolder();
  const storage = join(folder, 'certs');
  return {
    storage,
    file: (name, names, options) => {
      const path = join(folder, name);
      const { certPem, keyPem } = makeLeaf(names, options);
      writeFileSync(path, certPem + keyPem);
      return { cert: path, key: path, passphrase: undefined };
    },
    load: (files, sites, nowMs = Date.now(), previous) =>
      loadCertificates(configOf(storage, files, sites), {
        now: () => nowMs,
        ...(previous === undefined ? {} : { previous }),
      }),
  };
}

function configOf(storage: string, files: CertificateFile[], sites: Sites): CertificateNeeds {
  const noHeaders = { set: new Map<string, string>(), remove: [] };
  return {
    certificates: { storage, files },
    sites: Object.entries(sites).map(([name, site]) => ({
      name,
      aliases: [],
      certificate: 'auto',
      clientCertificates: undefined,
      hsts: undefined,
      path: 'canonical',
      cache: undefined,
      headers: { request: noHeaders, response: noHeaders },
      routes: [],
      ...site,
    })),
  };
}

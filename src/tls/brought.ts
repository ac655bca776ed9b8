// The certificates that operators bring along in files.
import { GatehouseError, type Problem } from '../base/errors.ts';
import type { CertificateFile, CertificatesConfig } from '../config/model/certificates.ts';
import type { SiteConfig } from '../config/model/sites.ts';
import { type Certificate, loadCertificateFile } from './certificate.ts';

/** The part of a configuration that decides which certificates are served. */
export interface CertificateNeeds {
  readonly certificates: Pick<CertificatesConfig, 'storage' | 'files'>;
  readonly sites: readonly SiteConfig[];
}

export type NamedCertificates = ReadonlyMap<string, Certificate>;

export interface FileFaults {
  readonly problems: Problem[];
  /** What could not be loaded anew; the certificate of before stays in its place. */
  readonly kept: Problem[];
}

/**
 * Every file that the configuration names, each once, by `fileKey`. One of `known` that would be read just the same is used on;
 * what cannot be read stays as it was in `previous`.
 */
export async function readFiles(
  config: CertificateNeeds,
  previous: NamedCertificates | undefined,
  known: NamedCertificates | undefined,
  faults: FileFaults,
): Promise<NamedCertificates> {
  const files = new Map(certificateFiles(config).map((file) => [fileKey(file), file]));
  const outcomes = await Promise.allSettled(
    Array.from(files, ([key, file]) => loadCertificateFile(file, known?.get(key))),
  );
  const loaded = new Map<string, Certificate>();
  for (const [index, [key, file]] of [...files].entries()) {
    const outcome = outcomes[index] as PromiseSettledResult<Certificate>;
    if (outcome.status === 'fulfilled') {
      loaded.set(key, outcome.value);
      continue;
    }
    const before = previous?.get(key);
    if (before !== undefined) loaded.set(key, before);
    const told = before === undefined ? faults.problems : faults.kept;
    told.push(problemFrom(outcome.reason, 'pfx' in file ? file.pfx : file.cert));
  }
  return loaded;
}

/** Those brought along and those of single sites. */
export function certificateFiles(config: CertificateNeeds): CertificateFile[] {
  const explicit = config.sites.flatMap(({ certificate }) => (typeof certificate === 'string' ? [] : [certificate]));
  return [...config.certificates.files, ...explicit];
}

/** Tells one apart from all others. */
export function fileKey(file: CertificateFile): string {
  return JSON.stringify('pfx' in file ? [file.pfx, file.passphrase] : [file.cert, file.key, file.passphrase]);
}

/** Throws what is no fault of a file. */
export function problemFrom(error: unknown, file: string): Problem {
  if (!(error instanceof GatehouseError)) throw error;
  return { file, line: 0, column: 0, code: 'certificate-invalid', message: error.message };
}

// Loads the certificates of a configuration as the gateway would, without a trace.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ProblemsError } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import { loadClientPolicies } from '../tls/client-policy.ts';
import type { FindManaged } from '../tls/plan.ts';
import { type LoadedCertificates, loadCertificates } from '../tls/sites.ts';

/**
 * Where there is no local CA yet, one is made in a folder that goes again. A check run as root must not leave files that
 * the gateway cannot read. Fails with a ProblemsError.
 */
export async function inspectCertificates(config: Config, managed?: FindManaged): Promise<LoadedCertificates> {
  const storage = config.certificates.storage;
  const isThere = existsSync(path.join(storage, 'internal'));
  const folder = isThere ? storage : await mkdtemp(path.join(tmpdir(), 'gatehouse-check-'));
  try {
    const needs = { ...config, certificates: { ...config.certificates, storage: folder } };
    const loaded = await loadCertificates(needs, managed === undefined ? {} : { managed });
    const clients = await loadClientPolicies(config.sites);
    const problems = [...loaded.problems, ...clients.problems];
    if (problems.length > 0) throw new ProblemsError(problems);
    return loaded;
  } finally {
    if (!isThere) await rm(folder, { recursive: true, force: true });
  }
}

// Everything of a configuration that can fail or takes time, made ready beside what runs; nothing of it is in force yet.
import type { CertificateKeeper } from '../acme/keeper.ts';
import { FolderStorage } from '../acme/storage/folder.ts';
import { ProblemsError } from '../base/errors.ts';
import { FileWatch } from '../base/file-watch.ts';
import type { Config } from '../config/config.ts';
import type { Records } from '../observe/records.ts';
import { loadClientPolicies } from '../tls/client-policy.ts';
import { loadCertificates } from '../tls/sites.ts';
import { Upstream } from '../upstream/upstream.ts';
import { watchedFiles } from './certificate-files.ts';
import type { Guards } from './guards.ts';
import { type InForce, openKeeper } from './keeper.ts';
import type { Kept } from './kept.ts';
import { managedBy, Runtime } from './runtime.ts';
import { stickySecret } from './sticky-secret.ts';

export interface Prepared {
  /** Takes over from what is in force; called once, does not fail, waits for nothing. */
  readonly settle: () => Runtime;
  /** Looked at before the files were read; not started. */
  readonly files: FileWatch;
  /** The one in force, where it can go on. */
  readonly keeper: CertificateKeeper | undefined;
}

/** Another configuration, ready beside the one in force. Exactly one of both is called, and neither fails. */
export interface PreparedReload {
  /** Puts it in force, at once. */
  readonly commit: () => void;
  /** Leaves everything as it was. */
  readonly discard: () => void;
}

/** The same, with `act` after either. */
export function followedBy({ commit, discard }: PreparedReload, act: () => void): PreparedReload {
  const both = (first: () => void) => (): void => {
    first();
    act();
  };
  return { commit: both(commit), discard: both(discard) };
}

/** Fails with a ProblemsError that names every certificate, or every rule, that cannot be used. */
export async function prepare(
  config: Config,
  records: Records,
  {
    limits,
    caches,
    storage = new FolderStorage(config.certificates.storage),
  }: Pick<Kept, 'limits' | 'caches' | 'storage'>,
  inForce?: InForce,
): Promise<Prepared> {
  const files = new FileWatch(watchedFiles(config));
  await files.look();
  const keeper = await openKeeper(config, storage, records, inForce);
  const loaded = await loadCertificates(config, { managed: managedBy(keeper), known: inForce?.runtime.loaded });
  const clients = await loadClientPolicies(config.sites, { known: inForce?.runtime.clients });
  const problems = [...loaded.problems, ...clients.problems];
  if (problems.length > 0) throw new ProblemsError(problems);
  const guards = await openGuards(config, inForce?.runtime.guards);
  if (guards !== undefined && guards.problems.length > 0) throw new ProblemsError(guards.problems);
  const secret = await stickySecret(config, storage);
  await limits.prepare(config);
  await caches.prepare(config);
  const settle = (): Runtime => {
    const upstreams = nextUpstreams(config, secret, inForce?.runtime.upstreams);
    limits.use(config);
    caches.use(config);
    return new Runtime({ config, upstreams, loaded, clients, guards, limits, caches });
  };
  return { settle, files, keeper };
}

/**
 * Groups that are as they were stay; others are succeeded, so that their servers live on; what is gone gets no further
 * calls.
 */
function nextUpstreams(
  config: Config,
  secret: string | undefined,
  before: ReadonlyMap<string, Upstream> = new Map(),
): Map<string, Upstream> {
  const options = { timeoutMs: config.timeouts.upstreamMs, secret };
  const next = new Map<string, Upstream>();
  for (const [name, settings] of config.upstreams) {
    const known = before.get(name);
    if (known === undefined) next.set(name, new Upstream(settings, options));
    else next.set(name, known.isAs(settings, options) ? known : known.succeed(settings, options));
  }
  for (const [name, upstream] of before) if (!next.has(name)) upstream.close();
  return next;
}

/** Undefined when there are no rules, so that the engine is not even loaded. */
async function openGuards(config: Config, before: Guards | undefined): Promise<Guards | undefined> {
  if (config.sites.every(({ routes }) => routes.every(({ waf }) => waf === undefined))) return undefined;
  const { Guards: Compiled } = await import('./guards.ts');
  return new Compiled(config, before);
}

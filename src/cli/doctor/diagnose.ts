// From a name and a configuration to findings: whether its certificate is ordered at all, and then the whole examination.
import { isPublicAuthority, stagingOf } from '../../acme/known.ts';
import { fetchStatus } from '../../admin/client.ts';
import type { Status } from '../../admin/control.ts';
import { GatehouseError } from '../../base/errors.ts';
import type { Config } from '../../config/config.ts';
import { storageFor } from '../storage.ts';
import { viewStored } from '../stored.ts';
import { examine } from './exam.ts';
import { type Finding, fail } from './finding.ts';
import { standingOf } from './names.ts';
import { type Connect, patientOf } from './patient.ts';
import { lookAtService } from './service.ts';

export interface Wishes {
  /** `address:port`; empty: the system's. */
  readonly resolvers: readonly string[];
  readonly connect?: Connect;
  readonly staging?: string;
  /** Undefined: where the authority is known to have a directory for it. */
  readonly dryRun?: boolean;
}

/** Fails with a ProblemsError of the configuration, and a GatehouseError when the wishes make no sense. */
export async function* diagnose(name: string, config: Config, wishes: Wishes): AsyncGenerator<Finding> {
  const stored = await viewStored(config, [name]).catch(asUnfit);
  if ('level' in stored) {
    yield stored;
    return;
  }
  const { loaded, managed, statuses, find } = stored;
  const { orderedAs, findings } = standingOf(name, config, loaded.wanted, managed);
  yield* findings;
  if (orderedAs === undefined) {
    const served = findings.some(({ level }) => level === 'fail') ? undefined : loaded.selector.select(name);
    if (served !== undefined) yield* lookAtService(served, undefined);
    return;
  }
  const status = await runningStatus(config);
  const { resolvers, connect } = wishes;
  using opened = await storageFor(config);
  const patient = patientOf(orderedAs, config, opened.storage, {
    resolvers,
    connect,
    status,
    staging: stagingFor(config, wishes),
  });
  const known = status?.managed ?? statuses;
  yield* examine(patient, {
    certificate: find(orderedAs),
    status: known.find((each) => each.name === orderedAs),
  });
}

/** A storage that cannot be read is the first thing to mend. */
function asUnfit(error: unknown): Finding {
  if (error instanceof GatehouseError && error.code === 'storage_failed') return fail('storage', error.message);
  throw error;
}

function stagingFor(config: Config, { staging, dryRun }: Wishes): string | undefined {
  if (dryRun === false) return undefined;
  const directory = config.certificates.acme.issuers[0]?.directory ?? '';
  const found = staging ?? stagingOf(directory);
  if (dryRun === true && found === undefined) {
    throw wrongCall(`No directory for rehearsals is known of ${new URL(directory).host}; name one: --staging URL`);
  }
  if (found !== undefined && found === directory && isPublicAuthority(found)) {
    throw wrongCall(`${found} is the real directory: what it issues counts against its limits`);
  }
  return found;
}

/** The gateway's own word counts more than what lies in its storage: it knows what fails at this moment. */
async function runningStatus({ admin }: Config): Promise<Status | undefined> {
  try {
    return admin.socket === undefined ? undefined : await fetchStatus(admin.socket);
  } catch (error) {
    if (error instanceof GatehouseError) return undefined;
    throw error;
  }
}

function wrongCall(message: string): GatehouseError {
  return new GatehouseError('config_invalid', 'gateway', message);
}

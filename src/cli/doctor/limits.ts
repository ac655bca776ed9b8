// How much of the authority's limits is used up, as our own ledger has it.
import { authorityId } from '../../acme/authority.ts';
import { limitsOf } from '../../acme/known.ts';
import { Ledger } from '../../acme/ledger.ts';
import type { AcmeIssuer } from '../../config/model/certificates.ts';
import { type Finding, ok, warn } from './finding.ts';
import type { Patient } from './patient.ts';

const CHECK = 'limits';

export async function lookAtLimits({ name, storage }: Patient, { directory }: AcmeIssuer): Promise<Finding[]> {
  const ledger = new Ledger(storage, authorityId(directory), limitsOf(directory));
  const usage = await ledger.usage(name, Date.now());
  const { host } = new URL(directory);
  if (usage.length === 0) return [ok(CHECK, `none are known of ${host}`)];
  return usage.map(({ untilMs, inWords }) =>
    untilMs === undefined
      ? ok(CHECK, `${host}: ${inWords}`)
      : warn(
          CHECK,
          `${host}: ${inWords}; the next is free at ${new Date(untilMs).toISOString()}`,
          'Orders wait until then.',
        ),
  );
}

// A challenge without an authority: an answer is put in place as for an order, and looked for as an authority would.
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import type { Withdraw } from '../../acme/challenges/answers.ts';
import { type ChallengeType, solve } from '../../acme/challenges/solve.ts';
import type { Place } from './addresses.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { Patient } from './patient.ts';
import { connectionFault } from './ports.ts';

export interface Probe {
  readonly token: string;
  readonly keyAuthorization: string;
  readonly withdraw: Withdraw;
}

/** Somebody answers, and says something else than the gateway would. */
export class WrongAnswer extends Error {}

/** Answers that nobody else can know: 32 random bytes, like an authority's. */
export async function placeProbe(type: ChallengeType, patient: Patient, signal: AbortSignal): Promise<Probe> {
  const token = randomBytes(32).toString('base64url');
  const keyAuthorization = `${token}.${randomBytes(32).toString('base64url')}`;
  const { host, answers, dns } = patient;
  const identifier = { type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const), value: host };
  const withdraw = await solve({ type, identifier, token, keyAuthorization }, answers, dns, signal);
  return { token, keyAuthorization, withdraw };
}

/** Looks at every place, and says for each what came of it. */
export async function lookEverywhere(
  check: string,
  places: readonly Place[],
  look: (address: string) => Promise<void>,
): Promise<Finding[]> {
  if (places.length === 0) return [fail(check, 'not tried: the name leads nowhere')];
  const outcomes = await Promise.all(
    places.map(async (place) => {
      try {
        await look(place.address);
        return { ...place, error: undefined };
      } catch (error) {
        return { ...place, error };
      }
    }),
  );
  const good = outcomes.filter(({ error }) => error === undefined).map(({ address }) => address);
  const findings = outcomes.flatMap((outcome) => (outcome.error === undefined ? [] : [bad(check, outcome)]));
  return good.length === 0 ? findings : [ok(check, `the answer is seen at ${good.join(', ')}`), ...findings];
}

function bad(check: string, { address, isHere, error }: Place & { readonly error: unknown }): Finding {
  if (error instanceof WrongAnswer) {
    const advice =
      'Something else than this gateway answers there, or it uses another storage: see where the name and its ports lead, and proxies in between.';
    return fail(check, `at ${address} ${error.message}`, advice);
  }
  const message = `${address} cannot be asked: ${connectionFault(error)}`;
  if (isHere) return fail(check, message, 'See that the gateway runs, and that no firewall is in between.');
  return warn(check, message, 'Behind NAT without a way back this says little; try it from outside.');
}

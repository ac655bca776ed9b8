// The name that is looked at, with all that the checks need to look at it.
import { isIP } from 'node:net';
import { ChallengeAnswers } from '../../acme/challenges/answers.ts';
import { type ChallengeType, typesFor } from '../../acme/challenges/solve.ts';
import { Dns01 } from '../../acme/dns/challenge.ts';
import type { Storage } from '../../acme/storage/storage.ts';
import type { Status } from '../../admin/control.ts';
import type { Config } from '../../config/config.ts';

/** Where the name is looked for, instead of where it leads. */
export interface Connect {
  readonly host: string;
  readonly httpPort: number | undefined;
  readonly httpsPort: number | undefined;
}

export interface Patient {
  /** As it is ordered: a host name, a wildcard or an address. */
  readonly name: string;
  /** Without the star of a wildcard. */
  readonly host: string;
  readonly config: Config;
  /** That can prove the name, in order. */
  readonly types: readonly ChallengeType[];
  readonly storage: Storage;
  readonly answers: ChallengeAnswers;
  readonly dns: Dns01 | undefined;
  /** `address:port`; empty: the system's. */
  readonly resolvers: readonly string[];
  readonly connect: Connect | undefined;
  /** Of the running gateway; undefined when none answers. */
  readonly status: Status | undefined;
  /** On which the gateway listens; undefined: it does not. */
  readonly ports: { readonly http: number | undefined; readonly https: number | undefined };
  /** Where an order is rehearsed; undefined: nowhere. */
  readonly staging: string | undefined;
}

export function patientOf(
  name: string,
  config: Config,
  storage: Storage,
  facts: Pick<Patient, 'resolvers' | 'connect' | 'status' | 'staging'>,
): Patient {
  const { acme } = config.certificates;
  return {
    ...facts,
    name,
    config,
    host: name.replace(/^\*\./, ''),
    types: typesFor(name, acme.challenges),
    storage,
    answers: new ChallengeAnswers(storage, Date.now),
    dns: acme.dns === undefined ? undefined : new Dns01(acme.dns),
    ports: {
      http: portOf(facts.status?.listen.http) ?? config.listen.http[0]?.port,
      https: portOf(facts.status?.listen.https) ?? config.listen.https[0]?.port,
    },
  };
}

/** As it stands in a URL or a Host field. */
export function hostInUrl(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

function portOf(addresses: readonly string[] | undefined): number | undefined {
  const first = addresses?.[0];
  return first === undefined ? undefined : Number(first.slice(first.lastIndexOf(':') + 1));
}

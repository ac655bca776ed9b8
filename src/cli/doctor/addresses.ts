// Where the name leads: its A and AAAA records, and whether they are addresses of this machine.
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { addressesOf, reasonOf, withResolver } from '../../acme/dns/lookups.ts';
import { plainAddress } from '../../base/ip.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { Patient } from './patient.ts';

const CHECK = 'dns';
/** A name may have more; an authority looks at one or two. */
const MAX_ADDRESSES = 8;

/** Where to look for the gateway. */
export interface Place {
  readonly address: string;
  /** One of this machine's, or named by the operator: then there is no excuse when nothing answers. */
  readonly isHere: boolean;
}

export interface Addresses {
  readonly findings: readonly Finding[];
  readonly places: readonly Place[];
}

export async function lookAtAddresses(patient: Patient, signal: AbortSignal): Promise<Addresses> {
  const own = ownAddresses();
  const { host, connect } = patient;
  const found = isIP(host) === 0 ? await lookUp(patient, signal) : [host];
  const findings = typeof found === 'string' ? [broken(patient, found)] : [judged(patient, found, own)];
  if (connect !== undefined) return { findings, places: [{ address: connect.host, isHere: true }] };
  const addresses = typeof found === 'string' ? [] : found;
  return { findings, places: addresses.map((address) => ({ address, isHere: own.has(address) })) };
}

/** The addresses, or why there is no telling. */
async function lookUp({ host, resolvers }: Patient, signal: AbortSignal): Promise<string[] | string> {
  try {
    return await withResolver(resolvers, signal, async (resolver) => {
      return (await addressesOf(host, resolver)).map(plainAddress).slice(0, MAX_ADDRESSES);
    });
  } catch (error) {
    return reasonOf(error);
  }
}

function broken({ host }: Patient, reason: string): Finding {
  return fail(CHECK, `${host} could not be looked up: ${reason}`, "See that the zone's name servers answer.");
}

function judged(
  { name, host, types, connect }: Patient,
  addresses: readonly string[],
  own: ReadonlySet<string>,
): Finding {
  const isVisited = types.some((type) => type !== 'dns-01') && connect === undefined;
  if (addresses.length === 0) {
    const message = `${host} has no A or AAAA record`;
    const advice = 'Add one that leads to this gateway.';
    return isVisited && !name.startsWith('*.') ? fail(CHECK, message, advice) : warn(CHECK, message, advice);
  }
  const elsewhere = addresses.filter((address) => !own.has(address));
  const leads = `${host} leads to ${addresses.join(', ')}`;
  if (elsewhere.length === 0) return ok(CHECK, `${leads}: this machine`);
  const advice =
    'Fine behind NAT, a load balancer or a proxy that leads ports 80 and 443 here; else correct the records. An authority tries IPv6 first: one wrong AAAA record is enough to fail.';
  return warn(
    CHECK,
    `${leads}; ${elsewhere.join(', ')} ${elsewhere.length === 1 ? 'is' : 'are'} not of this machine`,
    advice,
  );
}

function ownAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return new Set(all.map(({ address }) => plainAddress(address)));
}

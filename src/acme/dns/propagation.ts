// Whether a record can be seen where an authority will look: at every name server of the zone. A record
// that one of them lacks makes the authority's check fail, and failures are counted.

import { getServers } from 'node:dns';
import type { Resolver } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatehouseError } from '../../base/errors.ts';
import type { DnsConfig } from '../../config/model/certificates.ts';
import { formatDnsServer } from '../../config/syntax/dns-server.ts';
import { addressesOf, lookupFailed, orNone, reasonOf, withResolver } from './lookups.ts';
import type { TxtRecord } from './provider.ts';
import { zoneCandidates } from './zone-names.ts';

/** Name servers of one zone, and addresses of one of them, that are looked at. */
const maxHosts = 13;
const maxAddresses = 8;
/** Other values of the name, in a message. */
const maxValuesShown = 4;
const dnsPort = 53;

export interface PropagationPace {
  /** Between the first two looks; it grows by half. */
  readonly firstPauseMs?: number;
  readonly longestPauseMs?: number;
  /** Where name servers listen; 53 except in tests. */
  readonly port?: number;
}

/** A name server with the addresses at which it can be asked. */
interface NameServer {
  readonly name: string;
  readonly addresses: readonly string[];
}

/** What one server shows, in words; undefined: the record. */
interface Look {
  readonly name: string;
  readonly instead: string | undefined;
}

/**
 * Returns when every server shows the record. A name server with several addresses counts when all of them that
 * answer do, and one does: a gateway without IPv6 can ask the others only. Throws GatehouseError `dns_not_visible`,
 * which says who shows what, when that takes too long or the signal is aborted.
 */
export async function seePropagation(
  record: TxtRecord,
  { propagation, resolvers }: Pick<DnsConfig, 'propagation' | 'resolvers'>,
  signal: AbortSignal,
  { firstPauseMs = 2000, longestPauseMs = 15_000, port = dnsPort }: PropagationPace = {},
): Promise<void> {
  await sleep(propagation.delayMs, undefined, { signal }).catch(() => undefined);
  if (propagation.check === 'off') return;
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(propagation.timeoutMs)]);
  let servers: readonly NameServer[] = [];
  let last: readonly Look[] = [];
  let failure: unknown;
  for (let pauseMs = firstPauseMs; !deadline.aborted; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    try {
      if (servers.length === 0) {
        servers =
          propagation.check === 'resolvers'
            ? chosen(resolvers)
            : await authoritative(record.fqdn, resolvers, deadline, port);
      }
      const looks = await Promise.all(servers.map((server) => look(server, record, deadline)));
      if (looks.every(({ instead }) => instead === undefined)) return;
      // A round that the deadline cut short says less than the one before.
      if (!deadline.aborted || last.length === 0) last = looks;
    } catch (error) {
      failure ??= error;
    }
    await sleep(pauseMs, undefined, { signal: deadline }).catch(() => undefined);
  }
  if (last.length === 0 && failure !== undefined) throw failure;
  throw notVisible(record, last, signal.aborted);
}

function notVisible({ fqdn, value }: TxtRecord, looks: readonly Look[], wasStopped: boolean): GatehouseError {
  const missing = looks.filter(({ instead }) => instead !== undefined);
  if (looks.length === 0) return new GatehouseError('dns_not_visible', 'gateway', `the wait for ${fqdn} was ended`);
  const shown = missing.map(({ name, instead }) => `${name}: ${instead}`).join('; ');
  const count = `${missing.length} of ${looks.length} servers do not show it`;
  const end = wasStopped
    ? 'and the wait was ended'
    : 'see what they serve, or give them more with dns.propagationTimeout';
  const message = `the TXT record ${fqdn} with the value ${value} cannot be seen yet, ${count} (${shown}); ${end}`;
  return new GatehouseError('dns_not_visible', 'upstream', message, { retry: true });
}

function chosen(resolvers: readonly string[]): NameServer[] {
  return (resolvers.length > 0 ? resolvers : getServers()).map((address) => ({ name: address, addresses: [address] }));
}

/** The name servers of the closest zone that holds the name. */
async function authoritative(
  fqdn: string,
  resolvers: readonly string[],
  signal: AbortSignal,
  port: number,
): Promise<NameServer[]> {
  try {
    return await withResolver(resolvers, signal, async (resolver) => {
      const hosts = await nameServers(fqdn, resolver);
      if (hosts.length === 0) throw new Error('no zone above it has name servers');
      return await Promise.all(hosts.slice(0, maxHosts).map((host) => nameServerOf(host, resolver, port)));
    });
  } catch (error) {
    throw lookupFailed(`looking for the name servers of ${fqdn}`, error);
  }
}

async function nameServers(fqdn: string, resolver: Resolver): Promise<readonly string[]> {
  for (const zone of zoneCandidates(fqdn, 1)) {
    // A CNAME is no zone, and what its target has is none of ours.
    if ((await orNone(resolver.resolveCname(zone))).length > 0) continue;
    const hosts = await orNone(resolver.resolveNs(zone));
    // Servers turn the order around; messages should not.
    if (hosts.length > 0) return hosts.toSorted();
  }
  return [];
}

async function nameServerOf(host: string, resolver: Resolver, port: number): Promise<NameServer> {
  const addresses = (await addressesOf(host, resolver)).slice(0, maxAddresses);
  return { name: host, addresses: addresses.map((address) => formatDnsServer({ host: address, port })) };
}

async function look({ name, addresses }: NameServer, record: TxtRecord, signal: AbortSignal): Promise<Look> {
  if (addresses.length === 0) return { name, instead: 'it has no address' };
  const looks = await Promise.all(addresses.map((address) => lookAt(address, record, signal)));
  const answered = looks.filter(({ hasAnswered }) => hasAnswered);
  const instead = (answered.length > 0 ? answered : looks).find((each) => each.instead !== undefined);
  if (instead === undefined) return { name, instead: undefined };
  return { name, instead: name === instead.address ? instead.instead : `at ${instead.address} ${instead.instead}` };
}

interface AddressLook {
  readonly address: string;
  readonly hasAnswered: boolean;
  readonly instead: string | undefined;
}

async function lookAt(address: string, { fqdn, value }: TxtRecord, signal: AbortSignal): Promise<AddressLook> {
  try {
    const records = await withResolver([address], signal, (resolver) => resolver.resolveTxt(fqdn));
    const values = records.map((strings) => strings.join(''));
    if (values.includes(value)) return { address, hasAnswered: true, instead: undefined };
    const shown = values.slice(0, maxValuesShown).map((each) => JSON.stringify(each.slice(0, 60)));
    return {
      address,
      hasAnswered: true,
      instead: `it has ${shown.join(', ')}${values.length > maxValuesShown ? ', …' : ''}`,
    };
  } catch (error) {
    const reason = reasonOf(error);
    const hasAnswered = !['ETIMEOUT', 'ECONNREFUSED', 'ECANCELLED'].includes(String((error as { code?: string }).code));
    return { address, hasAnswered, instead: reason };
  }
}

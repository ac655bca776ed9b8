// DNS lookups at chosen servers, bounded in time.

import { Resolver } from 'node:dns/promises';
import { GatehouseError } from '../../base/errors.ts';

const tryMs = 3000;
const tries = 2;

/** There is no such record. Anything else is no answer to the question. */
const absences: readonly string[] = ['ENODATA', 'ENOTFOUND'];

/** Runs lookups at the servers (`address:port`; none: the system's); they end when the signal is aborted. */
export async function withResolver<T>(
  servers: readonly string[],
  signal: AbortSignal,
  look: (resolver: Resolver) => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw Object.assign(new Error('ended'), { code: 'ECANCELLED' });
  const resolver = new Resolver({ timeout: tryMs, tries });
  if (servers.length > 0) resolver.setServers(servers);
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await look(resolver);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** What a lookup found; empty when there is no such record. Throws what the lookup threw for anything else. */
export async function orNone<T>(found: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await found;
  } catch (error) {
    if (absences.includes(codeOf(error))) return [];
    throw error;
  }
}

/** IPv4 first; empty when the name has none. */
export async function addressesOf(host: string, resolver: Resolver): Promise<string[]> {
  return (await Promise.all([orNone(resolver.resolve4(host)), orNone(resolver.resolve6(host))])).flat();
}

/** Why a lookup failed, in words. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  return reasons[code] ?? code;
}

export function lookupFailed(what: string, error: unknown): GatehouseError {
  const advice = 'see that dns.resolvers, or the resolvers of the system, can be reached and answer';
  const message = `${what} failed: ${reasonOf(error)}; ${advice}`;
  return new GatehouseError('dns_lookup_failed', 'upstream', message, { retry: true, cause: error });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}

const reasons: Readonly<Record<string, string>> = {
  ENODATA: 'no record of this type',
  ENOTFOUND: 'no such name (NXDOMAIN)',
  ESERVFAIL: 'SERVFAIL',
  EREFUSED: 'REFUSED',
  ETIMEOUT: 'no answer in time',
  ECONNREFUSED: 'it cannot be reached',
  ECANCELLED: 'there was no time left',
  EBADRESP: 'an answer that cannot be read',
};

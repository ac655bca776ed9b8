// Where the record for a name is written. `_acme-challenge` may be a CNAME to a zone that this gateway may
// write while the zone of the name itself stays out of reach (RFC 8555, 8.4, and 10.2 for the reason).

import { GatehouseError } from '../../base/errors.ts';
import { lookupFailed, orNone, withResolver } from './lookups.ts';

/** CNAMEs from the first name to the last. */
const maxSteps = 8;
const maxNameLength = 253;
/** What can be a label of a name we write. A hyphen in front would be an option to a program. */
const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** `_acme-challenge.` and the name; a wildcard is proved under the name it stands below. */
export function challengeNameOf(name: string): string {
  return `_acme-challenge.${name.replace(/^\*\./, '').replace(/\.$/, '').toLowerCase()}`;
}

/**
 * The last name of the chain of CNAMEs that begins at `fqdn`; itself when there is none. Lower case, no trailing dot.
 * Throws GatehouseError `dns_lookup_failed` when it cannot be found out, or leads nowhere.
 */
export async function followCnames(fqdn: string, resolvers: readonly string[], signal: AbortSignal): Promise<string> {
  const chain = [fqdn];
  for (;;) {
    const name = chain.at(-1) as string;
    const target = await cnameOf(name, resolvers, signal);
    if (target === undefined) return name;
    if (!isHostLike(target))
      throw leadsNowhere([...chain, target], 'the last name is none that a record can be written to');
    if (chain.includes(target)) throw leadsNowhere([...chain, target], 'they go round in a circle');
    if (chain.length > maxSteps) throw leadsNowhere([...chain, target], `they are more than ${maxSteps}`);
    chain.push(target);
  }
}

async function cnameOf(name: string, resolvers: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  try {
    const found = await withResolver(resolvers, signal, (resolver) => orNone(resolver.resolveCname(name)));
    return found[0]?.replace(/\.$/, '').toLowerCase();
  } catch (error) {
    throw lookupFailed(`looking for a CNAME at ${name}`, error);
  }
}

function isHostLike(name: string): boolean {
  return name.length <= maxNameLength && name.split('.').every((part) => label.test(part));
}

function leadsNowhere(chain: readonly string[], why: string): GatehouseError {
  const message = `the CNAMEs ${chain.join(' -> ')} lead nowhere: ${why}; correct them, or write dns.challengeName`;
  return new GatehouseError('dns_lookup_failed', 'gateway', message);
}

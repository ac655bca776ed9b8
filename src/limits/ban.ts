// One client, or a range of them, that is kept out for a while; and how its address is written.
import { isIP } from 'node:net';
import { networkOf, plainAddress } from '../base/ip.ts';
import { parseCidr } from '../config/syntax/address.ts';
import type { Parsed } from '../config/syntax/parsed.ts';

export interface Ban {
  /** An IPv4 address, an IPv6 network (/64), or a range. */
  readonly target: string;
  /** undefined: all sites. */
  readonly site: string | undefined;
  readonly cause: 'limit' | 'waf' | 'hand';
  readonly reason: string;
  /** Milliseconds since 1970, as is `until`. */
  readonly since: number;
  readonly until: number;
  /** How many in a row, this one among them. */
  readonly times: number;
}

/** Whom a ban of this client is about. */
export function targetOf(client: string): string {
  return client.includes(':') ? `${networkOf(client)}::/64` : client;
}

/** An address or a range as an operator writes it. One IPv6 address means its /64, as everywhere. */
export function parseTarget(text: string): Parsed<string> {
  const parsed = parseCidr(text);
  if ('fault' in parsed) return parsed;
  const [address = '', prefix] = text.split('/');
  const plain = plainAddress(address);
  const length = prefix === undefined || plain !== address ? undefined : Number(prefix);
  if (isIP(plain) === 4) return { value: length === undefined || length === 32 ? plain : `${plain}/${length}` };
  return { value: length === undefined || length >= 64 ? targetOf(plain) : `${plain.toLowerCase()}/${length}` };
}

/** A range has to be compared; anything else is found by its name. */
export function isRange(target: string): boolean {
  return target.includes('/') && !target.endsWith('::/64');
}

export function keyOf({ target, site }: Pick<Ban, 'target' | 'site'>): string {
  return `${site ?? '*'} ${target}`;
}

/** What was read from outside the process; undefined when it is no ban. */
export function readBan(value: unknown): Ban | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { target, site, cause, reason, since, until, times } = value as Record<string, unknown>;
  const parsed = typeof target === 'string' ? parseTarget(target) : undefined;
  if (parsed === undefined || 'fault' in parsed) return undefined;
  if (site !== undefined && typeof site !== 'string') return undefined;
  if (cause !== 'limit' && cause !== 'waf' && cause !== 'hand') return undefined;
  if (!isTime(since) || !isTime(until) || !isTime(times)) return undefined;
  return { target: parsed.value, site, cause, reason: shortened(reason), since, until, times };
}

const MAX_REASON_LENGTH = 200;

/** It is shown on terminals and in records. */
export function shortened(reason: unknown): string {
  return typeof reason === 'string' ? reason.replace(/\p{Cc}/gu, ' ').slice(0, MAX_REASON_LENGTH) : '';
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

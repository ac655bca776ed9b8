// What the public authorities publish of themselves: which names they certify, what limits they set, where to rehearse.
import { isIP } from 'node:net';
import { ipSet } from '../base/ip.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** So many in so much time. */
export interface Limit {
  readonly count: number;
  readonly windowMs: number;
}

export interface Limits {
  /** New orders of one account. */
  readonly orders: Limit;
  /** New certificates below one registered domain. */
  readonly certificatesPerDomain: Limit;
  /** New certificates for the very same names. */
  readonly duplicates: Limit;
  /** Failed validations of one name. */
  readonly failures: Limit;
}

/** letsencrypt.org/docs/rate-limits, read in August 2026. */
const LETS_ENCRYPT: Limits = {
  orders: { count: 300, windowMs: 3 * HOUR_MS },
  certificatesPerDomain: { count: 50, windowMs: 7 * DAY_MS },
  duplicates: { count: 5, windowMs: 7 * DAY_MS },
  failures: { count: 5, windowMs: HOUR_MS },
};

const STAGING: ReadonlyMap<string, string> = new Map([
  ['https://acme-v02.api.letsencrypt.org/directory', 'https://acme-staging-v02.api.letsencrypt.org/directory'],
  ['https://dv.acme-v02.api.pki.goog/directory', 'https://dv.acme-v02.test-api.pki.goog/directory'],
]);

const PUBLIC =
  /(?:^|\.)(?:letsencrypt\.org|zerossl\.com|pki\.goog|ssl\.com|sectigo\.com|digicert\.com|buypass\.com|actalis\.com)$/;

/** RFC 6761, 6762, 8375, 7686, and names that are used inside only. */
const PRIVATE_ENDS = /(?:^|\.)(?:localhost|local|internal|intranet|lan|home\.arpa|test|example|invalid|onion)$/;

/** RFC 6890: this machine, private networks, links, shared space. */
const PRIVATE_ADDRESSES = ipSet([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::/127',
  'fc00::/7',
  'fe80::/10',
  '2001:db8::/32',
]);

/** Authorities that browsers trust, and that therefore certify public names only. */
export function isPublicAuthority(directory: string): boolean {
  return PUBLIC.test(new URL(directory).hostname);
}

/** Undefined: none that we know of. */
export function limitsOf(directory: string): Limits | undefined {
  return /(?:^|\.)letsencrypt\.org$/.test(new URL(directory).hostname) ? LETS_ENCRYPT : undefined;
}

/** The same authority's directory for rehearsals; undefined when it has none. */
export function stagingOf(directory: string): string | undefined {
  return STAGING.get(directory);
}

/** Whether a public authority can certify the name at all. */
export function isPublicName(name: string): boolean {
  if (isIP(name) !== 0) return !PRIVATE_ADDRESSES.has(name);
  const plain = name.replace(/^\*\./, '');
  return plain.includes('.') && !PRIVATE_ENDS.test(plain);
}

// Renewal advice of the authority (RFC 9773): when it would like a certificate to be renewed, sooner when it must revoke it.
import type { X509Certificate } from 'node:crypto';
import { child, elements, objectId, octets, parseNode } from '../tls/asn1.ts';
import type { Authority } from './authority.ts';
import { AcmeError } from './problem.ts';
import { chooseMoment, type RenewalAdvice } from './renewal.ts';
import { readRetryAfter } from './retry-after.ts';

const AUTHORITY_KEY_IDENTIFIER = '2.5.29.35';
/** Places in TBSCertificate with a version (RFC 5280, 4.1); the extensions come last. */
const SERIAL_NUMBER = 1;
/** RFC 9773, 4.3.2: when the authority does not say, ask about twice a day or more; bounds when it says something odd. */
export const CHECK_MS: Readonly<Record<'normal' | 'least' | 'most', number>> = {
  normal: 6 * 3_600_000,
  least: 60_000,
  most: 24 * 3_600_000,
};
const MAX_URL_LENGTH = 200;

/** How long until the advice is asked for again where there was none. */
const RETRY_MS = 3_600_000;

export interface AdviceSeen {
  /** undefined: the authority gives none. */
  readonly advice: RenewalAdvice | undefined;
  readonly checkAgainMs: number;
}

/** Asks for advice; from an authority that fails, `previous` holds. The moment is kept while the window stays. */
export async function seekAdvice(
  authority: Authority,
  leaf: X509Certificate,
  previous: RenewalAdvice | undefined,
  nowMs: number,
  signal: AbortSignal,
): Promise<AdviceSeen> {
  try {
    return (await fetchAdvice(authority, leaf, previous, nowMs)) ?? { advice: undefined, checkAgainMs: RETRY_MS };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AcmeError)) throw error;
    return { advice: previous, checkAgainMs: Math.max(RETRY_MS, error.retryAfterMs ?? 0) };
  }
}

async function fetchAdvice(
  authority: Authority,
  leaf: X509Certificate,
  previous: RenewalAdvice | undefined,
  nowMs: number,
): Promise<AdviceSeen | undefined> {
  const { renewalInfo } = await authority.meta();
  const id = certificateId(leaf);
  if (renewalInfo === undefined || id === undefined) return undefined;
  const { data, headers } = await authority.get(`${renewalInfo.replace(/\/$/, '')}/${id}`);
  const window = readWindow(data);
  if (window === undefined) return undefined;
  const askedMs = readRetryAfter(headers['retry-after'], nowMs) ?? CHECK_MS.normal;
  return {
    advice: chooseMoment(window, previous, Math.random()),
    checkAgainMs: Math.min(Math.max(askedMs, CHECK_MS.least), CHECK_MS.most),
  };
}

/** RFC 9773, 4.1: key identifier of the authority and serial number; undefined for a certificate without the first. */
export function certificateId(leaf: X509Certificate): string | undefined {
  try {
    const tbs = child(parseNode(leaf.raw), 0);
    const extensions = elements(child(elements(tbs).at(-1) ?? tbs, 0));
    const found = extensions.find((extension) => objectId(child(extension, 0)) === AUTHORITY_KEY_IDENTIFIER);
    if (found === undefined) return undefined;
    const keyIdentifier = octets(child(parseNode(octets(elements(found).at(-1) ?? found)), 0));
    const serial = octets(child(tbs, SERIAL_NUMBER));
    return `${keyIdentifier.toString('base64url')}.${serial.toString('base64url')}`;
  } catch {
    return undefined;
  }
}

/** RFC 9773, 4.2; undefined for what is no advice, such as a window that ends before it begins. */
export function readWindow(data: unknown): Pick<RenewalAdvice, 'startMs' | 'endMs' | 'explanationUrl'> | undefined {
  const { suggestedWindow, explanationURL } = (data ?? {}) as Record<string, unknown>;
  const { start, end } = (suggestedWindow ?? {}) as Record<string, unknown>;
  const [startMs, endMs] = [readTime(start), readTime(end)];
  if (startMs === undefined || endMs === undefined || endMs < startMs) return undefined;
  return { startMs, endMs, explanationUrl: readWebAddress(explanationURL) };
}

/** RFC 3339. */
function readTime(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d/i.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}

/** It is shown to people, who may follow it. */
function readWebAddress(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_URL_LENGTH || !/^https?:/i.test(value)) return undefined;
  return URL.canParse(value) ? new URL(value).href : undefined;
}

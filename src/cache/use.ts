// Whether a stored answer may be used for a request, and how (RFC 9111, 4).
import type { CachePolicy } from '../config/model/sites.ts';
import type { Ask } from './ask.ts';
import type { EntryHead } from './entry.ts';
import type { RequestControl } from './request-control.ts';

/** refresh: stale, but used while another is fetched (RFC 5861, 3). validate: not before the backend was asked. */
export type Use = 'fresh' | 'stale' | 'refresh' | 'validate';

/** A person's request gets what was stored for everybody only where the answer, or the site, says that it is for everybody. */
export function isFor(entry: EntryHead, ask: Ask, { cookies }: CachePolicy): boolean {
  if (ask.hasCredentials && !entry.allowsCredentials) return false;
  return !ask.hasCookies || entry.isPublic || cookies === 'ignore';
}

/** `now`: milliseconds since the epoch. */
export function useOf(entry: EntryHead, control: RequestControl | undefined, now: number): Use {
  const leftMs = entry.staleAt - now;
  // From the future: the clock was set back, and how old it is nobody knows.
  if (entry.noCache || now < entry.storedAt) return 'validate';
  if (control === undefined) {
    if (leftMs > 0) return 'fresh';
    return isWithin(entry, entry.staleWhileRevalidate, now) ? 'refresh' : 'validate';
  }
  const ageMs = now - entry.bornAt;
  if (control.noCache || (control.maxAge !== undefined && ageMs >= control.maxAge * 1000)) return 'validate';
  if (leftMs > 0)
    return leftMs > (control.minFresh ?? 0) * 1000 || control.minFresh === undefined ? 'fresh' : 'validate';
  if (control.maxStale !== undefined && isWithin(entry, control.maxStale, now)) return 'stale';
  return isWithin(entry, entry.staleWhileRevalidate, now) ? 'refresh' : 'validate';
}

/** Whether it may be used that many seconds beyond its life. */
export function isWithin({ mustRevalidate, noCache, staleAt }: EntryHead, seconds: number, now: number): boolean {
  return !mustRevalidate && !noCache && seconds > 0 && now - staleAt <= seconds * 1000;
}

/**
 * What was fetched for another may be used for those who waited only while it is fresh. That it took long to fetch is no
 * matter: by themselves they would have got it no sooner.
 */
export function isShareable({ noCache, staleAt, delayMs }: EntryHead, now: number): boolean {
  return !noCache && staleAt + delayMs > now;
}

// When what is stale stands in for an answer that the backend has failed to give.
import { GatehouseError } from '../base/errors.ts';
import type { CachePolicy } from '../config/model/sites.ts';
import type { Reply } from '../http/reply.ts';
import type { Entry } from './entry.ts';
import { isWithin } from './use.ts';

/** Failures that a stale answer may stand in for (RFC 5861, 4). */
const FAILURES = new Set([500, 502, 503, 504]);
/** The backend gives no answer at all: then what is stale may be served without leave (RFC 9111, 4.2.4). */
const DISCONNECTED = new Set(['upstream_connect', 'upstream_closed', 'upstream_timeout']);

/** In the place of an answer with that status. */
export function standsInForStatus(stored: Entry, { status }: Reply, now: number): boolean {
  return FAILURES.has(status) && isWithin(stored, stored.staleIfError ?? 0, now);
}

/** Where asking has failed so. */
export function standsInForError(
  stored: Entry,
  error: unknown,
  { staleIfDisconnectedSeconds }: CachePolicy,
  now: number,
): boolean {
  if (!(error instanceof GatehouseError) || error.side !== 'upstream') return false;
  const seconds = stored.staleIfError ?? (DISCONNECTED.has(error.code) ? staleIfDisconnectedSeconds : 0);
  return isWithin(stored, seconds, now);
}

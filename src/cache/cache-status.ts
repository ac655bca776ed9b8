// Cache-Status (RFC 9211): how the cache treated a request, for whoever looks into why an answer is what it is.
import type { EntryHead } from './entry.ts';

const NAME = 'gatehouse';

/** Of an answer from the store: with the seconds for which it is still fresh, less than 0 when it is stale. */
export function statusField(how: string, { staleAt }: Pick<EntryHead, 'staleAt'>, now: number): string {
  return `${NAME}; ${how}; ttl=${Math.floor((staleAt - now) / 1000)}`;
}

/** Why a request went on to the backend (RFC 9211, 2.2). */
export type Forwarded = 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'request' | 'stale';

/** `status`: of what the backend answered. Such an answer is no hit, wherever its body comes from (RFC 9211, 2.1). */
export function forwarded(why: Forwarded, status?: number): string {
  return `fwd=${why}${status === undefined ? '' : `; fwd-status=${status}`}`;
}

export function forwardedField(why: Forwarded, more = ''): string {
  return `${NAME}; ${forwarded(why)}${more}`;
}

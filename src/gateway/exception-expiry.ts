// When exceptions end, and what is told of it.
import type { Problem } from '../base/errors.ts';
import type { ExceptionConfig } from '../config/model/waf.ts';

const DAY_MS = 86_400_000;
/** So long before its end an exception is spoken of. */
const NOTICE_MS = 14 * DAY_MS;

/** The first millisecond in which an exception does not hold any more; its last day counts whole, in UTC. */
export function expiresAt({ expires }: Pick<ExceptionConfig, 'expires'>): number {
  return expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(`${expires}T00:00:00Z`) + DAY_MS;
}

/** Whether it has ended, or is about to. */
export function tellExpiry(exception: ExceptionConfig, now: number): Problem[] {
  const left = expiresAt(exception) - now;
  const why = exception.reason === undefined ? '' : ` (${exception.reason})`;
  if (left <= 0) {
    const text = `this exception${why} ended with ${exception.expires} and no longer acts; remove it or give it a new date`;
    return [{ ...exception.place, code: 'exception-expired', message: text }];
  }
  if (left > NOTICE_MS) return [];
  const message = `this exception${why} ends with ${exception.expires}`;
  return [{ ...exception.place, code: 'exception-expires', message }];
}

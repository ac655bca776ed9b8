// The Retry-After field (RFC 9110, 10.2.3), in seconds or as a date.

/** Nobody makes us wait longer in one go, by mistake or with intent. */
export const MAX_RETRY_AFTER_MS: number = 24 * 3_600_000;

/** From now on, between 0 and `MAX_RETRY_AFTER_MS`; undefined when the value is absent or says nothing. */
export function readRetryAfter(value: unknown, nowMs: number): number | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  // Date.parse reads more than HTTP-dates; a bare number with a sign or a fraction is neither form.
  if (Number.isNaN(ms) || (!/^\d+$/.test(text) && !/[a-z]/i.test(text))) return undefined;
  return Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}

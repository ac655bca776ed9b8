// When something is to be done for a certificate, in ms since 1970. Pure: from what is known of it, and the time; what was
// written down under another clock counts for nothing.
import { CHECK_MS } from './ari.ts';
import { hasteMs } from './backoff.ts';
import { renewalTime } from './renewal.ts';
import type { Stored } from './store.ts';
import type { StoredFailure, Story } from './story.ts';

/** No wait is longer, so one that seems so was written under another clock. */
const LONGEST_WAIT_MS = 27 * 3_600_000;
/** What is from further in the future was too. */
const CLOCK_SKEW_MS = 60_000;

/** `advice`: of the authority that has issued it, as it alone can advise. */
export function renewalMs(
  { certificate, isPrevious }: Stored,
  { hasty = 0, issuedMs = 0 }: Story,
  advice: Story['advice'],
  nowMs: number,
): number {
  const plannedMs = renewalTime(certificate, isPrevious ? undefined : advice);
  // An authority that advises to renew what it has just issued, or a clock that is wrong, would make us order for ever.
  const lifeMs = certificate.notAfter.getTime() - certificate.notBefore.getTime();
  const isAhead = issuedMs > nowMs + CLOCK_SKEW_MS;
  return Math.max(plannedMs, isAhead ? 0 : issuedMs + hasteMs(hasty, lifeMs));
}

/** When the authority is asked for its advice. */
export function adviceCheckMs({ adviceCheckMs: checkMs = 0 }: Story, nowMs: number): number {
  return checkMs - nowMs > CHECK_MS.most ? 0 : checkMs;
}

/** When an authority is asked again that rests so long, and at which `failure` was the last; under other `settings` it never failed. */
export function nextTryMs(failure: StoredFailure | undefined, settings: string, restMs: number, nowMs: number): number {
  const restedMs = restMs === 0 ? 0 : nowMs + restMs;
  if (failure === undefined || failure.settings !== settings) return restedMs;
  const isOfOtherClock = failure.nextTryMs - nowMs > LONGEST_WAIT_MS || failure.atMs - nowMs > CLOCK_SKEW_MS;
  return isOfOtherClock ? restedMs : Math.max(failure.nextTryMs, restedMs);
}

// How long to wait after a failure. Let's Encrypt asks for 1 minute, 10, 100, then a day after a failed validation; an
// authority that cannot be reached costs nobody anything, so it is asked again soon.
import type { FailureKind } from './problem.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 3_600_000;
const LADDER_MS = [MINUTE_MS, 10 * MINUTE_MS, 100 * MINUTE_MS, DAY_MS];
const SOON_MOST_MS = 5 * MINUTE_MS;
const STORAGE_MOST_MS = MINUTE_MS;
/** Not all jobs that failed together come back together. */
const JITTER = 0.1;

export interface FailureFacts {
  readonly kind: FailureKind;
  /** In a row, this one included. */
  readonly count: number;
  /** What the authority asked for. */
  readonly retryAfterMs: number | undefined;
  /** Until the certificate in service ends; undefined when there is none. A short-lived one cannot wait a day. */
  readonly lifeLeftMs: number | undefined;
}

/** In ms, at most a day and a tenth. `random` is in [0, 1). */
export function backoffMs(facts: FailureFacts, random: number): number {
  const askedMs = Math.min(facts.retryAfterMs ?? 0, DAY_MS);
  return Math.max(ownWaitMs(facts), askedMs) * (1 + JITTER * random);
}

/** The same steps for what succeeds too often: certificates that are due again as soon as they are there. */
export function hasteMs(count: number, lifeMs: number): number {
  return count === 0 ? 0 : Math.min(ladder(count), lifeMs / 3);
}

function ownWaitMs({ kind, count, retryAfterMs, lifeLeftMs }: FailureFacts): number {
  const soonMs = SECOND_MS * 2 ** Math.min(count - 1, 20);
  if (kind === 'storage') return Math.min(soonMs, STORAGE_MOST_MS);
  // An authority that says when it will be ready again knows better than we do.
  if (kind === 'unreachable' || (kind === 'limit' && retryAfterMs !== undefined)) return Math.min(soonMs, SOON_MOST_MS);
  const step = ladder(count);
  if (lifeLeftMs === undefined || lifeLeftMs <= 0) return step;
  return Math.min(step, Math.max(MINUTE_MS, lifeLeftMs / 10));
}

function ladder(count: number): number {
  return LADDER_MS[Math.min(count, LADDER_MS.length) - 1] as number;
}

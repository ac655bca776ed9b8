// What an attempt comes to in the story of its certificate.
import type { Success } from './attempt.ts';
import { backoffMs } from './backoff.ts';
import { AcmeError, failureKind } from './problem.ts';
import { HASTY_SHARE } from './renewal.ts';
import type { StoredFailure, Story } from './story.ts';

/** The story begins anew; what is known of haste goes on. */
export function succeeded({ issuedMs, hasty = 0 }: Story, success: Success, nowMs: number): Story {
  const { notBefore, notAfter } = success.stored.certificate;
  const soonMs = (notAfter.getTime() - notBefore.getTime()) * HASTY_SHARE;
  const isHasty = issuedMs !== undefined && Math.abs(nowMs - issuedMs) < soonMs;
  return {
    directory: success.source.authority.issuer.directory,
    profile: success.profile,
    issuedMs: nowMs,
    ...(isHasty ? { hasty: hasty + 1 } : {}),
  };
}

export interface FailureCircumstances {
  readonly nowMs: number;
  /** Until the certificate in service ends; undefined while there is none. */
  readonly lifeLeftMs: number | undefined;
  readonly settings: string;
}

/** `before`: the failure before it at the same authority. */
export function failed(
  before: StoredFailure | undefined,
  error: unknown,
  { nowMs, lifeLeftMs, settings }: FailureCircumstances,
): StoredFailure {
  const kind = failureKind(error);
  const count = before?.kind === kind ? before.count + 1 : 1;
  const retryAfterMs = error instanceof AcmeError ? error.retryAfterMs : undefined;
  const nextTryMs = nowMs + backoffMs({ kind, count, retryAfterMs, lifeLeftMs }, Math.random());
  const message = error instanceof Error ? error.message : String(error);
  return { kind, count, message, atMs: nowMs, nextTryMs, settings };
}

// What is kept beside a certificate: who issued it, what the authority advised, what failed since. It comes from a file that
// anything may have happened to, so what does not make sense is left out, and then it is as if nothing had been known.
import type { FailureKind } from './problem.ts';
import type { RenewalAdvice } from './renewal.ts';

/** Also kept in the place of a certificate, as long as there is none. Times are in ms since 1970. */
export interface Story {
  /** The directory of the authority that issued it. */
  readonly directory?: string | undefined;
  readonly profile?: string | undefined;
  readonly issuedMs?: number | undefined;
  /** How many certificates in a row were replaced almost as soon as they were there. */
  readonly hasty?: number | undefined;
  readonly advice?: RenewalAdvice | undefined;
  /** When the advice is asked for again. */
  readonly adviceCheckMs?: number | undefined;
  /** Since the last success, by the authority's id. */
  readonly failures?: Readonly<Record<string, StoredFailure>> | undefined;
}

export interface StoredFailure {
  readonly kind: FailureKind;
  /** In a row. */
  readonly count: number;
  /** In plain words. */
  readonly message: string;
  readonly atMs: number;
  readonly nextTryMs: number;
  /** Of the settings that it failed with: under others it is tried at once. */
  readonly settings: string;
}

const KINDS: ReadonlySet<unknown> = new Set<FailureKind>(['validation', 'limit', 'unreachable', 'refused', 'storage']);

/** Undefined when it is no story at all. */
export function readStory(text: string): Story | undefined {
  const story = parsed(text);
  if (story === undefined) return undefined;
  return {
    directory: textOf(story.directory),
    profile: textOf(story.profile),
    issuedMs: numberOf(story.issuedMs),
    hasty: numberOf(story.hasty),
    advice: readAdvice(story.advice),
    adviceCheckMs: numberOf(story.adviceCheckMs),
    failures: readFailures(story.failures),
  };
}

function readAdvice(value: unknown): RenewalAdvice | undefined {
  const { startMs, endMs, chosenMs, explanationUrl } = fieldsOf(value);
  if (!isNumber(startMs) || !isNumber(endMs) || !isNumber(chosenMs)) return undefined;
  return { startMs, endMs, chosenMs, explanationUrl: textOf(explanationUrl) };
}

function readFailures(value: unknown): Story['failures'] {
  const failures = Object.entries(fieldsOf(value)).flatMap(([id, one]) => {
    const { kind, count, message, atMs, nextTryMs, settings } = fieldsOf(one);
    const isWhole = KINDS.has(kind) && typeof message === 'string' && typeof settings === 'string';
    if (!isWhole || !isNumber(count) || !isNumber(atMs) || !isNumber(nextTryMs)) return [];
    return [[id, { kind: kind as FailureKind, count, message, atMs, nextTryMs, settings }] as const];
  });
  return failures.length === 0 ? undefined : Object.fromEntries(failures);
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? fieldsOf(value) : undefined;
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** A time that a Date can hold, or a count. */
function isNumber(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 8.64e15;
}

function numberOf(value: unknown): number | undefined {
  return isNumber(value) ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

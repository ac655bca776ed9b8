// What a load generator is to a measurement: it sends requests for a while and says what came of them.
import type { Workspace } from '../rig/workspace.ts';

export interface Target {
  readonly port: number;
  readonly workspace: Workspace;
}

/** How much a generator is to send. */
export interface Effort {
  readonly seconds: number;
  /** What the system answered the last time; undefined at the first. */
  readonly requestsPerSecond: number | undefined;
}

/** What a generator has seen in one measurement. */
export interface Sample {
  /** Answered as they should be. */
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** What should not happen, counted: `12 answers with 502`. Empty when every request was answered as it should be. */
  readonly faults: readonly string[];
}

/** Sends requests for about so long. Fails only when the generator itself cannot work, or with the signal's reason. */
export type Driver = (target: Target, effort: Effort, signal: AbortSignal) => Promise<Sample>;

/** How long a generator may take before it counts as hung: on a machine that others slow down, too. */
export function patienceMs({ seconds }: Effort): number {
  return seconds * 4_000 + 10_000;
}

/** The sample of a generator that had to be killed: a request was never answered and it waited. */
export function hung({ seconds }: Effort): Sample {
  return { requests: 0, seconds, p50Ms: NaN, p99Ms: NaN, faults: ['the generator did not come to its end'] };
}

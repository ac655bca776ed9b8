// What a load generator is to a measurement: it sends requests for a while and says what came of them.
import type { Workspace } from '../rig/workspace.ts';

export interface Target {
  readonly port: number;
  readonly workspace: Workspace;
}

/** What a generator has seen in one measurement. */
export interface Sample {
  /** Answered in full. A part of a long answer that the end of the time has cut off counts as that part. */
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** What should not happen, counted: `12 answers with 502`. Empty when every request was answered as it should be. */
  readonly faults: readonly string[];
}

/** Sends requests for so many seconds. Fails only when the generator itself cannot work, or with the signal's reason. */
export type Driver = (target: Target, seconds: number, signal: AbortSignal) => Promise<Sample>;

/** How long a generator may take beyond its time before it counts as hung. */
export const PATIENCE_MS = 10_000;

/** The sample of a generator that had to be killed: a request was never answered and it waited. */
export function hung(seconds: number): Sample {
  return { requests: 0, seconds, p50Ms: NaN, p99Ms: NaN, faults: ['the generator did not come to its end'] };
}

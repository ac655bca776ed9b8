// What an operator sees of one managed certificate. Nothing secret is in it.
import type { Job } from './job.ts';

export interface ManagedStatus {
  readonly name: string;
  /** `failing`: the last try failed, whether or not a certificate is in service; `waiting`: the first is yet to come. */
  readonly state: 'ready' | 'working' | 'waiting' | 'failing';
  /** The directory of the authority that issued what is in service. */
  readonly issuedBy: string | undefined;
  readonly profile: string | undefined;
  /** RFC 3339, UTC, like all times here. */
  readonly notAfter: string | undefined;
  readonly renewAt: string | undefined;
  /** Whether the authority advised the moment (RFC 9773). */
  readonly isAdvised: boolean;
  readonly explanationUrl: string | undefined;
  readonly failure:
    | {
        readonly message: string;
        readonly kind: string;
        readonly count: number;
        readonly at: string;
        readonly nextTry: string;
      }
    | undefined;
}

export function statusOf(job: Job, nowMs: number): ManagedStatus {
  const { name, stored, story, failure, renewAtMs } = job;
  const idle = failure !== undefined ? 'failing' : stored === undefined ? 'waiting' : 'ready';
  return {
    name,
    state: job.isWorking && (renewAtMs ?? 0) <= nowMs ? 'working' : idle,
    issuedBy: stored && story.directory,
    profile: story.profile,
    notAfter: stored?.certificate.notAfter.toISOString(),
    renewAt: renewAtMs === undefined ? undefined : new Date(renewAtMs).toISOString(),
    isAdvised: story.advice !== undefined,
    explanationUrl: story.advice?.explanationUrl,
    failure: failure && {
      message: failure.message,
      kind: failure.kind,
      count: failure.count,
      at: new Date(failure.atMs).toISOString(),
      nextTry: new Date(failure.nextTryMs).toISOString(),
    },
  };
}

// Looks at what is stored: takes up what other processes have put there, and writes anew what somebody has deleted. Now and
// then, and when the storage tells of something.
import { inTurns, MAX_READING } from './in-turns.ts';
import type { Job, JobParts } from './job.ts';
import { fileNameOf } from './storage/names.ts';

export interface LookoutOptions {
  readonly parts: JobParts;
  /** By name. */
  readonly jobs: ReadonlyMap<string, Job>;
  /** False: another process mends what has gone. */
  readonly isOrdering: () => boolean;
  readonly signal: AbortSignal;
}

export class Lookout {
  readonly #options: LookoutOptions;
  #nextMs = 0;

  constructor(options: LookoutOptions) {
    this.#options = options;
  }

  isTime(nowMs: number): boolean {
    const { checkEveryMs } = this.#options.parts.tools.acme;
    return nowMs >= this.#nextMs || nowMs < this.#nextMs - checkEveryMs;
  }

  /** At all of them. */
  async look(): Promise<void> {
    const { parts, jobs, isOrdering } = this.#options;
    const { storage, warn, acme, now } = parts.tools;
    this.#nextMs = now() + acme.checkEveryMs;
    const isOrderingNow = isOrdering();
    let restored = 0;
    await inTurns([...jobs.values()], MAX_READING, async (job) => {
      if (await this.#lookAt(job)) restored++;
    });
    const { place } = storage;
    if (restored > 0) {
      warn(`${restored} of ${jobs.size} certificates had gone from ${place} and were written there anew`);
    }
    for (const { authority } of isOrderingNow ? parts.sources : []) {
      if (!(await authority.restore().catch(() => false))) continue;
      warn(`the key of the account at ${authority.id} had gone from ${place} and was written there anew`);
    }
  }

  /** What the storage has told; see `Storage.onNews`. */
  async heard(key: string | undefined): Promise<void> {
    const { jobs, signal } = this.#options;
    if (signal.aborted) return;
    if (key === undefined) {
      await this.look();
      for (const job of jobs.values()) job.resume();
      return;
    }
    for (const job of jobs.values()) if (key === `certificates/${fileNameOf(job.name)}.pem`) await this.#lookAt(job);
  }

  /** True when its file had gone. What the storage refuses now it may take at the next look. */
  async #lookAt(job: Job): Promise<boolean> {
    const { parts, isOrdering, signal } = this.#options;
    if (job.isWorking) return false;
    if (await parts.tools.store.hasChanged(job.name, job.stored).catch(() => false)) {
      if (await job.load()) parts.events.adopted(job);
      return false;
    }
    if (!isOrdering()) return false;
    return job.restore(signal).catch(() => false);
  }
}

// Counts what comes of orders, for monitoring. Since the process began; what was before is in nobody's memory.
import type { JobEvents } from './job.ts';

export interface OrderCount {
  /** The authority's short name. */
  readonly authority: string;
  readonly result: 'issued' | 'failed';
  /** What sort of failure; empty when there was none. */
  readonly kind: string;
  readonly count: number;
}

export class Tally {
  readonly #orders = new Map<string, OrderCount>();
  readonly #challenges = new Map<string, number>();

  /** The same events, counted. */
  counting(events: JobEvents): JobEvents {
    return {
      ...events,
      obtained: (job, success) => {
        this.issued(success.source.authority.id, success.type);
        events.obtained(job, success);
      },
      failed: (job, source, failure) => {
        this.failed(source.authority.id, failure.kind);
        events.failed(job, source, failure);
      },
    };
  }

  /** Without a type when the name was proven before. */
  issued(authority: string, challengeType: string | undefined): void {
    this.#note({ authority, result: 'issued', kind: '' });
    if (challengeType === undefined) return;
    this.#challenges.set(challengeType, (this.#challenges.get(challengeType) ?? 0) + 1);
  }

  failed(authority: string, kind: string): void {
    this.#note({ authority, result: 'failed', kind });
  }

  get orders(): Iterable<OrderCount> {
    return this.#orders.values();
  }

  /** Certificates issued, by the type of challenge that proved the name. */
  get challenges(): ReadonlyMap<string, number> {
    return this.#challenges;
  }

  #note(labels: Omit<OrderCount, 'count'>): void {
    const key = JSON.stringify(labels);
    this.#orders.set(key, { ...labels, count: (this.#orders.get(key)?.count ?? 0) + 1 });
  }
}

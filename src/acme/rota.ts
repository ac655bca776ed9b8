// Whose turn it is: starts what is due, a bounded number at once, and sleeps until the next is. What runs out of turn, for
// an operator or a client that waits, keeps within the same bound.
import type { Job } from './job.ts';

/** The plan is looked at anew at least so often: a clock may have been set meanwhile. */
const LONGEST_SLEEP_MS = 30_000;
const SHORTEST_SLEEP_MS = 20;
/** Orders under way at once; the others wait their turn. */
const MAX_WORKING = 16;
/** A difference between the wall clock and the time that has passed that is worth a word. */
const CLOCK_JUMP_MS = 60_000;

export interface RotaParts {
  jobs(): Iterable<Job>;
  /** Never rejects. */
  work(job: Job): Promise<void>;
  /** Each time the plan is looked at. */
  tick(idle: readonly Job[], nowMs: number): void;
  warn(message: string): void;
  now(): number;
}

export class Rota {
  readonly #parts: RotaParts;
  readonly #running = new Map<Job, Promise<void>>();
  readonly #awaited = new Map<Job, PromiseWithResolvers<void>>();
  #timer: NodeJS.Timeout | undefined;
  #isOn = false;
  #wall: number;
  #steady = performance.now();

  constructor(parts: RotaParts) {
    this.#parts = parts;
    this.#wall = parts.now();
  }

  start(): void {
    this.#isOn = true;
    this.wake();
  }

  /** Nothing more is started. */
  stop(): void {
    this.#isOn = false;
    clearTimeout(this.#timer);
    for (const { resolve } of this.#awaited.values()) resolve();
    this.#awaited.clear();
  }

  /** Resolves when the job has worked once from now on, due or not. */
  async finish(job: Job): Promise<void> {
    await this.#running.get(job);
    if (!this.#isOn || job.hasLeft) return;
    const { promise } = this.#awaited.getOrInsertComputed(job, () => Promise.withResolvers<void>());
    this.wake();
    await promise;
  }

  /** The job has left. */
  drop(job: Job): void {
    this.#awaited.get(job)?.resolve();
    this.#awaited.delete(job);
  }

  /** Starts what is due, and sets the alarm for what is due next. */
  wake(): void {
    clearTimeout(this.#timer);
    if (!this.#isOn) return;
    const nowMs = this.#parts.now();
    this.#watchClock(nowMs);
    const idle = [...this.#parts.jobs()].filter((job) => !this.#running.has(job));
    const planned = idle.map((job) => ({ job, dueMs: this.#awaited.has(job) ? 0 : job.dueMs(nowMs) }));
    const due = planned.filter(({ dueMs }) => dueMs <= nowMs);
    const room = Math.max(0, MAX_WORKING - this.#running.size);
    const chosen = due.length <= room ? due : due.toSorted((a, b) => a.dueMs - b.dueMs).slice(0, room);
    for (const { job } of chosen) this.#run(job);
    this.#parts.tick(idle, nowMs);
    // What is due and has found no room is started when there is some.
    const nextMs = planned.reduce((least, { dueMs }) => (dueMs > nowMs ? Math.min(least, dueMs) : least), Infinity);
    const sleepMs = Math.min(Math.max(nextMs - nowMs, SHORTEST_SLEEP_MS), LONGEST_SLEEP_MS);
    this.#timer = setTimeout(() => this.wake(), sleepMs).unref();
  }

  #run(job: Job): void {
    job.isWorking = true;
    const awaited = this.#awaited.get(job);
    this.#awaited.delete(job);
    const running = this.#parts.work(job).finally(() => {
      job.isWorking = false;
      this.#running.delete(job);
      awaited?.resolve();
      this.wake();
    });
    this.#running.set(job, running);
  }

  #watchClock(nowMs: number): void {
    const steady = performance.now();
    const jumpMs = nowMs - this.#wall - (steady - this.#steady);
    if (Math.abs(jumpMs) > CLOCK_JUMP_MS) {
      this.#parts.warn(`the clock was set by ${Math.round(jumpMs / 1000)} s; renewals are planned anew`);
    }
    this.#wall = nowMs;
    this.#steady = steady;
  }
}

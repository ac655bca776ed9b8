// The care for one certificate: when something is to be done for it, and doing it. Only one process at a time, of all that
// share the storage, works on a name; the others find the result there.
import { GatehouseError } from '../base/errors.ts';
import type { Certificate } from '../tls/certificate.ts';
import { seekAdvice } from './ari.ts';
import { type AttemptTools, attempt, type Source, type Success } from './attempt.ts';
import { adviceCheckMs, nextTryMs, renewalMs } from './due.ts';
import { failed, succeeded } from './outcome.ts';
import { fileNameOf } from './storage/names.ts';
import type { Stored } from './store.ts';
import type { StoredFailure, Story } from './story.ts';
import { StoryBook } from './story-book.ts';

/** After a failure that no story tells of. */
const PAUSE_MS = 15_000;
/** After this process stood still for so long that another one may have taken its lock. */
const LOST_PAUSE_MS = 1000;

export interface JobEvents {
  obtained(job: Job, success: Success): void;
  failed(job: Job, source: Source, failure: StoredFailure): void;
  /** Another process has stored another certificate. */
  adopted(job: Job): void;
  advised(job: Job): void;
}

export interface JobParts {
  /** At least one. */
  readonly sources: readonly Source[];
  readonly tools: AttemptTools;
  readonly events: JobEvents;
  /** What the operator has set; a failure under other settings is no reason to wait. */
  readonly settings: string;
}

export class Job {
  readonly name: string;
  /** In service; undefined while there is none. */
  stored: Stored | undefined;
  isWorking = false;
  /** An operator wants it now, whatever the plan says. */
  isForced = false;
  /** By performance.now(). */
  #pausedUntilAt = 0;
  readonly #parts: JobParts;
  readonly #book: StoryBook;
  readonly #leaving = new AbortController();

  constructor(name: string, parts: JobParts) {
    this.name = name;
    this.#parts = parts;
    this.#book = new StoryBook(name, parts.tools.store);
  }

  get story(): Story {
    return this.#book.story;
  }

  get certificate(): Certificate | undefined {
    return this.stored?.certificate;
  }

  /** What failed last and has not succeeded since, at an authority that is still asked. */
  get failure(): StoredFailure | undefined {
    const failures = this.#parts.sources.flatMap(({ authority }) => this.story.failures?.[authority.id] ?? []);
    return failures.toSorted((a, b) => b.atMs - a.atMs)[0];
  }

  /** When the certificate is to be renewed; undefined while there is none. */
  get renewAtMs(): number | undefined {
    return this.stored && renewalMs(this.stored, this.story, this.#issuer?.advice, this.#nowMs);
  }

  /**
   * Reads what is stored; what cannot be read is as if it were not there. What is in service gives way to a certificate
   * that can be served now, and to no other; true when it did.
   */
  async load(): Promise<boolean> {
    const { store } = this.#parts.tools;
    const found = await store.find(this.name);
    const isNew = found !== undefined && this.#isWorthIt(found);
    if (this.stored === undefined || isNew) this.stored = found;
    await this.#book.load();
    return isNew;
  }

  /** The storage answers again: what failed for its sake alone is tried anew. */
  resume(): void {
    if (this.#book.forget('storage')) this.#pausedUntilAt = 0;
  }

  /** Writes down anew what somebody has deleted; true when that was needed. */
  async restore(signal: AbortSignal): Promise<boolean> {
    const { storage, store } = this.#parts.tools;
    // Of one that was damaged the file is missing on purpose.
    const isThere = async (): Promise<boolean> =>
      this.stored === undefined || this.stored.isPrevious || !(await store.hasGone(this.name));
    if (await isThere()) return false;
    const lock = await storage.lock(this.#lockName, signal);
    try {
      if (this.stored === undefined || (await isThere())) return false;
      await store.restore(this.name, this.stored);
      await this.#book.save();
      return true;
    } finally {
      await lock.release();
    }
  }

  /** When there is something to do; ms since 1970. Read anew each time, so that a clock that jumps corrects itself. */
  dueMs(nowMs: number): number {
    const pauseMs = this.#pausedUntilAt - performance.now();
    if (pauseMs > 0) return nowMs + pauseMs;
    if (this.isForced) return 0;
    const tryMs = Math.min(...this.#parts.sources.map((source) => this.#nextTryMs(source, nowMs)));
    const adviceMs = this.#issuer === undefined ? Number.POSITIVE_INFINITY : adviceCheckMs(this.story, nowMs);
    return Math.min(Math.max(this.renewAtMs ?? 0, tryMs), adviceMs);
  }

  /** Nobody wants the certificate any longer; what is under way ends. */
  leave(): void {
    this.#leaving.abort(new Error(`${this.name} is not kept any longer`));
  }

  get hasLeft(): boolean {
    return this.#leaving.signal.aborted;
  }

  /**
   * Does what is due. Failures to get a certificate are kept and told; rejects with the signal's reason, or on a defect
   * of ours: then nothing is tried for a while.
   */
  async work(signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#leaving.signal]);
    try {
      await this.#workLocked(either);
    } catch (error) {
      either.throwIfAborted();
      this.isForced = false;
      const isStorages = error instanceof GatehouseError && error.code === 'storage_failed';
      if (!isStorages) {
        this.#pause(error instanceof LockLost ? LOST_PAUSE_MS : PAUSE_MS);
        throw error;
      }
      const failure = await this.#fail(this.#parts.sources[0] as Source, error);
      this.#pause(failure.nextTryMs - failure.atMs);
    }
  }

  async #workLocked(signal: AbortSignal): Promise<void> {
    const { storage, store } = this.#parts.tools;
    const lock = await storage.lock(this.#lockName, signal);
    try {
      if (await store.hasChanged(this.name, this.stored)) {
        if (await this.load()) this.#parts.events.adopted(this);
      } else await this.#book.refresh();
      const either = AbortSignal.any([signal, lock.lost]);
      await this.#advise(either);
      await this.#renew(either);
    } catch (error) {
      if (lock.lost.aborted) throw new LockLost((lock.lost.reason as Error).message);
      throw error;
    } finally {
      await lock.release();
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    if (!this.isForced && (this.renewAtMs ?? 0) > this.#nowMs) return;
    for (const source of this.#parts.sources) {
      if (!this.isForced && this.#nextTryMs(source, this.#nowMs) > this.#nowMs) continue;
      try {
        const success = await attempt(this.name, source, this, this.#parts.tools, signal);
        source.rest.answered();
        await this.#succeed(success);
        return;
      } catch (error) {
        signal.throwIfAborted();
        await this.#fail(source, error);
      }
    }
    this.isForced = false;
  }

  async #succeed(success: Success): Promise<void> {
    this.stored = success.stored;
    this.#book.story = succeeded(this.story, success, this.#nowMs);
    this.isForced = false;
    await this.#book.save();
    this.#parts.events.obtained(this, success);
  }

  async #fail(source: Source, error: unknown): Promise<StoredFailure> {
    const { id } = source.authority;
    const nowMs = this.#nowMs;
    const lifeLeftMs = this.stored && this.stored.certificate.notAfter.getTime() - nowMs;
    const { settings } = this.#parts;
    const failure = failed(this.story.failures?.[id], error, { nowMs, lifeLeftMs, settings });
    if (failure.kind === 'unreachable') source.rest.failed(this.name);
    else if (failure.kind !== 'storage') source.rest.answered();
    this.#book.story = { ...this.story, failures: { ...this.story.failures, [id]: failure } };
    await this.#book.save();
    this.#parts.events.failed(this, source, failure);
    return failure;
  }

  async #advise(signal: AbortSignal): Promise<void> {
    const source = this.#issuer?.source;
    if (source === undefined || this.stored === undefined || adviceCheckMs(this.story, this.#nowMs) > this.#nowMs)
      return;
    const previous = this.story.advice;
    const { leaf } = this.stored;
    const { advice, checkAgainMs } = await seekAdvice(source.authority, leaf, previous, this.#nowMs, signal);
    this.#book.story = { ...this.story, advice, adviceCheckMs: this.#nowMs + checkAgainMs };
    if (advice !== undefined && advice.chosenMs !== previous?.chosenMs) this.#parts.events.advised(this);
    await this.#book.save();
  }

  #isWorthIt({ certificate, isPrevious }: Stored): boolean {
    if (isPrevious) return false;
    const isAlive = ({ notAfter }: Certificate): boolean => notAfter.getTime() > this.#nowMs;
    return isAlive(certificate) || this.certificate === undefined || !isAlive(this.certificate);
  }

  /** The authority that issued what is in service, as it alone can advise. */
  get #issuer(): { readonly source: Source; readonly advice: Story['advice'] } | undefined {
    const { directory, advice } = this.story;
    const source = this.#parts.sources.find(({ authority }) => authority.issuer.directory === directory);
    return source === undefined || this.stored === undefined ? undefined : { source, advice };
  }

  #nextTryMs({ authority, rest }: Source, nowMs: number): number {
    return nextTryMs(this.story.failures?.[authority.id], this.#parts.settings, rest.leftMs(), nowMs);
  }

  get #lockName(): string {
    return `certificate-${fileNameOf(this.name)}`;
  }

  #pause(ms: number): void {
    this.#pausedUntilAt = performance.now() + ms;
  }

  get #nowMs(): number {
    return this.#parts.tools.now();
  }
}

/** Nothing is wrong but that this process was too slow. */
class LockLost extends Error {}

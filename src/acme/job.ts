// The care for one certificate: when something is to be done for it, and doing it. Only one process at a time, of all that
// share the storage, works on a name; the others find the result there.
import type { Certificate } from '../tls/certificate.ts';
import { ADVICE_RETRY_MS, fetchAdvice } from './ari.ts';
import { type AttemptTools, attempt, type Source, type Success } from './attempt.ts';
import { backoffMs } from './backoff.ts';
import { fileNameOf } from './order.ts';
import { AcmeError, failureKind } from './problem.ts';
import { renewalTime } from './renewal.ts';
import type { Stored, StoredFailure, Story } from './store.ts';

/** No wait is longer, so one that seems so was written under another clock. */
const LONGEST_WAIT_MS = 27 * 3_600_000;

const PAUSE_MS = 15_000;

export interface JobEvents {
  obtained(job: Job, success: Success): void;
  failed(job: Job, source: Source, failure: StoredFailure): void;
  /** Another process has stored another certificate. */
  adopted(job: Job): void;
  advised(job: Job): void;
}

export class Job {
  readonly name: string;
  /** In service; undefined while there is none. */
  stored: Stored | undefined;
  story: Story = {};
  isWorking = false;
  /** An operator wants it now, whatever the plan says. */
  isForced = false;
  /** The storage did not take the story: what is in memory counts. */
  #isUnsaved = false;
  /** After a failure that no story tells of, such as a storage that gives no lock. */
  #pausedUntilMs = 0;
  readonly #tools: AttemptTools;
  readonly #sources: readonly Source[];
  readonly #events: JobEvents;

  constructor(name: string, sources: readonly Source[], tools: AttemptTools, events: JobEvents) {
    this.name = name;
    this.#sources = sources;
    this.#tools = tools;
    this.#events = events;
  }

  get certificate(): Certificate | undefined {
    return this.stored?.certificate;
  }

  /** Reads what is stored. Fails with a GatehouseError of the storage. */
  async load(): Promise<void> {
    const { store } = this.#tools;
    this.stored = await store.find(this.name);
    this.story = await store.story(this.name);
  }

  /** When the certificate is to be renewed; undefined while there is none. */
  get renewAtMs(): number | undefined {
    return this.stored === undefined ? undefined : renewalTime(this.stored.certificate, this.#adviceOfIssuer?.advice);
  }

  /** When there is something to do; ms since 1970. Read anew each time, so that a clock that jumps corrects itself. */
  dueMs(nowMs: number): number {
    if (this.#pausedUntilMs - nowMs > 0 && this.#pausedUntilMs - nowMs <= PAUSE_MS) return this.#pausedUntilMs;
    if (this.isForced) return 0;
    const renewMs = this.renewAtMs ?? 0;
    const orderMs = Math.max(renewMs, Math.min(...this.#sources.map((source) => this.#nextTryMs(source, nowMs))));
    const adviceMs = this.#adviceOfIssuer === undefined ? Number.POSITIVE_INFINITY : (this.story.adviceCheckMs ?? 0);
    return Math.min(orderMs, adviceMs);
  }

  /** What failed last and has not succeeded since. */
  get failure(): StoredFailure | undefined {
    return Object.values(this.story.failures ?? {}).toSorted((a, b) => b.atMs - a.atMs)[0];
  }

  /**
   * Does what is due. Failures to get a certificate are kept and told; rejects with the signal's reason, when the storage
   * cannot even be read or locked, and on a defect of ours: then nothing is tried for a while.
   */
  async work(signal: AbortSignal): Promise<void> {
    try {
      await this.#workLocked(signal);
    } catch (error) {
      this.#pausedUntilMs = Date.now() + PAUSE_MS;
      this.isForced = false;
      throw error;
    }
  }

  async #workLocked(signal: AbortSignal): Promise<void> {
    const { storage, store } = this.#tools;
    const lock = await storage.lock(`certificate-${fileNameOf(this.name)}`, signal);
    try {
      const either = AbortSignal.any([signal, lock.lost]);
      if (await store.hasChanged(this.name, this.stored?.pem)) {
        await this.load();
        this.#events.adopted(this);
      } else if (!this.#isUnsaved) {
        this.story = await store.story(this.name);
      }
      await this.#advise(either);
      await this.#renew(either);
    } finally {
      await lock.release();
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    if (!this.isForced && (this.renewAtMs ?? 0) > Date.now()) return;
    for (const source of this.#sources) {
      if (!this.isForced && this.#nextTryMs(source, Date.now()) > Date.now()) continue;
      try {
        const success = await attempt(this.name, source, this, this.#tools, signal);
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
    const { stored, source, profile } = success;
    this.stored = stored;
    this.story = { directory: source.authority.issuer.directory, profile };
    this.isForced = false;
    await this.#saveStory();
    this.#events.obtained(this, success);
  }

  async #fail(source: Source, error: unknown): Promise<void> {
    const { id } = source.authority;
    const nowMs = Date.now();
    const kind = failureKind(error);
    const before = this.story.failures?.[id];
    const count = before?.kind === kind ? before.count + 1 : 1;
    const retryAfterMs = error instanceof AcmeError ? error.retryAfterMs : undefined;
    const lifeLeftMs = this.stored && this.stored.certificate.notAfter.getTime() - nowMs;
    const waitMs = backoffMs({ kind, count, retryAfterMs, lifeLeftMs }, Math.random());
    const message = error instanceof Error ? error.message : String(error);
    const failure: StoredFailure = {
      kind,
      count,
      message,
      atMs: nowMs,
      nextTryMs: nowMs + waitMs,
      settings: this.#settings,
    };
    this.story = { ...this.story, failures: { ...this.story.failures, [id]: failure } };
    await this.#saveStory();
    this.#events.failed(this, source, failure);
  }

  /** What is not written down is known as long as the process lives; the failure itself was told. */
  async #saveStory(): Promise<void> {
    try {
      await this.#tools.store.saveStory(this.name, this.story);
      this.#isUnsaved = false;
    } catch {
      this.#isUnsaved = true;
    }
  }

  async #advise(signal: AbortSignal): Promise<void> {
    const source = this.#adviceOfIssuer?.source;
    if (source === undefined || this.stored === undefined || (this.story.adviceCheckMs ?? 0) > Date.now()) return;
    const previous = this.story.advice;
    try {
      const seen = await fetchAdvice(source.authority, this.stored.leaf, previous);
      const checkMs = seen?.checkAgainMs ?? ADVICE_RETRY_MS;
      this.story = { ...this.story, advice: seen?.advice, adviceCheckMs: Date.now() + checkMs };
      if (seen !== undefined && seen.advice.chosenMs !== previous?.chosenMs) this.#events.advised(this);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AcmeError)) throw error;
      const waitMs = Math.max(ADVICE_RETRY_MS, error.retryAfterMs ?? 0);
      this.story = { ...this.story, adviceCheckMs: Date.now() + waitMs };
    }
    await this.#saveStory();
  }

  /** The authority that issued what is in service, as it alone can advise. */
  get #adviceOfIssuer(): { readonly source: Source; readonly advice: Story['advice'] } | undefined {
    const { directory, advice } = this.story;
    const source = this.#sources.find(({ authority }) => authority.issuer.directory === directory);
    return source === undefined || this.stored === undefined ? undefined : { source, advice };
  }

  #nextTryMs({ authority }: Source, nowMs: number): number {
    const failure = this.story.failures?.[authority.id];
    if (failure === undefined || failure.settings !== this.#settings) return 0;
    return failure.nextTryMs - nowMs > LONGEST_WAIT_MS ? 0 : failure.nextTryMs;
  }

  /** An operator who has changed something does not wait for the failure of what was. */
  get #settings(): string {
    const { challenges, dns } = this.#tools.acme;
    const issuers = this.#sources.map(({ authority: { issuer } }) => [issuer.email, issuer.profile, issuer.eab?.keyId]);
    return JSON.stringify([challenges, dns?.provider, issuers]);
  }
}

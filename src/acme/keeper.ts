// Keeps certificates: knows which names need one, gets it, renews it in time, and tells what it does. It runs beside the
// traffic and never in its way: a name without a certificate yet is served with what there is.
import { createSecureContext, type SecureContext } from 'node:tls';
import type { CertificatesConfig } from '../config/config.ts';
import type { Certificate } from '../tls/certificate.ts';
import { wildcardFor } from '../tls/names.ts';
import type { AttemptTools, Source } from './attempt.ts';
import { Authority } from './authority.ts';
import { ChallengeAnswers } from './challenges/answers.ts';
import { Dns01 } from './dns/challenge.ts';
import { Job, type JobEvents } from './job.ts';
import { limitsOf } from './known.ts';
import { Ledger } from './ledger.ts';
import { OnDemand } from './on-demand.ts';
import { type ManagedStatus, statusOf } from './status.ts';
import { FolderStorage } from './storage/folder.ts';
import type { Storage } from './storage/storage.ts';
import { CertificateStore } from './store.ts';
import { Tally } from './tally.ts';
import { type Tell, Teller } from './teller.ts';
import { managedNames } from './wanted.ts';

/** The plan is looked at anew at least so often: a clock may have been set meanwhile. */
const LONGEST_SLEEP_MS = 30_000;
const SHORTEST_SLEEP_MS = 20;
/** Orders under way at once; the others wait their turn. */
const MAX_WORKING = 16;
/** Names that are kept because clients asked for them. */
const MAX_DEMANDED = 10_000;
/** A difference between the wall clock and the time that has passed that is worth a word. */
const CLOCK_JUMP_MS = 60_000;

export interface Renewed extends ManagedStatus {
  /** Another certificate than before is in service. */
  readonly isRenewed: boolean;
}

export class CertificateKeeper {
  readonly answers: ChallengeAnswers;
  readonly tally: Tally = new Tally();
  /** Called whenever another certificate is in service. */
  onChange: () => void = () => {};
  readonly #config: CertificatesConfig;
  readonly #storage: Storage;
  readonly #tools: AttemptTools;
  readonly #sources: readonly Source[];
  readonly #jobs = new Map<string, Job>();
  readonly #events: JobEvents;
  readonly #teller: Teller;
  readonly #onDemand: OnDemand | undefined;
  /** Kept because a client asked for them. */
  readonly #demanded = new Set<string>();
  readonly #stopping = new AbortController();
  readonly #work = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #isStarted = false;
  #lookAtMs = 0;
  #wall = Date.now();
  #steady = performance.now();

  constructor(config: CertificatesConfig, tell: Tell) {
    this.#config = config;
    this.#teller = new Teller(tell);
    this.#storage = new FolderStorage(config.storage);
    this.answers = new ChallengeAnswers(this.#storage);
    const { acme } = config;
    this.#tools = {
      acme,
      storage: this.#storage,
      store: new CertificateStore(this.#storage, (message) => this.#teller.warn(message)),
      answers: this.answers,
      dns: acme.dns === undefined ? undefined : new Dns01(acme.dns),
      warn: (message) => this.#teller.warn(message),
    };
    this.#sources = acme.issuers.map((issuer) => {
      const authority = new Authority(issuer, this.#storage, acme.timeoutMs);
      return { authority, ledger: new Ledger(this.#storage, authority.id, limitsOf(issuer.directory)) };
    });
    this.#events = this.#counted(this.#teller.events(() => this.onChange()));
    this.#onDemand =
      acme.onDemand === undefined
        ? undefined
        : new OnDemand(acme.onDemand, {
            find: (name) => this.#jobs.get(name)?.certificate,
            keep: (name) => this.#keep(name),
            warn: (message) => this.#teller.warn(message),
          });
  }

  /** Reads what is stored for these names, so that it can be served from the start. */
  async load(names: readonly string[]): Promise<void> {
    for (const name of managedNames(names, this.#config).names) await this.#open(name);
  }

  /** In service for the name itself or by a wildcard. */
  find(name: string): Certificate | undefined {
    const exact = this.#jobs.get(name)?.certificate;
    const wildcard = wildcardFor(name);
    return exact ?? (wildcard === undefined ? undefined : this.#jobs.get(wildcard)?.certificate);
  }

  /** See `OnDemand`; undefined when nothing is ordered on demand. */
  demand(name: string): Certificate | Promise<Certificate | undefined> | undefined {
    return this.#onDemand?.certificateFor(name);
  }

  /** Begins to keep certificates for exactly these names. May be called again with others. */
  start(names: readonly string[]): void {
    const { names: managed, warnings } = managedNames(names, this.#config);
    for (const warning of warnings) this.#teller.warn(warning);
    const kept = new Set([...managed, ...this.#demanded]);
    for (const name of this.#jobs.keys()) if (!kept.has(name)) this.#jobs.delete(name);
    const opening = managed.filter((name) => !this.#jobs.has(name)).map((name) => this.#open(name));
    this.#isStarted = true;
    void this.#track(
      Promise.all(opening).then(async () => {
        await this.answers.clean(Date.now());
      }),
    );
    this.#wake();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stopping.abort(new Error('the gateway stops'));
    await Promise.allSettled(this.#work);
    for (const { authority } of this.#sources) authority.close();
  }

  /** Orders now, for one name or all; resolves when each has succeeded or failed once, to those that are kept. */
  async renew(name?: string): Promise<Renewed[]> {
    const jobs =
      name === undefined ? [...this.#jobs.values()] : [this.#jobs.get(name)].filter((job) => job !== undefined);
    const before = jobs.map((job) => job.stored?.pem);
    await Promise.all(
      jobs.map(async (job) => {
        job.isForced = true;
        await this.#track(this.#run(job));
      }),
    );
    this.#wake();
    return jobs.map((job, index) => ({
      ...statusOf(job, Date.now()),
      isRenewed: job.stored !== undefined && job.stored.pem !== before[index],
    }));
  }

  /** Takes up what others have stored meanwhile, without waiting for the next look. */
  look(): Promise<void> {
    return this.#look(Date.now());
  }

  status(): ManagedStatus[] {
    const nowMs = Date.now();
    return [...this.#jobs.values()].map((job) => statusOf(job, nowMs));
  }

  /** The certificate that answers a TLS-ALPN-01 challenge for this server name; undefined when none is pending. */
  challengeContext(serverName: string): SecureContext | undefined {
    const pem = this.answers.alpn(serverName);
    try {
      return pem === undefined ? undefined : createSecureContext({ cert: pem, key: pem });
    } catch {
      // Damaged in the storage: then there is no answer.
      return undefined;
    }
  }

  async #keep(name: string): Promise<Certificate | undefined> {
    if (!this.#jobs.has(name)) {
      if (this.#demanded.size >= MAX_DEMANDED) {
        this.#teller.warn(`no certificate is ordered for ${name}: ${MAX_DEMANDED} names are kept on demand already`);
        return undefined;
      }
      this.#demanded.add(name);
      await this.#open(name);
    }
    const job = this.#jobs.get(name);
    if (job?.certificate === undefined && job !== undefined) await this.#track(this.#run(job));
    this.#wake();
    return job?.certificate;
  }

  /** A name on demand is renewed only as long as it is allowed; no answer leaves it as it is. */
  async #isStillAllowed(job: Job): Promise<boolean> {
    const isDue = job.certificate !== undefined && (job.renewAtMs ?? 0) <= Date.now();
    if (!this.#demanded.has(job.name) || !isDue) return true;
    if ((await this.#onDemand?.isAllowed(job.name)) !== false) return true;
    this.#demanded.delete(job.name);
    this.#jobs.delete(job.name);
    return false;
  }

  async #open(name: string): Promise<void> {
    const job = new Job(name, this.#sources, this.#tools, this.#events);
    await job.load();
    this.#jobs.set(name, job);
  }

  /** Starts what is due, and sets the alarm for what is due next. */
  #wake(): void {
    clearTimeout(this.#timer);
    if (!this.#isStarted || this.#stopping.signal.aborted) return;
    const nowMs = Date.now();
    this.#watchClock(nowMs);
    const idle = [...this.#jobs.values()].filter((job) => !job.isWorking);
    const planned = idle.map((job) => ({ job, dueMs: job.dueMs(nowMs) })).toSorted((a, b) => a.dueMs - b.dueMs);
    const room = MAX_WORKING - (this.#jobs.size - idle.length);
    for (const { job } of planned.filter(({ dueMs }) => dueMs <= nowMs).slice(0, Math.max(0, room))) {
      void this.#track(this.#run(job).then(() => this.#wake()));
    }
    if (nowMs >= this.#lookAtMs || nowMs < this.#lookAtMs - this.#config.acme.checkEveryMs) void this.#look(nowMs);
    for (const job of idle) this.#teller.watch(job, nowMs);
    // What is due and has found no room is started when there is some.
    const nextMs = planned.find(({ dueMs }) => dueMs > nowMs)?.dueMs ?? Number.POSITIVE_INFINITY;
    const sleepMs = Math.min(Math.max(nextMs - nowMs, SHORTEST_SLEEP_MS), LONGEST_SLEEP_MS);
    this.#timer = setTimeout(() => this.#wake(), sleepMs).unref();
  }

  async #run(job: Job): Promise<void> {
    job.isWorking = true;
    try {
      if (await this.#isStillAllowed(job)) await job.work(this.#stopping.signal);
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#teller.broken(job.name, error);
    } finally {
      job.isWorking = false;
    }
  }

  /** What other processes have stored meanwhile. */
  #look(nowMs: number): Promise<void> {
    this.#lookAtMs = nowMs + this.#config.acme.checkEveryMs;
    const looking = [...this.#jobs.values()].map(async (job) => {
      if (job.isWorking || !(await this.#tools.store.hasChanged(job.name, job.stored?.pem))) return;
      await job.load();
      this.#events.adopted(job);
    });
    return this.#track(Promise.all(looking).then(() => {}));
  }

  #counted(events: JobEvents): JobEvents {
    return {
      ...events,
      obtained: (job, success) => {
        this.tally.issued(success.source.authority.id, success.type);
        events.obtained(job, success);
      },
      failed: (job, source, failure) => {
        this.tally.failed(source.authority.id, failure.kind);
        events.failed(job, source, failure);
      },
    };
  }

  #watchClock(nowMs: number): void {
    const steady = performance.now();
    const jumpMs = nowMs - this.#wall - (steady - this.#steady);
    if (Math.abs(jumpMs) > CLOCK_JUMP_MS) {
      this.#teller.warn(`the clock was set by ${Math.round(jumpMs / 1000)} s; renewals are planned anew`);
    }
    this.#wall = nowMs;
    this.#steady = steady;
  }

  #track(work: Promise<void>): Promise<void> {
    const tracked = work
      .catch((error: unknown) => this.#teller.broken(undefined, error))
      .finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
    return tracked;
  }
}

// Keeps certificates: knows which names need one, gets it, renews it in time, and tells what it does. It runs beside the
// traffic and never in its way: a name without a certificate yet is served with what there is.
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { CertificatesConfig } from '../config/config.ts';
import type { Certificate } from '../tls/certificate.ts';
import { wildcardFor } from '../tls/names.ts';
import type { ChallengeAnswers } from './challenges/answers.ts';
import { inTurns, MAX_READING } from './in-turns.ts';
import { Job, type JobParts } from './job.ts';
import { jobParts } from './job-parts.ts';
import { libraries } from './library.ts';
import { Lookout } from './lookout.ts';
import { OnDemand } from './on-demand.ts';
import { Rota } from './rota.ts';
import { type ManagedStatus, statusOf } from './status.ts';
import type { Storage } from './storage/storage.ts';
import { Tally } from './tally.ts';
import { type Tell, Teller } from './teller.ts';
import { managedNames } from './wanted.ts';

/** Names that are kept because clients asked for them. */
const MAX_DEMANDED = 10_000;
/** What is under way when the gateway stops may still hear its answer, such as the URL of an order. */
const STOP_GRACE_MS = 1000;

export interface Renewed extends ManagedStatus {
  /** Another certificate than before is in service. */
  readonly isRenewed: boolean;
}

export class CertificateKeeper {
  readonly answers: ChallengeAnswers;
  readonly tally: Tally = new Tally();
  /** Called whenever another certificate is in service. */
  onChange: () => void = () => {};
  /** Set: another process orders, and this one serves what it finds. Resolves when the other has tried once. */
  orderElsewhere: ((name: string) => Promise<void>) | undefined;
  readonly #config: CertificatesConfig;
  readonly #storage: Storage;
  readonly #now: () => number;
  readonly #parts: JobParts;
  readonly #jobs = new Map<string, Job>();
  /** Of names that a wildcard covers now, from before: until it is there. */
  readonly #covered = new Map<string, Certificate>();
  readonly #rota: Rota;
  readonly #teller: Teller;
  readonly #onDemand: OnDemand | undefined;
  /** Kept because a client asked for them. */
  readonly #demanded = new Set<string>();
  /** The names that are kept change one after the other. */
  #opening: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();
  readonly #work = new Set<Promise<void>>();
  readonly #lookout: Lookout;

  /** `now` gives ms since 1970. */
  constructor(config: CertificatesConfig, storage: Storage, tell: Tell, now: () => number = Date.now) {
    this.#config = config;
    this.#now = now;
    this.#storage = storage;
    this.#teller = new Teller(tell, now);
    const { acme } = config;
    const warn = (message: string): void => this.#teller.warn(message);
    const events = this.tally.counting(this.#teller.events(() => this.onChange()));
    this.#parts = jobParts(acme, { storage, warn, now, events });
    this.answers = this.#parts.tools.answers;
    this.#lookout = new Lookout({
      parts: this.#parts,
      jobs: this.#jobs,
      isOrdering: () => this.orderElsewhere === undefined,
      signal: this.#stopping.signal,
    });
    this.#rota = new Rota({
      jobs: () => this.#jobs.values(),
      work: (job) => this.#track(this.#workOn(job)),
      tick: (idle, nowMs) => this.#tick(idle, nowMs),
      warn,
      now,
    });
    const demands = { find: (name: string) => this.#jobs.get(name)?.certificate, keep: this.#keep.bind(this), warn };
    this.#onDemand = acme.onDemand && new OnDemand(acme.onDemand, demands);
  }

  /** Reads what is stored for these names, so that it can be served from the start. Never rejects. */
  async load(names: readonly string[]): Promise<void> {
    const { names: managed, covered } = managedNames(names, this.#config);
    await inTurns(managed, MAX_READING, (name) => this.#open(name));
    await inTurns(covered, MAX_READING, (name) => this.#openCovered(name));
  }

  /** In service for the name itself or by a wildcard. */
  find(name: string): Certificate | undefined {
    const exact = this.#jobs.get(name)?.certificate;
    const wildcard = wildcardFor(name);
    const wider = wildcard === undefined ? undefined : this.#jobs.get(wildcard)?.certificate;
    return exact ?? wider ?? this.#covered.get(name);
  }

  /** See `OnDemand`; undefined when nothing is ordered on demand. */
  demand(name: string): Certificate | Promise<Certificate | undefined> | undefined {
    return this.#onDemand?.certificateFor(name);
  }

  /** Begins to keep certificates for exactly these names. May be called again with others. */
  start(names: readonly string[]): void {
    const { names: managed, covered, warnings } = managedNames(names, this.#config);
    const isOrdering = this.orderElsewhere === undefined;
    if (isOrdering) {
      for (const warning of warnings) this.#teller.warn(warning);
      this.#rota.start();
    }
    this.#storage.onNews = (key) => void this.#track(this.#lookout.heard(key).then(() => this.#rota.wake()));
    this.#opening = this.#opening.then(async () => {
      if (this.#stopping.signal.aborted) return;
      const kept = new Set([...managed, ...this.#demanded]);
      const added = managed.filter((name) => !this.#jobs.has(name));
      await inTurns(covered, MAX_READING, (name) => this.#openCovered(name));
      await inTurns(added, MAX_READING, (name) => this.#open(name));
      for (const [name, job] of this.#jobs) if (!kept.has(name)) this.#leave(job);
      if (added.some((name) => this.find(name) !== undefined)) this.onChange();
      this.#rota.wake();
      if (!isOrdering) return;
      await this.answers.clean();
      await this.#storage.sweep();
    });
    void this.#track(this.#opening);
    // Now rather than in the middle of traffic, when the first renewal is due.
    if (isOrdering && managed.length > 0) void this.#track(libraries().then(() => {}));
  }

  /** What is under way ends within about a second, and goes on when the gateway is started again. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the gateway stops'));
    this.#rota.stop();
    const ended = Promise.allSettled(this.#work);
    await Promise.race([ended, sleep(STOP_GRACE_MS, undefined, { ref: false })]);
    for (const { authority } of this.#parts.sources) authority.close();
    await ended;
  }

  /**
   * Orders now, for one name or all; resolves when each has succeeded or failed once, to those that are kept, in the
   * order of their names.
   */
  async renew(name?: string): Promise<Renewed[]> {
    const jobs = this.#byName().filter((job) => name === undefined || job.name === name);
    const before = jobs.map((job) => job.stored?.pem);
    await Promise.all(
      jobs.map((job) => {
        job.isForced = true;
        return this.#rota.finish(job);
      }),
    );
    return jobs.map((job, index) => ({
      ...statusOf(job, this.#now()),
      isRenewed: job.stored !== undefined && job.stored.pem !== before[index],
    }));
  }

  /**
   * Takes up what other processes have stored meanwhile, and writes anew what somebody has deleted, without waiting for
   * the next look.
   */
  look(): Promise<void> {
    return this.#track(this.#lookout.look());
  }

  /** For another process, to whose client it is shown: resolves when it has been tried once. */
  async order(name: string): Promise<void> {
    await this.#keep(name);
  }

  /** In the order of their names. */
  status(): ManagedStatus[] {
    const nowMs = this.#now();
    return this.#byName().map((job) => statusOf(job, nowMs));
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

  #byName(): Job[] {
    return [...this.#jobs.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
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
    if (job !== undefined && job.certificate === undefined) await this.#finish(job);
    this.#rota.wake();
    return job?.certificate;
  }

  async #finish(job: Job): Promise<void> {
    if (this.orderElsewhere === undefined) return this.#rota.finish(job);
    await this.orderElsewhere(job.name);
    await job.load();
  }

  /** A name on demand is renewed only as long as it is allowed; no answer leaves it as it is. */
  async #isStillAllowed(job: Job): Promise<boolean> {
    const isDue = job.certificate !== undefined && (job.renewAtMs ?? 0) <= this.#now();
    if (!this.#demanded.has(job.name) || !isDue) return true;
    if ((await this.#onDemand?.isAllowed(job.name)) !== false) return true;
    this.#demanded.delete(job.name);
    this.#leave(job);
    return false;
  }

  async #open(name: string): Promise<void> {
    if (this.#jobs.has(name)) return;
    const job = new Job(name, this.#parts);
    await job.load();
    if (this.#jobs.has(name)) return;
    this.#jobs.set(name, job);
    this.#covered.delete(name);
  }

  async #openCovered(name: string): Promise<void> {
    if (this.#covered.has(name)) return;
    const certificate = (await this.#parts.tools.store.find(name))?.certificate;
    if (certificate !== undefined) this.#covered.set(name, certificate);
  }

  #leave(job: Job): void {
    job.leave();
    this.#jobs.delete(job.name);
    this.#rota.drop(job);
  }

  async #workOn(job: Job): Promise<void> {
    try {
      if (await this.#isStillAllowed(job)) await job.work(this.#stopping.signal);
    } catch (error) {
      if (!this.#stopping.signal.aborted && !job.hasLeft) this.#teller.broken(job.name, error);
    }
  }

  #tick(idle: readonly Job[], nowMs: number): void {
    for (const job of idle) this.#teller.watch(job, nowMs);
    if (this.#lookout.isTime(nowMs)) void this.look();
  }

  #track(work: Promise<void>): Promise<void> {
    const tracked = work
      .catch((error: unknown) => this.#teller.broken(undefined, error))
      .finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
    return tracked;
  }
}

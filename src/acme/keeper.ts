// Keeps certificates: knows which names need one, gets it, renews it in time, and tells what it does. It runs beside the
// traffic and never in its way: a name without a certificate yet is served with what there is.
import { setTimeout as sleep } from 'node:timers/promises';
import type { CertificatesConfig } from '../config/model/certificates.ts';
import type { Certificate } from '../tls/certificate.ts';
import type { ChallengeAnswers } from './challenges/answers.ts';
import type { Job, JobParts } from './job.ts';
import { jobParts } from './job-parts.ts';
import { KeptNames } from './kept-names.ts';
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
  readonly #names: KeptNames;
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
    this.#names = new KeptNames(this.#parts, (job) => this.#rota.drop(job));
    this.#lookout = new Lookout({
      parts: this.#parts,
      jobs: this.#names.jobs,
      isOrdering: () => this.orderElsewhere === undefined,
      signal: this.#stopping.signal,
    });
    this.#rota = new Rota({
      jobs: () => this.#names.jobs.values(),
      work: (job) => this.#track(this.#workOn(job)),
      tick: (idle, nowMs) => this.#tick(idle, nowMs),
      warn,
      now,
    });
    const demands = {
      find: (name: string) => this.#names.jobs.get(name)?.certificate,
      keep: this.#keep.bind(this),
      warn,
    };
    this.#onDemand = acme.onDemand && new OnDemand(acme.onDemand, demands);
  }

  /** Reads what is stored for these names, so that it can be served from the start. Never rejects. */
  async load(names: readonly string[]): Promise<void> {
    const { names: managed, covered } = managedNames(names, this.#config);
    await this.#names.open(managed, covered);
  }

  /** In service for the name itself or by a wildcard. */
  find(name: string): Certificate | undefined {
    return this.#names.find(name);
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
      const added = await this.#names.open(managed, covered);
      this.#names.leaveAllBut(kept);
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
    const jobs = this.#names.inOrder().filter((job) => name === undefined || job.name === name);
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
    return this.#names.inOrder().map((job) => statusOf(job, nowMs));
  }

  async #keep(name: string): Promise<Certificate | undefined> {
    if (!this.#names.jobs.has(name)) {
      if (this.#demanded.size >= MAX_DEMANDED) {
        this.#teller.warn(`no certificate is ordered for ${name}: ${MAX_DEMANDED} names are kept on demand already`);
        return undefined;
      }
      this.#demanded.add(name);
      await this.#names.open([name]);
    }
    const job = this.#names.jobs.get(name);
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
    this.#names.leave(job);
    return false;
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

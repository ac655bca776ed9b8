// Looks after the workers: starts them, replaces those that die, hands configurations to all of them or to none, and ends
// them. It serves no traffic. What it has itself is what must be there once and outlive every worker (`Commons`).
import { GatehouseError } from '../base/errors.ts';
import { InTurn } from '../base/in-turn.ts';
import type { Config } from '../config/config.ts';
import type { InheritedSockets } from '../gateway/inherited.ts';
import type { LineSink } from '../observe/line-sink.ts';
import type { Records } from '../observe/records.ts';
import { Commons } from './commons.ts';
import { Crew, type Serving } from './crew.ts';
import type { Recruits } from './recruits.ts';
import { type Death, Seat } from './seat.ts';
import type { Orders, Readiness } from './words.ts';

/** How often signs of life are looked for. */
const TICK_MS = 1000;
const ASK_MS = 5_000;
/** Beside the time to drain, for the rest of an end. */
const GRACE_MS = 3000;
/** When everything is to end at once. */
const HEED_MS = 1000;

export interface SupervisorOptions {
  readonly recruits: Recruits;
  readonly stdout: LineSink;
  readonly inherited: InheritedSockets;
}

export class Supervisor {
  readonly records: Records;
  readonly startedAt: Date = new Date();
  readonly #options: SupervisorOptions;
  readonly #crew: Crew;
  readonly #commons: Commons;
  /** Starts and reloads, one after the other: a worker never begins with a configuration of before. */
  readonly #turns = new InTurn();
  #config: Config;
  #readiness: Readiness | undefined;
  #reload: Orders['reload'];
  #ticking: NodeJS.Timeout | undefined;
  /** Resolves when the first one of all has started. */
  readonly #pioneer = Promise.withResolvers<void>();
  #isLeaving = false;
  #isStopping = false;
  /** A worker has ended, whatever it counted. */
  onLeft: (pid: number) => void = () => {};

  constructor(config: Config, records: Records, options: SupervisorOptions) {
    this.#config = config;
    this.records = records;
    this.#options = options;
    this.#crew = new Crew(Array.from({ length: config.workers }, (_, index) => this.#seat(index + 1)));
    this.#commons = new Commons(this.#crew, config, options.inherited);
  }

  /** Resolves when all workers serve; fails as the first one failed, with none left. */
  async start(): Promise<void> {
    this.#commons.start();
    try {
      // All are loaded at once. Then the first one finds out what cannot be, and makes what all the others read.
      const [first, ...others] = this.#crew.seats.map((seat) => this.#startIn(seat));
      void first?.then(() => this.#pioneer.resolve());
      await first;
      await Promise.all(others);
    } catch (error) {
      await this.stop(0);
      throw error;
    }
    this.#ticking = setInterval(
      () => this.#crew.tick(Math.ceil(this.#config.timeouts.stallMs / TICK_MS)),
      TICK_MS,
    ).unref();
    // Died while others started.
    for (const seat of this.#crew.seats) if (seat.isVacant) this.#replace(seat, 0);
  }

  get config(): Config {
    return this.#config;
  }

  /** Of the configuration in force, as a worker has it. */
  get readiness(): Readiness | undefined {
    return this.#readiness;
  }

  get seats(): readonly Seat[] {
    return this.#crew.seats;
  }

  get isReady(): boolean {
    return !this.#isLeaving && this.#crew.seats.some(({ state }) => state === 'ready');
  }

  /** It stops, or is about to. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** Those that serve, the one that leads in front. */
  get serving(): Serving[] {
    return this.#crew.serving;
  }

  /**
   * Puts another configuration in force in all workers or in none: all make it ready, and when each of them can, all take it
   * up. Fails with a ProblemsError of all faults, or a GatehouseError.
   */
  reload(config: Config): Promise<void> {
    return this.#turns.run(async () => {
      if (this.#isLeaving)
        throw new GatehouseError('config_invalid', 'gateway', 'the gateway is stopping; nothing was reloaded');
      try {
        const serving = await this.#crew.prepare(config);
        const vacant = this.#crew.seats.find(({ isVacant }) => isVacant);
        if (serving.length === 0 && vacant !== undefined) await this.#startWith(config, vacant);
        else {
          this.#config = config;
          this.#readiness = (await this.#crew.commit(serving)) ?? this.#readiness;
        }
      } finally {
        this.#commons.keep(this.#config);
      }
    });
  }

  /** Nobody is there to be asked whether it is good: who starts with it tells, and the others follow or it was not. */
  async #startWith(config: Config, first: Seat): Promise<void> {
    const before = this.#config;
    this.#config = config;
    try {
      await this.#startIn(first);
    } catch (error) {
      this.#config = before;
      throw error;
    }
    for (const seat of this.#crew.seats) if (seat.isVacant) this.#replace(seat, 0);
  }

  reopenLogs(): void {
    this.#crew.tellAll((channel) => channel.tell('reopenLogs', undefined));
  }

  /** What became of a reload, for the figures. */
  tellReload(state: NonNullable<Orders['reload']>): void {
    this.#reload = state;
    this.#crew.tellAll((channel) => channel.tell('reloaded', state));
  }

  /** It is not ready any more for whoever asks, and goes on as before. */
  leave(): void {
    this.#isLeaving = true;
  }

  /** Ends all workers, each within that time; resolves when none is left. */
  async stop(drainMs: number): Promise<void> {
    this.#isLeaving = true;
    this.#isStopping = true;
    clearInterval(this.#ticking);
    this.#commons.stop();
    await Promise.all(this.#crew.seats.map((seat) => seat.stop(drainMs, GRACE_MS)));
  }

  /** Lets the workers drop everything that is under way; one that does not heed that is ended. */
  destroy(): void {
    this.#crew.tellAll((channel) => channel.tell('stopNow', undefined));
    setTimeout(() => this.#crew.kill(), HEED_MS).unref();
  }

  async #startIn(seat: Seat): Promise<void> {
    this.#readiness = await seat.start();
    this.#crew.passLead();
  }

  #seat(number: number): Seat {
    return new Seat(number, {
      recruits: this.#options.recruits,
      stdout: this.#options.stdout,
      stderr: this.records.sink,
      answers: (seat) => ({ orders: () => this.#orders(seat), ...this.#commons.answers(seat) }),
      onDeath: (seat, death) => this.#died(seat, death),
    });
  }

  async #orders(seat: Seat): Promise<Orders> {
    if (seat !== this.#crew.seats[0]) await this.#pioneer.promise;
    const lead = this.#crew.lead;
    const bans = await lead?.channel?.ask('knownBans', undefined, ASK_MS).catch(() => undefined);
    if (this.#crew.lead === undefined) seat.isLead = true;
    return {
      number: seat.number,
      workers: this.#crew.seats.length,
      config: this.#config,
      isLead: seat.isLead,
      ticketKey: this.#commons.ticketKey,
      bans,
      reload: this.#reload,
    };
  }

  #died(seat: Seat, { cause, words, pid, pauseMs }: Death): void {
    this.onLeft(pid);
    this.#commons.left(seat);
    seat.isLead = false;
    if (this.#isStopping) return;
    this.#crew.passLead();
    // While the first ones start, whoever starts them decides, and tells.
    const isBeginning = this.#ticking === undefined;
    if (isBeginning && cause === 'start') return;
    const facts = { worker: seat.number, pid, cause, deaths: seat.status.deaths };
    if (pauseMs === 0) this.records.error('process', `a worker ${words}; another one is started`, undefined, facts);
    else {
      const message = `a worker ${words}, and not the first in a row; another one is started in ${pauseMs} ms`;
      this.records.error('process', message, undefined, facts);
    }
    if (!isBeginning) this.#replace(seat, pauseMs);
  }

  #replace(seat: Seat, pauseMs: number): void {
    seat.afterPause(pauseMs, () => {
      void this.#turns.run(async () => {
        // A reload may have been before it.
        if (this.#isStopping || !seat.isVacant) return;
        await this.#startIn(seat).catch((error: unknown) => {
          this.records.error('process', 'a worker could not start', error, { worker: seat.number });
        });
      });
    });
  }
}

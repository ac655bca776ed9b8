// The place of one worker: whoever serves in it, how well that one is, and how its predecessors died.
import type { ChildProcess } from 'node:child_process';
import type { WorkerStatus } from '../admin/control.ts';
import { GatehouseError } from '../base/errors.ts';
import type { LineSink } from '../observe/line-sink.ts';
import { Channel, errorOf } from './channel.ts';
import type { Recruits } from './recruits.ts';
import { type Hurry, relayLines } from './relay.ts';
import type { AtSupervisor, AtWorker, Readiness } from './words.ts';

/** Rules and certificates may be many; one that takes longer will not come. */
const START_MS = 120_000;
/** Ticks without a word while it starts, at least: rules are read in one turn of the event loop. */
const START_TICKS = 30;
/** Before the death after the first one is followed by a start; doubled with each further one. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** Who has lived so long has not died of its start. */
const HEALTHY_MS = 60_000;

export type CauseOfDeath = 'exit' | 'signal' | 'stalled' | 'start';

export interface Death {
  readonly cause: CauseOfDeath;
  readonly words: string;
  readonly pid: number;
  /** Until the next one is started. */
  readonly pauseMs: number;
}

export interface SeatOptions {
  readonly recruits: Pick<Recruits, 'take'>;
  readonly stdout: LineSink;
  readonly stderr: LineSink;
  readonly answers: (seat: Seat) => Omit<AtSupervisor, 'ready' | 'failed' | 'beat'>;
  /** It had served, or was about to, and nobody had told it to go. */
  readonly onDeath: (seat: Seat, death: Death) => void;
}

export class Seat {
  /** From 1. */
  readonly number: number;
  isLead = false;
  /** Of all that have served here. */
  readonly deaths: Map<CauseOfDeath, number> = new Map();
  readonly #options: SeatOptions;
  #child: ChildProcess | Error | undefined;
  #channel: Channel<AtWorker> | undefined;
  #state: WorkerStatus['state'] = 'starting';
  #since = new Date();
  /** On `performance.now()`. */
  #readyAt = 0;
  #lastDeath: string | null = null;
  #inARow = 0;
  #nextStart: Date | null = null;
  #pause: NodeJS.Timeout | undefined;
  /** Ticks without a word. */
  #silentFor = 0;
  #isStalled = false;
  #started: PromiseWithResolvers<Readiness> | undefined;
  /** Why it did not start, as far as it has said. */
  #fault: Error | undefined;
  /** What it writes. */
  #lines: Hurry[] = [];

  constructor(number: number, options: SeatOptions) {
    this.number = number;
    this.#options = options;
  }

  get state(): WorkerStatus['state'] {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#child instanceof Error ? undefined : this.#child?.pid;
  }

  /** Nobody is here, not even one that starts or ends. */
  get isVacant(): boolean {
    return this.#child === undefined;
  }

  /** To ask whoever serves here; undefined: nobody is there. */
  get channel(): Channel<AtWorker> | undefined {
    return this.#channel;
  }

  /** What it serves is for others to know. */
  get status(): Omit<WorkerStatus, 'load'> {
    return {
      worker: this.number,
      pid: this.pid ?? null,
      state: this.#state,
      since: this.#since.toISOString(),
      isLead: this.isLead,
      deaths: [...this.deaths.values()].reduce((sum, count) => sum + count, 0),
      lastDeath: this.#lastDeath,
      nextStart: this.#nextStart?.toISOString() ?? null,
    };
  }

  /** Only where nobody is. Resolves when a worker serves; fails with what it failed with, and it is dead then. */
  start(): Promise<Readiness> {
    clearTimeout(this.#pause);
    this.#nextStart = null;
    this.#become('starting');
    this.#silentFor = 0;
    this.#isStalled = false;
    this.#fault = undefined;
    const started = Promise.withResolvers<Readiness>();
    this.#started = started;
    const child = this.#options.recruits.take(this.number);
    this.#child = child;
    if (child instanceof Error) {
      this.#exited(child, null, null);
      return started.promise;
    }
    const tooLate = setTimeout(() => {
      this.#fault = new GatehouseError('internal', 'gateway', `a worker did not start within ${START_MS} ms`);
      this.kill();
    }, START_MS);
    this.#channel = new Channel<AtWorker>(child, {
      ...this.#options.answers(this),
      ready: (readiness: Readiness) => {
        this.#silentFor = 0;
        this.#readyAt = performance.now();
        if (this.#state === 'starting') this.#become('ready');
        started.resolve(readiness);
      },
      failed: (fault: Parameters<typeof errorOf>[0]) => {
        this.#fault = errorOf(fault);
      },
      beat: () => {
        this.#silentFor = 0;
      },
    });
    // Undefined, whatever the types say, when there were not enough file descriptors for a process.
    this.#lines = [
      ...(child.stdout ? [relayLines(child.stdout, this.#options.stdout)] : []),
      ...(child.stderr ? [relayLines(child.stderr, this.#options.stderr)] : []),
    ];
    child.once('error', (error) => started.reject(error));
    child.once('exit', (code, signal) => this.#exited(child, code, signal));
    if (child.pid === undefined) this.#exited(child, null, null);
    return started.promise.finally(() => clearTimeout(tooLate));
  }

  /** Once a second; `limit` ticks without a sign of life are too many. */
  tick(limit: number): void {
    if (this.isVacant || this.#state === 'stopping') return;
    if (++this.#silentFor <= (this.#state === 'ready' ? limit : Math.max(limit, START_TICKS))) return;
    this.#isStalled = true;
    this.kill();
  }

  kill(): void {
    if (!(this.#child instanceof Error)) this.#child?.kill('SIGKILL');
  }

  /** From now on its end is no death, and nobody follows. Resolves when it has ended and its last words are passed on. */
  async stop(drainMs: number, graceMs: number): Promise<void> {
    clearTimeout(this.#pause);
    this.#nextStart = null;
    this.#become('stopping');
    const child = this.#child;
    if (child === undefined || child instanceof Error) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    child.once('close', () => resolve());
    for (const hurry of this.#lines) hurry();
    const timer = setTimeout(() => this.kill(), drainMs + graceMs);
    this.#channel?.ask('stop', drainMs, drainMs + graceMs).catch(() => {});
    await promise;
    clearTimeout(timer);
  }

  #become(state: WorkerStatus['state']): void {
    this.#state = state;
    this.#since = new Date();
  }

  #exited(child: ChildProcess | Error, code: number | null, signal: string | null): void {
    if (this.#child !== child) return;
    const wasReady = this.#state === 'ready';
    const livedMs = wasReady ? performance.now() - this.#readyAt : 0;
    this.#child = undefined;
    this.#channel = undefined;
    const words = this.#isStalled ? 'stood still and was ended' : howItEnded(child, code, signal);
    this.#started?.reject(
      this.#fault ?? new GatehouseError('internal', 'gateway', `a worker ${words} while it started`),
    );
    if (this.#state === 'stopping') return;
    const cause: CauseOfDeath = this.#isStalled ? 'stalled' : !wasReady ? 'start' : signal === null ? 'exit' : 'signal';
    this.#inARow = livedMs >= HEALTHY_MS ? 1 : this.#inARow + 1;
    this.deaths.set(cause, (this.deaths.get(cause) ?? 0) + 1);
    this.#lastDeath = `${words} at ${new Date().toISOString()}`;
    const pauseMs = this.#inARow === 1 ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#inARow - 2));
    this.#become(pauseMs === 0 ? 'starting' : 'waiting');
    this.#options.onDeath(this, { cause, words, pid: child instanceof Error ? 0 : (child.pid ?? 0), pauseMs });
  }

  /** Calls when the pause after a death is over; in the place of what was to be called before. */
  afterPause(pauseMs: number, act: () => void): void {
    clearTimeout(this.#pause);
    if (pauseMs > 0) this.#nextStart = new Date(Date.now() + pauseMs);
    this.#pause = setTimeout(act, pauseMs);
  }
}

function howItEnded(child: ChildProcess | Error, code: number | null, signal: string | null): string {
  if (child instanceof Error) return `could not be made (${child.message})`;
  if (child.pid === undefined) return 'could not be made';
  return signal === null ? `exited with ${code}` : `was ended by ${signal}`;
}

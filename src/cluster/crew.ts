// The seats of all workers: who of them serves, and which one leads, that is, does what one alone must do.
import type { GatehouseError } from '../base/errors.ts';
import { ProblemsError } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import type { Channel } from './channel.ts';
import type { Seat } from './seat.ts';
import type { AtWorker, Readiness } from './words.ts';

/** Large rule sets are compiled anew. */
const PREPARE_MS = 60_000;
const COMMIT_MS = 5_000;
const DISCARD_MS = 5_000;

/** A worker that can be asked. */
export interface Serving {
  readonly pid: number;
  readonly channel: Channel<AtWorker>;
}

type Tell = (channel: Channel<AtWorker>) => void;

export class Crew {
  readonly seats: readonly Seat[];

  constructor(seats: readonly Seat[]) {
    this.seats = seats;
  }

  /** Those that serve, the one that leads in front. */
  get serving(): Serving[] {
    return this.seats
      .filter(({ state }) => state === 'ready')
      .toSorted((a, b) => Number(b.isLead) - Number(a.isLead))
      .flatMap(({ pid, channel }) => (pid === undefined || channel === undefined ? [] : [{ pid, channel }]));
  }

  get lead(): Seat | undefined {
    return this.seats.find(({ isLead }) => isLead);
  }

  /** To one that serves, where nobody leads. */
  passLead(): void {
    if (this.lead !== undefined) return;
    const next = this.seats.find(({ state, channel }) => state === 'ready' && channel !== undefined);
    if (next === undefined) return;
    next.isLead = true;
    next.channel?.tell('lead', undefined);
  }

  tellAll(tell: Tell, but?: Seat): void {
    for (const seat of this.seats) if (seat !== but && seat.channel !== undefined) tell(seat.channel);
  }

  /** Ends those of which nothing was heard for so many ticks. */
  tick(limit: number): void {
    for (const seat of this.seats) seat.tick(limit);
  }

  kill(pid?: number): void {
    for (const seat of this.seats) if (pid === undefined || seat.pid === pid) seat.kill();
  }

  /**
   * Lets all that serve make a configuration ready, and returns those. Fails with a ProblemsError of all faults, or a
   * GatehouseError; none of them has it ready then.
   */
  async prepare(config: Config): Promise<readonly Serving[]> {
    const { serving } = this;
    const prepared = await Promise.allSettled(serving.map(({ channel }) => channel.ask('prepare', config, PREPARE_MS)));
    const faults = prepared.flatMap((each) => (each.status === 'rejected' ? [each.reason as Error] : []));
    if (faults.length === 0) return serving;
    await Promise.allSettled(serving.map(({ channel }) => channel.ask('discard', undefined, DISCARD_MS)));
    throw joined(faults);
  }

  /** Puts in force what these have made ready; resolves to what one of them tells of it, undefined when none is left. */
  async commit(serving: readonly Serving[]): Promise<Readiness | undefined> {
    const told = serving.map(async ({ pid, channel }) => {
      try {
        return await channel.ask('commit', undefined, COMMIT_MS);
      } catch {
        // It is dead, or will be: one that serves something else than the others must not live.
        this.kill(pid);
        return undefined;
      }
    });
    return (await Promise.all(told)).find((readiness) => readiness !== undefined);
  }
}

/** All faults of all workers, each once. */
function joined(faults: readonly Error[]): Error {
  const problems = faults.flatMap((fault) => (fault instanceof ProblemsError ? fault.problems : []));
  if (problems.length === 0) return faults[0] as GatehouseError;
  const once = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return new ProblemsError([...once.values()]);
}

// How the workers are, for monitoring.
import type { FigureSet } from '../observe/metrics.ts';
import type { CauseOfDeath, Seat } from './seat.ts';

const STATES = ['ready', 'starting', 'waiting', 'stopping'] as const;
const CAUSES: readonly CauseOfDeath[] = ['exit', 'signal', 'stalled', 'start'];

/** In the form of a process's own figures. */
export function workerFigures(seats: readonly Seat[]): FigureSet {
  const deaths = (cause: CauseOfDeath): number => seats.reduce((sum, seat) => sum + (seat.deaths.get(cause) ?? 0), 0);
  const states = STATES.map((state) => ({
    labels: { state },
    value: seats.filter((seat) => seat.state === state).length,
  }));
  const causes = CAUSES.map((cause) => ({ labels: { cause }, value: deaths(cause) }));
  const sets = [
    { name: 'gatehouse_workers', help: 'Workers, by state.', type: 'gauge', aggregator: 'sum', values: states },
    {
      name: 'gatehouse_worker_deaths_total',
      help: 'Workers that died and were replaced, by cause.',
      type: 'counter',
      aggregator: 'sum',
      values: causes,
    },
  ];
  return sets as unknown as FigureSet;
}

/** Lines for whoever asks whether the gateway is ready. */
export function workerRemarks(seats: readonly Seat[]): string[] {
  return seats.flatMap(({ status: { worker, state, deaths, lastDeath, nextStart } }) => {
    if (state !== 'waiting' && !(state === 'starting' && deaths > 0)) return [];
    const next = nextStart === null ? 'the next one starts now' : `the next one starts at ${nextStart}`;
    return [`worker ${worker} died ${deaths} times, last it ${lastDeath}; ${next}`];
  });
}

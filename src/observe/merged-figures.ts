// The figures of several processes as one. What a process has counted does not vanish with it: a total that fell would be
// read as one that began anew.
import { AggregatorRegistry } from 'prom-client';
import type { FigureSet } from './metrics.ts';

export class MergedFigures {
  /** What each process said last. */
  readonly #last = new Map<number, FigureSet>();
  /** Totals of processes that have gone. */
  #departed: FigureSet = [];

  get contentType(): string {
    return AggregatorRegistry.PROMETHEUS_CONTENT_TYPE;
  }

  /** Of the processes that there are; `own` stands beside theirs. The first of them counts where only one can be right. */
  text(sets: ReadonlyMap<number, FigureSet>, own: FigureSet): Promise<string> {
    for (const [process, set] of sets) this.#last.set(process, set);
    return together([...sets.values(), this.#departed, own]).metrics();
  }

  /** The process has ended; what it counted since it was last asked is lost. */
  async leave(process: number): Promise<void> {
    const totals = this.#last.get(process)?.filter(({ type }) => String(type) === 'counter') ?? [];
    this.#last.delete(process);
    if (totals.length > 0) this.#departed = await together([this.#departed, totals]).getMetricsAsJSON();
  }
}

function together(sets: readonly FigureSet[]): ReturnType<typeof AggregatorRegistry.aggregate> {
  return AggregatorRegistry.aggregate([...sets]);
}

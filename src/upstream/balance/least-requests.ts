// The fewest calls for its weight. Equals take turns by weight, so that a quiet group favours nobody.
import type { Balancer, Candidate } from './candidate.ts';
import { takes } from './candidate.ts';

/**
 * At most so many servers are looked at for a call, beginning with another each time: the best of that many is as good
 * as the best of all for the whole (power of choices), and the cost of a pick does not grow with the group.
 */
const LOOKED_AT = 16;

export class LeastRequests<C extends Candidate> implements Balancer<C> {
  #candidates: readonly C[] = [];
  /** For each of them the calls it has had, over its weight: between equals the smaller goes first. */
  #had = new Float64Array(0);
  #start = 0;

  use(candidates: readonly C[]): void {
    const before = new Map(this.#candidates.map((candidate, i) => [candidate, this.#had[i] as number]));
    const least = this.#had.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const now = Number.isFinite(least) ? least : 0;
    this.#candidates = candidates;
    this.#had = Float64Array.from(candidates, (candidate) => before.get(candidate) ?? now);
  }

  pick(_key: number, tried: readonly C[]): C | undefined {
    const candidates = this.#candidates;
    const had = this.#had;
    const count = candidates.length;
    let at = this.#start;
    let best = -1;
    let bestLoad = 0;
    for (let looked = Math.min(count, LOOKED_AT); looked > 0; looked--) {
      at = at + 1 < count ? at + 1 : 0;
      const candidate = candidates[at] as C;
      if (!takes(candidate, tried, candidate.share === 1 ? 0 : Math.random())) continue;
      const load = candidate.load / candidate.weight;
      if (best === -1 || load < bestLoad || (load === bestLoad && (had[at] as number) < (had[best] as number))) {
        best = at;
        bestLoad = load;
      }
    }
    this.#start = count > LOOKED_AT ? at : 0;
    if (best === -1) return undefined;
    const chosen = candidates[best] as C;
    had[best] = (had[best] as number) + 1 / chosen.weight;
    return chosen;
  }
}

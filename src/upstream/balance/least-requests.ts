// The fewest calls for its weight. Equals take turns by weight, so that a quiet group favours nobody.
import type { Balancer, Candidate } from './candidate.ts';
import { canTake, weightNow } from './candidate.ts';

/**
 * At most so many servers are looked at for a call, beginning with another each time: the best of that many is as good
 * as the best of all for the whole (power of choices), and the cost of a pick does not grow with the group.
 */
const LOOKED_AT = 16;

export class LeastRequests<C extends Candidate> implements Balancer<C> {
  #candidates: readonly C[] = [];
  /** For each of them when its next turn is due, sooner for a heavy one: between equals the first goes. */
  #due = new Float64Array(0);
  /** The latest turn that was taken: who has let turns pass, being busy or out, does not catch up on them. */
  #now = 0;
  #start = 0;

  use(candidates: readonly C[]): void {
    const before = new Map(this.#candidates.map((candidate, i) => [candidate, this.#due[i] as number]));
    this.#candidates = candidates;
    this.#due = Float64Array.from(candidates, (candidate) => before.get(candidate) ?? this.#now);
  }

  /** Undefined also where all come back slowly. */
  pick(_key: number, tried: readonly C[]): C | undefined {
    const candidates = this.#candidates;
    const due = this.#due;
    const now = this.#now;
    const count = candidates.length;
    let at = this.#start;
    let best = -1;
    let bestLoad = 0;
    let bestTurn = 0;
    let drawn = -1;
    let slow = 0;
    let whole = 0;
    for (let looked = Math.min(count, LOOKED_AT); looked > 0; looked--) {
      at = at + 1 < count ? at + 1 : 0;
      const candidate = candidates[at] as C;
      if (!canTake(candidate, tried)) continue;
      const weight = weightNow(candidate);
      if (candidate.share < 1) {
        slow += weight;
        if (Math.random() * slow < weight) drawn = at;
        continue;
      }
      whole += weight;
      const load = candidate.load / weight;
      const turn = Math.max(now, due[at] as number);
      if (best === -1 || load < bestLoad || (load === bestLoad && turn < bestTurn)) {
        best = at;
        bestLoad = load;
        bestTurn = turn;
      }
    }
    this.#start = count > LOOKED_AT ? at : 0;
    if (best === -1) return undefined;
    // Who comes back is idle and would have every call: it has to be drawn, by its weight, and then to be the less busy.
    if (drawn !== -1 && Math.random() * (slow + whole) < slow) {
      const candidate = candidates[drawn] as C;
      if (candidate.load / weightNow(candidate) <= bestLoad) return candidate;
    }
    this.#now = bestTurn;
    due[best] = bestTurn + 1 / (candidates[best] as C).weight;
    return candidates[best];
  }
}

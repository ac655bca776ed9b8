// Two at random, each as likely as its weight, and the less burdened of them: nearly as even as least-requests, without
// the herds of many gateways that all see the same server idle.
import type { Balancer, Candidate } from './candidate.ts';
import { burden, canTake } from './candidate.ts';

/** So often another is drawn for one that comes back slowly; then it is taken as it is. */
const REDRAWS = 8;

export class RandomTwo<C extends Candidate> implements Balancer<C> {
  #candidates: readonly C[] = [];
  /** For each candidate the weights up to and with its own. */
  #sums = new Float64Array(0);

  use(candidates: readonly C[]): void {
    let sum = 0;
    this.#candidates = candidates;
    this.#sums = Float64Array.from(candidates, ({ weight }) => {
      sum += weight;
      return sum;
    });
  }

  pick(_key: number, tried: readonly C[]): C | undefined {
    const a = this.#draw();
    const b = this.#draw();
    const canA = canTake(a, tried);
    const canB = a !== b && canTake(b, tried);
    if (canA && canB) return a.load > 0 && burden(b) < burden(a) ? b : a;
    if (canA) return a;
    return canB ? b : undefined;
  }

  /** Each as likely as what counts of its weight. */
  #draw(): C {
    let drawn = this.#byWeight();
    for (let left = REDRAWS; left > 0 && drawn.share < 1 && drawn.share <= Math.random(); left--)
      drawn = this.#byWeight();
    return drawn;
  }

  #byWeight(): C {
    const sums = this.#sums;
    const drawn = Math.random() * (sums[sums.length - 1] as number);
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) > drawn) high = middle;
      else low = middle + 1;
    }
    return this.#candidates[low] as C;
  }
}

// Two at random, each as likely as its weight, and the less burdened of them: nearly as even as least-requests, without
// the herds of many gateways that all see the same server idle.
import type { Balancer, Candidate } from './candidate.ts';
import { burden, takes } from './candidate.ts';

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
    const canA = takes(a, tried, Math.random());
    const canB = a !== b && takes(b, tried, Math.random());
    if (canA && canB) return a.load > 0 && burden(b) < burden(a) ? b : a;
    if (canA) return a;
    return canB ? b : undefined;
  }

  #draw(): C {
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

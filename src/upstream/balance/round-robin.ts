// Weighted round-robin, smooth: every server has a next turn on a common line of time, a heavy one sooner than a light
// one, and who is first takes the call (earliest deadline first). A heap, so that many servers cost little.
import type { Balancer, Candidate } from './candidate.ts';
import { canTake, weightNow } from './candidate.ts';

/** How far a call moves a server of weight 1: whole parts for the weights that people write, so that equals stay equal. */
const STRIDE = 720_720;
/** Beyond this, far below where numbers lose their units, the line of time begins anew. */
const LATEST = 2 ** 50;

interface Turn<C> {
  readonly candidate: C;
  /** When it is due; a call moves it on, a heavy one by less. */
  due: number;
  /** Of those due at once, who has waited longest. */
  since: number;
}

export class RoundRobin<C extends Candidate> implements Balancer<C> {
  /** A binary heap, the next turn first. */
  #heap: Turn<C>[] = [];
  #count = 0;

  use(candidates: readonly C[]): void {
    const before = new Map(this.#heap.map((turn) => [turn.candidate, turn]));
    const now = this.#heap[0]?.due ?? 0;
    this.#heap = candidates.map(
      (candidate) => before.get(candidate) ?? { candidate, due: now + STRIDE / candidate.weight, since: this.#count++ },
    );
    for (let at = (this.#heap.length >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  pick(_key: number, tried: readonly C[]): C | undefined {
    for (let left = this.#heap.length; left > 0; left--) {
      const { candidate } = this.#next();
      if (canTake(candidate, tried)) return candidate;
    }
    return undefined;
  }

  /** The first turn is taken, and put back where its next one is. */
  #next(): Turn<C> {
    const turn = this.#heap[0] as Turn<C>;
    if (turn.due > LATEST) for (const each of this.#heap) each.due -= LATEST;
    turn.due += STRIDE / weightNow(turn.candidate);
    turn.since = this.#count++;
    this.#sink(0);
    return turn;
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const turn = heap[from] as Turn<C>;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Turn<C>, heap[child] as Turn<C>)) child++;
      if (!isBefore(heap[child] as Turn<C>, turn)) break;
      heap[at] = heap[child] as Turn<C>;
      at = child;
    }
    heap[at] = turn;
  }
}

function isBefore<C>(a: Turn<C>, b: Turn<C>): boolean {
  return a.due < b.due || (a.due === b.due && a.since < b.since);
}

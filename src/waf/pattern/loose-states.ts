// The state of an automaton as a set, where the table has no row for it.
import { grown } from './follow.ts';

/** Room at the beginning. */
const FIRST_STATES = 64;

export class LooseStates {
  /** `states[0]` to `states[count - 1]`. */
  states: Int32Array = new Int32Array(FIRST_STATES);
  count = 0;
  /** As of StateContexts. */
  context = 0;

  /** Empties it, with room for so many. */
  begin(context: number, most: number): void {
    while (this.states.length < most) this.states = grown(this.states);
    this.context = context;
    this.count = 0;
  }

  /** Takes `from[first]` to `from[end - 1]`. */
  set(context: number, from: Int32Array, first: number, end: number): void {
    this.begin(context, end - first);
    for (let i = first; i < end; i++) this.states[this.count++] = from[i]!;
  }
}

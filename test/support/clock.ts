// A clock that stands still until the test moves it.
import type { Alarm, Clock } from '../../src/base/clock.ts';

export class ManualClock implements Clock {
  #now = 0;
  #alarms = new Map<Alarm, { readonly at: number; readonly act: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, act: () => void): Alarm {
    const alarm = { cancel: () => void this.#alarms.delete(alarm) };
    this.#alarms.set(alarm, { at: this.#now + ms, act });
    return alarm;
  }

  /** How many alarms are set. */
  get pending(): number {
    return this.#alarms.size;
  }

  /** Moves on, ringing each alarm at its time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#alarms].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
      if (next === undefined) break;
      const [alarm, { at, act }] = next;
      this.#alarms.delete(alarm);
      this.#now = at;
      act();
    }
    this.#now = end;
  }
}

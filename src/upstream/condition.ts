// How well one server is: what checks say of it, how its requests fare, and how it comes back. Whether it is used all the
// same, because no other is left, its group decides.
import type { Alarm, Clock } from '../base/clock.ts';
import type { EjectionConfig } from '../config/model/upstreams.ts';

export type ServerState = 'up' | 'down' | 'ejected' | 'draining';

/** The servers that stand beside it. */
export interface Group {
  /** Whether one more server may be out because its requests fail. */
  mayEject(): boolean;
  /** Its state is another than before. */
  changed(): void;
}

export interface Rules {
  readonly ejection: EjectionConfig | undefined;
  readonly slowStartMs: number;
}

/** What a server begins with that comes back slowly: with nothing it would never be asked. */
const LEAST_SHARE = 0.1;

export class Condition {
  rules: Rules;
  group: Group | undefined;
  /** When its state became what it is. */
  since: Date = new Date();
  readonly #clock: Clock;
  #isDraining = false;
  /** What checks have found; undefined: it is well, or nobody checks. */
  #downReason: string | undefined;
  #ejectReason = '';
  #return: Alarm | undefined;
  /** In a row. */
  #failures = 0;
  /** Without having been well for as long as it was out. */
  #ejections = 0;
  #ejectedForMs = 0;
  #returnedAt = 0;
  /** While it comes back slowly: since when. */
  #rampSince: number | undefined;

  constructor(rules: Rules, clock: Clock) {
    this.rules = rules;
    this.#clock = clock;
  }

  get state(): ServerState {
    if (this.#isDraining) return 'draining';
    if (this.#downReason !== undefined) return 'down';
    return this.isEjected ? 'ejected' : 'up';
  }

  /** Why it is not up. */
  get reason(): string | undefined {
    if (this.#isDraining) return 'no longer in the configuration';
    return this.#downReason ?? (this.isEjected ? this.#ejectReason : undefined);
  }

  get isEjected(): boolean {
    return this.#return !== undefined;
  }

  get isOut(): boolean {
    return this.#downReason !== undefined || this.isEjected;
  }

  /** The part of its weight that counts now; 1 but for a while after it came back. */
  get share(): number {
    return this.#rampSince === undefined ? 1 : this.#ramp(this.#rampSince);
  }

  /** It has answered, whatever it said of the request. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** A request to it failed, and it is to blame. */
  failed(why: string): void {
    const { ejection } = this.rules;
    if (ejection === undefined || this.isEjected) return;
    this.#failures++;
    if (this.#failures >= ejection.failures && this.group?.mayEject() === true) this.#eject(ejection, why);
  }

  /** Checks have found what is wrong with it, or nothing; the same again changes nothing. */
  checked(fault: string | undefined): void {
    const wasDown = this.#downReason !== undefined;
    if (wasDown === (fault !== undefined)) return;
    this.#downReason = fault;
    if (fault === undefined) {
      // It was dead, and is not: what its requests failed of is over.
      if (this.isEjected) this.#endEjection();
      this.beginSlowly();
    }
    this.#changed();
  }

  /** From now on it gets a growing share. */
  beginSlowly(): void {
    if (this.rules.slowStartMs > 0) this.#rampSince = this.#clock.now();
  }

  /** It is no longer of the group: what it has been given it finishes. */
  leave(): void {
    this.#isDraining = true;
    this.since = new Date();
    this.stop();
  }

  /** It is of a group, perhaps once more. */
  join(): void {
    if (!this.#isDraining) return;
    this.#isDraining = false;
    this.since = new Date();
    // Nothing would end it: that has stopped when the server left.
    if (this.isEjected) this.#endEjection();
  }

  /** Nothing happens by itself any more. */
  stop(): void {
    this.#return?.cancel();
  }

  #eject(ejection: EjectionConfig, why: string): void {
    const now = this.#clock.now();
    if (now - this.#returnedAt > this.#ejectedForMs) this.#ejections = 0;
    this.#ejectedForMs = Math.min(ejection.longestMs, ejection.forMs * 2 ** this.#ejections);
    this.#ejections++;
    this.#ejectReason = `${this.#failures} failures in a row, the last: ${why}`;
    this.#return = this.#clock.after(this.#ejectedForMs, () => {
      this.#endEjection();
      this.beginSlowly();
      this.#changed();
    });
    this.#changed();
  }

  /** On trial: the first failure takes it out again, for longer. */
  #endEjection(): void {
    this.#return?.cancel();
    this.#return = undefined;
    this.#returnedAt = this.#clock.now();
    this.#failures = (this.rules.ejection?.failures ?? 1) - 1;
  }

  #changed(): void {
    this.since = new Date();
    this.group?.changed();
  }

  #ramp(since: number): number {
    const { slowStartMs } = this.rules;
    const backMs = this.#clock.now() - since;
    if (backMs < slowStartMs) return Math.max(LEAST_SHARE, backMs / slowStartMs);
    this.#rampSince = undefined;
    return 1;
  }
}

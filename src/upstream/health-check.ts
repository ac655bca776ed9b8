// Asks one server again and again whether it is well. The first answer decides by itself, so that a gateway that starts
// beside a dead server does not believe in it for long; later ones have to agree with each other.
import { isDeepStrictEqual } from 'node:util';
import type { Alarm, Clock } from '../base/clock.ts';
import type { HealthConfig } from '../config/model/upstreams.ts';
import type { Condition } from './condition.ts';

/** Each time up to so much more or less, so that gateways do not ask in step. */
const JITTER = 0.1;

/** What is wrong; undefined when all is well. Never rejects. */
export type Probe = (health: HealthConfig, signal: AbortSignal) => Promise<string | undefined>;

export class HealthCheck {
  readonly #config: HealthConfig;
  readonly #condition: Condition;
  readonly #probe: Probe;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  #alarm: Alarm | undefined;
  #isStarted = false;
  /** No answer has decided anything yet. */
  #isFirst = true;
  /** In a row, of the same kind as the last one. */
  #count = 0;
  #wasWell = true;

  constructor(config: HealthConfig, condition: Condition, probe: Probe, clock: Clock) {
    this.#config = config;
    this.#condition = condition;
    this.#probe = probe;
    this.#clock = clock;
  }

  /** The first question goes out at once; harmless when it has started. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    void this.#ask();
  }

  /** A question under way is given up, and counts for nothing. */
  stop(): void {
    this.#alarm?.cancel();
    this.#stopping.abort();
  }

  /** The check of the same server by these settings: itself, or one that counts anew and leaves what was found. */
  succeed(config: HealthConfig): HealthCheck {
    if (isDeepStrictEqual(config, this.#config)) return this;
    this.stop();
    const next = new HealthCheck(config, this.#condition, this.#probe, this.#clock);
    next.#isFirst = this.#isFirst;
    return next;
  }

  async #ask(): Promise<void> {
    const { signal } = this.#stopping;
    const fault = await this.#probe(this.#config, signal);
    if (signal.aborted) return;
    this.#count = (fault === undefined) === this.#wasWell ? this.#count + 1 : 1;
    this.#wasWell = fault === undefined;
    this.#judge(fault);
    this.#isFirst = false;
    const { intervalMs } = this.#config;
    this.#alarm = this.#clock.after(intervalMs * (1 + JITTER * (2 * Math.random() - 1)), () => void this.#ask());
  }

  #judge(fault: string | undefined): void {
    const { unhealthyAfter, healthyAfter } = this.#config;
    const needed = this.#isFirst ? 1 : fault === undefined ? healthyAfter : unhealthyAfter;
    if (this.#count < needed) return;
    this.#condition.checked(fault === undefined ? undefined : `health check: ${fault}`);
  }
}

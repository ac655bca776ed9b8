// When a request may be sent again. Two questions: can its work be done twice, and can the servers bear it? Requests that
// are sent again while servers struggle are what brings the rest of them down, so there is a budget.
import type { Clock } from '../base/clock.ts';
import type { GatehouseError } from '../base/errors.ts';
import type { RetriesConfig } from '../config/model/upstreams.ts';
import type { Call } from './call.ts';

/** Over this time the budget looks back, what is older counting less and less. */
const WINDOW_MS = 10_000;

/** Requests that a server loses within this time it loses by one death. */
const DEATH_MS = 1_000;

export class Retries {
  readonly #config: RetriesConfig | undefined;
  readonly #clock: Clock;
  #lookedAt: number;
  /** Requests since then: counting is all that a request costs that goes well. */
  #begun = 0;
  #requests = 0;
  #repeated = 0;
  /** When the servers last died. */
  readonly #deaths = new WeakMap<object, number>();

  constructor(config: RetriesConfig | undefined, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
    this.#lookedAt = clock.now();
  }

  /** A request comes. */
  count(): void {
    this.#begun++;
  }

  /** Whether a request that has had an answer with this status may go to another server, `made` attempts after its first. */
  allowsStatus(status: number, call: Call, made: number): boolean {
    const config = this.#config;
    return config !== undefined && made < config.attempts && call.isRepeatable && config.onStatus.has(status);
  }

  /** The same for one that has had no answer. What a server has never begun with may be sent whatever its method. */
  allowsError(error: GatehouseError, call: Call, made: number): boolean {
    const config = this.#config;
    if (config === undefined || made >= config.attempts) return false;
    if (error.retry) return config.onConnect;
    // A server that was silent for long may still be working on it, and the client has waited long enough.
    if (error.code === 'upstream_timeout' || error.code === 'upstream_busy' || !call.isRepeatable) return false;
    return error.code === 'upstream_closed' ? config.onConnect : config.onStatus.has(error.status);
  }

  /** Takes one from the budget; false when it is used up. */
  take(): boolean {
    const { budget = 0, minimum = 0 } = this.#config ?? {};
    this.#look();
    if (this.#repeated >= Math.max(minimum, budget * this.#requests)) return false;
    this.#repeated++;
    return true;
  }

  /**
   * For a request that went down with its server: the first death in a while costs no budget, for what the server was
   * working on was load that the group has borne. One that dies again and again does.
   */
  takeAfterDeath(server: object): boolean {
    const now = this.#clock.now();
    const diedAt = this.#deaths.get(server);
    if (diedAt === undefined || now - diedAt > WINDOW_MS) this.#deaths.set(server, now);
    else if (now - diedAt > DEATH_MS) return this.take();
    return true;
  }

  /** Ages what was counted; requests since the last look are taken to have come evenly. */
  #look(): void {
    const now = this.#clock.now();
    const windows = (now - this.#lookedAt) / WINDOW_MS;
    const kept = Math.exp(-windows);
    this.#requests = this.#requests * kept + (windows > 0 ? (this.#begun * (1 - kept)) / windows : this.#begun);
    this.#repeated *= kept;
    this.#begun = 0;
    this.#lookedAt = now;
  }
}

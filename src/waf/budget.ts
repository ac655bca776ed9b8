// How much time the engine may take for one exchange. Counted only while the engine works, never while it waits.
import { GatehouseError } from '../base/errors.ts';
import type { StepAllowance } from './pattern/submatch.ts';

/** Work between two looks at the clock; a unit is about a byte looked at. */
const UNITS_PER_LOOK = 16_384;

/** So much work takes no longer than this; where it seems to, another process had the processor meanwhile. */
const LOOKLESS_MS = 5;

/** Steps by which matches in long values are followed for the log, about 3 ms of work; beyond, long matches are shown cut. */
const QUOTE_STEPS = 200_000;
/** The same for captures that rules decide by, some 30 ms: beyond, the exchange has taken more than it may. */
const CAPTURE_STEPS = 2_000_000;

export class Budget {
  /** For all that the rules log of one exchange. */
  readonly quotes: StepAllowance = { steps: QUOTE_STEPS };
  /** For all that they catch and decide by. */
  readonly captures: StepAllowance = { steps: CAPTURE_STEPS };
  readonly #limitMs: number;
  #usedMs = 0;
  /** Of the stretch of work under way: when it began by the wall clock, which is cheap to read. */
  #enteredAt = 0;
  /** At its first look: what the wall clock had counted until then, and what the processor's clock showed. */
  #untilLookMs = 0;
  #cpuAtLookMs: number | undefined;
  #units = 0;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** The engine begins to work. */
  enter(): void {
    this.#enteredAt = performance.now();
    this.#cpuAtLookMs = undefined;
  }

  leave(): void {
    this.#usedMs += this.#stretchMs();
  }

  /** Throws when the time is used up: whoever asked must then refuse, or let pass what was declared harmless. */
  spend(units: number): void {
    this.#units += units + 16;
    if (this.#units < UNITS_PER_LOOK) return;
    this.#units = 0;
    if (this.#cpuAtLookMs === undefined) {
      this.#untilLookMs = this.#looklessMs;
      this.#cpuAtLookMs = cpuMs();
    }
    if (this.#usedMs + this.#stretchMs() <= this.#limitMs) return;
    throw overrun(`the rules took more than ${this.#limitMs} ms for one request`);
  }

  /** Throws when what was caught last may have been cut. */
  checkCaptures(): void {
    if (this.captures.steps >= 0) return;
    throw overrun(`the rules caught more than they can follow in ${CAPTURE_STEPS} steps for one request`);
  }

  /** Long work is counted by the processor's clock: a machine that is busy with others must not refuse honest requests. */
  #stretchMs(): number {
    if (this.#cpuAtLookMs === undefined) return this.#looklessMs;
    return this.#untilLookMs + cpuMs() - this.#cpuAtLookMs;
  }

  get #looklessMs(): number {
    return Math.min(performance.now() - this.#enteredAt, LOOKLESS_MS);
  }
}

function overrun(message: string): GatehouseError {
  return new GatehouseError('overloaded', 'gateway', message, { status: 503 });
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

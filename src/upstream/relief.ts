// Connections to a server that are held by clients who send or take next to nothing, found while others wait for one. The
// slowest give way, so that stalled clients, however many, never keep the rest from the server. Nobody does while there
// is room.
import { GatehouseError } from '../base/errors.ts';
import type { Call } from './call.ts';

const ROUND_MS = 250;
/** A client that moves less than this for as long as it is borne with gives way. */
const LEAST_BYTES = 4096;
/** Shorter the more calls wait for each connection. */
const PATIENCE_MS = 2000;
const LEAST_PATIENCE_MS = 500;

/** A connection, or a stream of one, that carries one call. */
export interface Held {
  /** Whether it is the client, not the server, that the call waits for. */
  readonly waitsForClient: boolean;
  /** Bytes so far, in both directions. */
  readonly movedBytes: number;
  /** Since when nothing has moved, on `performance.now()`; undefined: not known. */
  readonly stillSinceMs: number | undefined;
  readonly call: Call | undefined;
  destroy(error: GatehouseError): void;
}

interface Mark {
  movedBytes: number;
  sinceMs: number;
}

export class Relief {
  readonly #held: () => Iterable<Held>;
  readonly #waiting: () => number;
  readonly #stuck: () => number;
  readonly #onRound: () => void;
  #marks = new Map<Held, Mark>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * `waiting`: how many calls wait; `stuck`: how many of them for a connection that another has, and not for one that is being
   * made or may be; `onRound`: called after each look.
   */
  constructor(held: () => Iterable<Held>, waiting: () => number, stuck: () => number, onRound: () => void) {
    this.#held = held;
    this.#waiting = waiting;
    this.#stuck = stuck;
    this.#onRound = onRound;
  }

  /** A call has begun to wait. */
  begin(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#look(performance.now()), ROUND_MS).unref();
    // Those that have been still for long need not be watched first.
    this.#look(performance.now());
  }

  #look(nowMs: number): void {
    const waiting = this.#waiting();
    const marks = new Map<Held, Mark>();
    let count = 0;
    if (waiting === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else {
      for (const held of this.#held()) {
        count++;
        if (held.waitsForClient) marks.set(held, this.#mark(held, nowMs));
      }
    }
    this.#marks = marks;
    const patienceMs = Math.max(LEAST_PATIENCE_MS, PATIENCE_MS / (1 + waiting / (1 + count)));
    const slow = [...marks].filter(([, { sinceMs }]) => nowMs - sinceMs >= patienceMs);
    slow.sort(([, a], [, b]) => a.sinceMs - b.sinceMs);
    for (const [held] of slow.slice(0, this.#stuck())) {
      held.call?.giveWay();
      held.destroy(gaveWay());
    }
    this.#onRound();
  }

  #mark(held: Held, nowMs: number): Mark {
    const before = this.#marks.get(held);
    const { movedBytes } = held;
    return before !== undefined && movedBytes - before.movedBytes < LEAST_BYTES
      ? before
      : { movedBytes, sinceMs: before === undefined ? (held.stillSinceMs ?? nowMs) : nowMs };
  }
}

function gaveWay(): GatehouseError {
  const message = 'the client was slow while others waited for the connection that it held';
  return new GatehouseError('client_timeout', 'client', message, { status: 408 });
}

// What an address has of the gateway and how far its clients are trusted: by whether they take the answers that they ask for.
// Who has not shown it yet gets a few requests through at once, more of them a moment later. So requests that are broken
// off within milliseconds, over however many connections (rapid reset, CVE-2023-44487), hardly ever reach a backend.
import type { RequestLimits } from '../config/config.ts';
import type { Exchange } from '../http/exchange.ts';

/** How long a request waits whose client is not known to stay, and how often those that wait are looked at. */
const WAIT_MS = 50;
const ROUND_MS = 25;
/** Of an address whose requests are broken off one goes on so often; the others wait for answers, or so long. */
const ONE_EACH_MS = 250;
const LONGEST_WAIT_MS = 5000;
/** An answer that was taken lets so many go on that wait. */
const LET_BY_ANSWER = 2;
/** A client that stays longer than this without an answer has reason to leave. */
const QUICK_MS = 1000;
/** Of `requestLimits.unprovenPerIp`: how far credit rises and falls, and what comes back of it each second. */
const SPAN = 4;
const REGAINED_EACH_SECOND = 0.25;
/** Of a connection: answers that it must have taken to be free, and requests at once for each before that. */
const PROVEN_ANSWERS = 32;
const REQUESTS_EACH_ANSWER = 4;

/** A connection, as far as it matters here. */
interface Asking {
  answers: number;
  passed: number;
}

interface Waiter {
  readonly x: Exchange;
  readonly sinceMs: number;
  readonly go: (isLet: boolean) => void;
}

export class Standing {
  connections = 0;
  /** What was broken off or refused, and is not forgiven yet. */
  debt = 0;
  readonly #limits: () => RequestLimits;
  /** Requests that may go at once on the account of the address. */
  #credit: number;
  /** Those that did, and have not ended. */
  #pending = new Set<Exchange>();
  /** By connection; whose turn is next stands first, and no set is empty. */
  readonly #waiting = new Map<Asking, Set<Waiter>>();
  #timer: NodeJS.Timeout | undefined;
  #lastLetMs = 0;

  constructor(limits: () => RequestLimits) {
    this.#limits = limits;
    this.#credit = limits().unprovenPerIp;
  }

  /** Nothing is known of it that would not hold for anybody. */
  get isForgettable(): boolean {
    const isIdle = this.connections === 0 && this.#pending.size === 0 && this.#waiting.size === 0;
    return isIdle && this.debt === 0 && this.#credit >= this.#limits().unprovenPerIp;
  }

  /** Whether the request may go on at once; else it is to `wait`. Each that goes on has to `end`. */
  lets(x: Exchange, connection: Asking): boolean {
    if (!vouchesForOneMore(connection)) {
      if (this.#pending.size >= this.#credit) return false;
      this.#pending.add(x);
    }
    connection.passed++;
    return true;
  }

  /** Resolves when it may go on, or its client has left: true; false: it has waited too long. */
  wait(x: Exchange, connection: Asking): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiters = this.#waiting.getOrInsertComputed(connection, () => new Set());
    const go = (isLet: boolean): void => {
      waiters.delete(waiter);
      if (waiters.size === 0) this.#waiting.delete(connection);
      x.whenGone = undefined;
      connection.passed++;
      resolve(isLet);
    };
    const waiter: Waiter = { x, sinceMs: performance.now(), go };
    waiters.add(waiter);
    x.whenGone = () => go(true);
    this.#timer ??= setInterval(() => this.#look(performance.now()), ROUND_MS).unref();
    return promise;
  }

  end(x: Exchange, connection: Asking): void {
    connection.passed--;
    this.#pending.delete(x);
    const most = SPAN * this.#limits().unprovenPerIp;
    if (!x.isGone) {
      // What the gateway answers by itself proves nothing, and costs no backend anything; what it has stored is an answer.
      if (x.attempts === 0 && x.cache === undefined) return;
      connection.answers = Math.min(connection.answers + 1, PROVEN_ANSWERS);
      this.#credit = Math.min(this.#credit + 1, most);
      if (this.#waiting.size > 0 && this.#credit > 0) this.#letNext(LET_BY_ANSWER, Number.POSITIVE_INFINITY);
    } else if (x.bytesOut === 0 && performance.now() - x.startedAt < QUICK_MS) {
      connection.answers = Math.max(connection.answers - 1, 0);
      this.#credit = Math.max(this.#credit - 1, -most);
    }
  }

  regain(passedMs: number): void {
    const { unprovenPerIp } = this.#limits();
    const regained = (unprovenPerIp * REGAINED_EACH_SECOND * passedMs) / 1000;
    if (this.#credit < unprovenPerIp) this.#credit = Math.min(unprovenPerIp, this.#credit + regained);
  }

  #look(nowMs: number): void {
    const beforeMs = nowMs - WAIT_MS;
    for (const [connection, waiters] of this.#waiting) {
      for (const { sinceMs, go } of waiters) {
        const isOverdue = nowMs - sinceMs > LONGEST_WAIT_MS;
        if (!isOverdue && (sinceMs > beforeMs || !vouchesForOneMore(connection))) break;
        go(!isOverdue);
      }
    }
    const room = this.#credit > 0 ? this.#limits().unprovenPerIp : this.#roomInDebt(nowMs);
    if (this.#letNext(room, beforeMs) > 0) this.#lastLetMs = nowMs;
    if (this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Connections take turns; of each what has waited longest goes on, where that began before `beforeMs`. How many did. */
  #letNext(room: number, beforeMs: number): number {
    let count = 0;
    // A connection that had its turn is met again behind the others.
    for (const [connection, waiters] of this.#waiting) {
      if (count >= room) break;
      const [waiter] = waiters;
      if (waiter === undefined || waiter.sinceMs > beforeMs) continue;
      count++;
      this.#pending.add(waiter.x);
      waiter.go(true);
      if (waiters.size === 0) continue;
      this.#waiting.delete(connection);
      this.#waiting.set(connection, waiters);
    }
    return count;
  }

  #roomInDebt(nowMs: number): number {
    return nowMs - this.#lastLetMs < ONE_EACH_MS ? 0 : 1;
  }
}

/** Whether its client has taken so many answers that nothing more is asked of it. */
export function isProven({ answers }: Pick<Asking, 'answers'>): boolean {
  return answers >= PROVEN_ANSWERS;
}

function vouchesForOneMore({ answers, passed }: Asking): boolean {
  return answers >= PROVEN_ANSWERS || passed < answers * REQUESTS_EACH_ANSWER;
}

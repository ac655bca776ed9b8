// Calls that wait for one server to have room, each for a while at most. Clients take turns, so that one with a thousand
// calls keeps nobody else waiting; the calls of one client go in order of arrival.
import { GatehouseError } from '../base/errors.ts';
import type { Call } from './call.ts';
import { clientGone } from './http1/failures.ts';

interface Waiter<T> {
  take(room: T): void;
  fail(error: unknown): void;
}

export class Queue<T> {
  /** By client; whose turn is next stands first. No list is empty. */
  readonly #waiting = new Map<string, Waiter<T>[]>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** How many calls of one client wait. */
  countOf(client: string): number {
    return this.#waiting.get(client)?.length ?? 0;
  }

  /** Resolves with the room that the call gets; fails when it is cancelled, or has waited `timeoutMs`. */
  wait(call: Call, timeoutMs: number, origin: string): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const settle = (): void => {
      clearTimeout(timer);
      call.onCancel = undefined;
    };
    const waiter: Waiter<T> = {
      take(room) {
        settle();
        resolve(room);
      },
      fail(error) {
        settle();
        reject(error);
      },
    };
    const leave = (error: GatehouseError): void => {
      this.#remove(call.client, waiter);
      waiter.fail(error);
    };
    const timer = setTimeout(() => leave(waitedTooLong(origin, timeoutMs)), timeoutMs).unref();
    call.onCancel = () => leave(clientGone());
    this.#waiting.getOrInsertComputed(call.client, () => []).push(waiter);
    this.#length++;
    return promise;
  }

  /** To the call of the next client that has waited longest. */
  hand(room: T): void {
    this.#shift()?.take(room);
  }

  failFirst(error: unknown): void {
    this.#shift()?.fail(error);
  }

  failAll(error: unknown): void {
    while (this.#length > 0) this.failFirst(error);
  }

  #shift(): Waiter<T> | undefined {
    const [next] = this.#waiting;
    if (next === undefined) return undefined;
    const [client, waiters] = next;
    const waiter = waiters.shift();
    this.#length--;
    // Behind all the others, for its next turn.
    this.#waiting.delete(client);
    if (waiters.length > 0) this.#waiting.set(client, waiters);
    return waiter;
  }

  #remove(client: string, waiter: Waiter<T>): void {
    const waiters = this.#waiting.get(client) ?? [];
    waiters.splice(waiters.indexOf(waiter), 1);
    this.#length--;
    if (waiters.length === 0) this.#waiting.delete(client);
  }
}

function waitedTooLong(origin: string, ms: number): GatehouseError {
  return new GatehouseError('upstream_busy', 'upstream', `${origin} had no room within ${ms} ms`, { status: 503 });
}
